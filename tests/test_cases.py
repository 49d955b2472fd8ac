"""The golden cases pass, their format is guarded twice, and the runner fails where an expectation is wrong."""

import copy
import json
from datetime import date
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator

from cds_service.cases.read import Case, read_cases
from cds_service.cases.run import Outcome, check_cases, run_case, shown_silent

HERE = Path(__file__).parent
CASES, PROBLEMS = read_cases(HERE / "cases")
SCHEMA = json.loads((HERE / "cases" / "case.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
FIRING = "ivig-order-select/adult-with-cidp-in-icd-10-cm-is-recommended"
CONFLICT = "ivig-order-select/cidp-and-ibm-conflict"
SILENT = "ivig-order-select/chronic-lymphocytic-leukemia-is-silent"


def source(name):
    return json.loads((HERE / "cases" / f"{name}.json").read_text())


def names_of_errors():
    return sorted(name for name, case in CASES.items() if case.error)


@pytest.mark.parametrize("name", sorted(CASES))
def test_case(knowledge, name):
    assert run_case(knowledge, name, CASES[name]).differences == []


def test_the_cases_exercise_every_action(knowledge):
    assert PROBLEMS == []
    assert check_cases(knowledge, CASES) == []


def test_titles_and_days_of_the_cases():
    titles = [case.title for case in CASES.values()]
    assert len(set(titles)) == len(titles)
    assert all(title.endswith(".") and len(title) < 200 for title in titles)
    assert all(isinstance(case.today, date) for case in CASES.values())


# The format


def test_every_case_follows_the_schema():
    Draft202012Validator.check_schema(SCHEMA)
    for name in CASES:
        assert [error.message for error in VALIDATOR.iter_errors(source(name))] == [], name


def test_the_schema_closes_every_object_but_the_request():
    def objects(node):
        if isinstance(node, dict):
            yield from ([node] if node.get("type") == "object" else [])
            for each in node.values():
                yield from objects(each)

    opened = [each["description"] for each in objects(SCHEMA) if each.get("additionalProperties") is not False]
    assert len(opened) == 1
    assert opened[0].startswith("The body of the call")


def is_read(changed):
    """Return whether the reader takes a case, as read_cases does."""
    try:
        case = msgspec.json.decode(json.dumps(changed).encode(), type=Case)
    except msgspec.MsgspecError:
        return False
    return (case.cards is None) != (case.error is None)


def at(changed, path):
    for step in path:
        changed = changed[step]
    return changed


LEVELS = {
    "case": (),
    "why": ("why",),
    "card": ("cards", 0),
    "recommendation": ("cards", 0, "recommendations", 0),
    "match": ("cards", 0, "recommendations", 0, "matched", 0),
}
KEYS = [(level, key) for level, path in LEVELS.items() for key in at(source(FIRING), path)]


@pytest.mark.parametrize(("level", "key"), KEYS)
def test_a_misspelt_key_is_refused_by_reader_and_schema(level, key):
    changed = source(FIRING)
    holder = at(changed, LEVELS[level])
    holder[key + "s"] = holder.pop(key)
    assert not is_read(changed)
    assert not VALIDATOR.is_valid(changed)


@pytest.mark.parametrize(("level", "key"), KEYS)
@pytest.mark.parametrize("value", [..., 5, True, None, "text", [], {}, [5], {"x": 1}], ids=str)
def test_reader_and_schema_agree_on_what_they_take(level, key, value):
    changed = source(FIRING)
    holder = at(changed, LEVELS[level])
    if value is ...:
        del holder[key]
    else:
        holder[key] = value
    assert VALIDATOR.is_valid(changed) is is_read(changed)


@pytest.mark.parametrize("today", ["2024-02-29", "2025-02-29", "2026-13-01", "2026-1-1", "22.11.2026", "today", ""])
def test_reader_and_schema_agree_on_days(today):
    changed = source(FIRING) | {"today": today}
    assert VALIDATOR.is_valid(changed) is is_read(changed) is (today == "2024-02-29")


@pytest.mark.parametrize("key", ["status", "mentions", "statuses"])
@pytest.mark.parametrize("value", [..., 400, "400", None, ["x"], [4]], ids=str)
def test_reader_and_schema_agree_on_errors(key, value):
    changed = source(names_of_errors()[0])
    changed["error"].pop(key, None)
    if value is not ...:
        changed["error"][key] = value
    assert VALIDATOR.is_valid(changed) is is_read(changed)


def test_neither_and_both_expectations_are_refused():
    both, neither = source(FIRING) | {"error": {"status": 400}}, source(FIRING)
    del neither["cards"]
    assert [is_read(each) for each in (both, neither)] == [False, False]
    assert [VALIDATOR.is_valid(each) for each in (both, neither)] == [False, False]


def test_unreadable_cases_are_problems(tmp_path):
    folder = tmp_path / "ivig-order-select"
    folder.mkdir()
    (folder / "not-json.json").write_text("{")
    (folder / "misspelt.json").write_text(json.dumps(source(FIRING) | {"slient": []}))
    (folder / "both.json").write_text(json.dumps(source(FIRING) | {"error": {"status": 400}}))
    _, problems = read_cases(tmp_path)
    assert [problem.file for problem in problems] == [
        f"ivig-order-select/{name}.json" for name in ("both", "misspelt", "not-json")
    ]
    _, problems = read_cases(folder)
    assert {problem.reason for problem in problems} == {"a case lies in its service's folder."}


# The runner fails


def differences(knowledge, name, change):
    changed = copy.deepcopy(source(name))
    change(changed)
    return run_case(knowledge, name, msgspec.json.decode(json.dumps(changed).encode(), type=Case)).differences


def card(changed):
    return changed["cards"][0]


def recommendation(changed):
    return changed["cards"][0]["recommendations"][0]


def match(changed):
    return recommendation(changed)["matched"][0]


WRONG = {
    "stance": (lambda case: recommendation(case).update(stance="consider"), "recommendations: expected"),
    "class": (lambda case: recommendation(case).update(evidenceClass="II"), "recommendations: expected"),
    "class left out": (lambda case: recommendation(case).pop("evidenceClass"), "recommendations: expected"),
    "guideline": (lambda case: recommendation(case).update(guideline="aanem-2009"), "recommendations: expected"),
    "evidence from": (lambda case: recommendation(case).update(evidenceFrom="aanem-2009"), "recommendations: expected"),
    "disorder": (lambda case: recommendation(case).update(disorder="mmn"), "recommendations: expected"),
    "how": (lambda case: match(case).update(how="text"), "cidp: expected matched"),
    "code": (lambda case: match(case).update(code="G61.82"), "cidp: expected matched"),
    "resource": (lambda case: match(case).update(resource="Condition/other"), "cidp: expected matched"),
    "a match more": (
        lambda case: recommendation(case)["matched"].append({"resource": "Condition/other", "how": "code"}),
        "cidp: expected matched",
    ),
    "no match": (lambda case: recommendation(case).update(matched=[]), "cidp: expected matched"),
    "a recommendation more": (
        lambda case: card(case)["recommendations"].append(recommendation(case) | {"disorder": "mmn"}),
        "recommendations: expected",
    ),
    "no recommendation": (lambda case: card(case).pop("recommendations"), "recommendations: expected"),
    "a warning that is not there": (lambda case: card(case).update(warnings=["renal-risk"]), "warnings: expected"),
    "a notice that is not there": (lambda case: card(case).update(notice="indication-missing"), "notice: expected"),
    "indicator": (lambda case: card(case).update(indicator="warning"), "indicator: expected warning, got info"),
    "summary": (lambda case: card(case).update(summary=["unicorn"]), "summary lacks 'unicorn'"),
    "detail": (lambda case: card(case).update(detail=["unicorn"]), "detail lacks 'unicorn'"),
    "a card more": (lambda case: case["cards"].append({"indicator": "info"}), "expected 2 card(s), got 1"),
    "no card": (lambda case: case.update(cards=[]), "expected 0 card(s), got 1"),
    "a silent plan that fires": (lambda case: case.update(silent=["cidp"]), "cidp fired, and must be silent"),
    "an unknown silent plan": (lambda case: case.update(silent=["unicorn"]), "silent: there is no plan unicorn"),
    "a retired silent plan": (lambda case: case.update(silent=["aanem-2009-cidp"]), "there is no plan aanem-2009-cidp"),
    "an error": (
        lambda case: (case.pop("cards"), case.update(error={"status": 400})),
        "expected error 400, got 1 card",
    ),
}


@pytest.mark.parametrize(("change", "difference"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_expectation_fails(knowledge, change, difference):
    assert differences(knowledge, FIRING, lambda case: None) == []
    found = differences(knowledge, FIRING, change)
    assert any(difference in each for each in found), found


def test_a_warning_that_is_not_expected_fails(knowledge):
    def forget(changed):
        for each in changed["cards"]:
            each.pop("warnings", None)

    assert any("warnings: expected []" in each for each in differences(knowledge, CONFLICT, forget))


def test_a_card_expected_of_a_silent_case_fails(knowledge):
    found = differences(knowledge, SILENT, lambda case: case.update(cards=[{"indicator": "info"}]))
    assert found == ["expected 1 card(s), got 0: []"]


def test_a_wrong_error_fails(knowledge):
    name = names_of_errors()[0]
    status = CASES[name].error.status
    found = differences(knowledge, name, lambda case: case["error"].update(status=418))
    assert found == [f"expected error 418, got {status}"]
    found = differences(knowledge, name, lambda case: case["error"].update(mentions=["unicorn"]))
    assert found == ["the error does not mention 'unicorn'"]
    found = differences(knowledge, name, lambda case: (case.pop("error"), case.update(cards=[])))
    assert found[0].startswith(f"expected cards, got error {status}")


def test_an_unknown_silent_plan_of_an_error_fails(knowledge):
    assert differences(knowledge, names_of_errors()[0], lambda case: case.update(silent=["unicorn"])) != []


def test_an_unknown_service_is_an_error(knowledge):
    case = CASES[FIRING]
    assert run_case(knowledge, "no-such-service/x", case).differences[0].startswith("expected cards, got error 404")


def test_an_action_that_no_case_shows_is_a_problem(knowledge):
    left = {name: case for name, case in CASES.items() if name in {FIRING, SILENT}}
    reasons = {(problem.file, problem.reason) for problem in check_cases(knowledge, left)}
    assert ("mmn#recommend", "no case makes this action fire.") in reasons
    assert ("cidp#recommend", "no case makes this action fire.") not in reasons
    bare = {name: msgspec.structs.replace(case, silent=()) for name, case in left.items()}
    reasons = {(problem.file, problem.reason) for problem in check_cases(knowledge, bare)}
    assert ("mmn#recommend", "no case shows this action silent.") in reasons


def test_an_action_is_shown_silent_by_a_case_that_names_its_plan_or_fires_only_its_siblings():
    actions = {"burn#stop", "burn#wait", "rash#treat"}
    bare = msgspec.structs.replace(CASES[FIRING], silent=())
    assert shown_silent(bare, Outcome([], {"burn#stop"}), actions) == {"burn#wait"}
    assert shown_silent(bare, Outcome([], {"burn#stop", "burn#wait"}), actions) == set()
    naming = msgspec.structs.replace(bare, silent=("rash",))
    assert shown_silent(naming, Outcome([], set()), actions) == {"rash#treat"}
