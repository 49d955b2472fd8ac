"""Every answer to a golden case is as described; what is not an answer of ours is refused by the description."""

import copy
import uuid
from datetime import date
from typing import Any

import pytest

from cds_service.hooks.routes import Effects
from tests.contract.service import served
from tests.contract_schema import (
    CALL,
    Path,
    assert_described,
    at,
    kind,
    optional,
    places,
    request_to,
    schema_of,
    with_value,
)
from tests.golden import CASES

ANSWER = schema_of("Answer")
MAY_BE_LEFT_OUT = {
    "cards.links",
    "cards.source.url",
    "cards.source.topic",
    "cards.source.topic.display",
    "cards.extension.org.cds-service.recommendations",
    "cards.extension.org.cds-service.recommendations.matched",
    "cards.extension.org.cds-service.warnings",
    "cards.extension.org.cds-service.warnings.matched",
}
TEXTS = {  # may be any text
    *("summary", "detail", "label", "description", "display", "code", "id"),
    *("disorder", "guideline", "evidenceFrom", "action", "risk"),
}


@pytest.fixture(scope="module")
def answers(knowledge) -> dict[str, Any]:
    """Return the answer to every golden case, on its day, as it goes over the wire."""
    days = [date(2026, 11, 22)]
    effects = Effects(lambda: days[-1], lambda: str(uuid.uuid4()), lambda: 0.0, lambda line: None, lambda: 0.0)
    found = {}
    with served(knowledge, effects) as client:
        for name, case in CASES.items():
            days.append(case.today)
            found[name] = client.post(f"/cds-services/{name.partition('/')[0]}", json=case.request)
    return found


def test_every_golden_answer_is_as_described(answers):
    for each in answers.values():
        assert_described(each)
    statuses = [each.status_code for each in answers.values()]
    assert statuses.count(200) > 800
    assert {400, 412} <= set(statuses)


def test_every_golden_request_is_as_described():
    """A 412 is about what did not come, and a 400 of these cases about whose data it is: no schema can say that."""
    for case in CASES.values():
        request_to(CALL).validate(case.request)


# Every place of an answer


def ours(body: Any) -> list[Path]:
    """Return every place but those in the resource of a suggestion, which is the client's or FHIR's."""
    return [path for path in places(body) if not ("actions" in path and "resource" in path[:-1])]


@pytest.fixture(scope="module")
def rich(answers) -> list[Any]:
    """Return a few answers in which every element that any golden answer has occurs."""
    found: list[Any] = []
    seen: set[tuple[str, str]] = set()
    for body in (each.json for each in answers.values() if each.status_code == 200):
        kinds = {(kind(path), card["indicator"]) for card in body["cards"] for path in ours(card)}
        if kinds - seen:
            seen |= kinds
            found.append(body)
    assert 3 < len(found) < 30
    return found


def may_be(path: Path, value: Any) -> bool:
    if value == "ÿ":
        return path[-1] in TEXTS or kind(path).endswith("matched.system")
    return path == ("cards",) and value == []


@pytest.mark.parametrize("value", [None, "", [], {}, 7, "ÿ", {"x": 1}])
def test_a4_a5_nothing_in_an_answer_may_be_null_empty_or_of_another_type(rich, value):
    for body in rich:
        for path in ours(body):
            assert ANSWER.is_valid(with_value(body, path, value)) is may_be(path, value), path


def test_nothing_may_be_added_to_an_answer(rich):
    for body in rich:
        assert not ANSWER.is_valid(body | {"systemActions": []})
        for path in ours(body):
            if isinstance(at(body, path), dict) and path[-1] != "resource":
                assert not ANSWER.is_valid(with_value(body, (*path, "added"), 1)), path


def test_nothing_may_be_left_out_of_an_answer_but_what_is_optional(rich):
    found = set().union(*(optional(ANSWER, body) for body in rich))
    assert {each for each in found if ".resource." not in each} == MAY_BE_LEFT_OUT


# Single rules of the standard


@pytest.fixture
def answer(answers) -> Any:
    """Return two cards: a recommendation with tests and an update on offer, and a critical card with a removal."""
    cards = [card for each in answers.values() if each.status_code == 200 for card in each.json["cards"]]
    wanted = [("info", {"create", "update"}), ("critical", {"create", "delete"})]
    return {"cards": [copy.deepcopy(next(card for card in cards if is_such(card, *each))) for each in wanted]}


def is_such(card: Any, indicator: str, types: set[str]) -> bool:
    found = {each["actions"][0]["type"] for each in card.get("suggestions", [])}
    return card["indicator"] == indicator and found == types and "links" in card


def action(card: Any, kind: str) -> Any:
    return next(each["actions"][0] for each in card["suggestions"] if each["actions"][0]["type"] == kind)


def recommendation(card: Any) -> Any:
    return card["extension"]["org.cds-service.recommendations"][0]


MUTANTS = {
    "i1 140 characters": lambda info, critical: info.update(summary="x" * 140),
    "i1 two lines": lambda info, critical: info.update(summary="one\ntwo"),
    "i2 an indicator of its own": lambda info, critical: info.update(indicator="hard-stop"),
    "i4 a uuid that is none": lambda info, critical: info.update(uuid="card-1"),
    "i6 suggestions without selectionBehavior": lambda info, critical: info.pop("selectionBehavior"),
    "i7 a behaviour of FHIR": lambda info, critical: info.update(selectionBehavior="exactly-one"),
    "i9 a reason without a name": lambda info, critical: critical["overrideReasons"][0].pop("display"),
    "reasons on an info card": lambda info, critical: info.update(overrideReasons=critical["overrideReasons"]),
    "no reasons on a critical card": lambda info, critical: critical.pop("overrideReasons"),
    "j2 a relative address": lambda info, critical: info["source"].update(url="/source"),
    "j2 an address of a file": lambda info, critical: info["source"].update(url="file:///source"),
    "j2 an address that is none": lambda info, critical: info["source"].update(url="http://["),
    "j4 a topic without system": lambda info, critical: info["source"]["topic"].pop("system"),
    "k2 a suggestion without uuid": lambda info, critical: info["suggestions"][0].pop("uuid"),
    "k3 isRecommended": lambda info, critical: info["suggestions"][0].update(isRecommended=True),
    "k5 actionSelectionBehavior": lambda info, critical: info["suggestions"][0].update(actionSelectionBehavior="any"),
    "two actions": lambda info, critical: info["suggestions"][0]["actions"].append(action(info, "create")),
    "k6 an upper-case type": lambda info, critical: action(info, "update").update(type="Update"),
    "k8 a new order with an id": lambda info, critical: action(info, "create")["resource"].update(id="s1"),
    "k8 a new order of nothing": lambda info, critical: action(info, "create")["resource"].update(code={}),
    "k8 a new order as an update": lambda info, critical: action(info, "create").update(type="update"),
    "k9 a draft as a new order": lambda info, critical: action(info, "update").update(type="create"),
    "k9 an update without id": lambda info, critical: action(info, "update")["resource"].pop("id"),
    "k9 an update with resourceId": lambda info, critical: action(info, "update").update(resourceId="ServiceRequest/1"),
    "k10 a delete with a resource": lambda info, critical: action(critical, "delete").update(resource={}),
    "k10 a delete of an id alone": lambda info, critical: action(critical, "delete").update(resourceId="m1"),
    "k10 a removal called create": lambda info, critical: action(critical, "delete").update(type="create"),
    "m2 a link to an app": lambda info, critical: info["links"][0].update(type="smart"),
    "m3 appContext": lambda info, critical: info["links"][0].update(appContext="x"),
    "s1 a list of extensions": lambda info, critical: info.update(extension=[info["extension"]]),
    "s2 another extension": lambda info, critical: info["extension"].update({"org.example.other": 1}),
    "a class without its statement": lambda info, critical: recommendation(info).pop("evidenceFrom"),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_card_that_breaks_a_rule_is_refused(answer, mutant):
    ANSWER.validate(answer)
    MUTANTS[mutant](*answer["cards"])
    assert not ANSWER.is_valid(answer)


def test_i1_139_characters_are_a_summary(answer):
    answer["cards"][0]["summary"] = "x" * 139
    ANSWER.validate(answer)
