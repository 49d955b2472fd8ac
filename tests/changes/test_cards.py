"""Nothing of a card is lost when it is held against another: any edit but of uuids and versions is told."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.changes.card_changes import CardChange, compare_cards, shown
from cds_service.changes.cards import without_versions
from tests.golden import ask, cards_of
from tests.knowledge.test_any_artifact import changed, places

NAMES = (
    "ivig-order-select/cidp-and-ibm-conflict",
    "ivig-order-select/dose-3-g-per-kg-is-too-high",
    "ivig-order-select/risk-obesity-shows-the-adjusted-weight",
)


@pytest.fixture(scope="module")
def cards(knowledge):
    from tests.golden import CASES

    return [card for name in NAMES for card in cards_of(ask(knowledge, name, CASES[name].request))]


def tells(old, new):
    return list(compare_cards("card", old, new))


@settings(max_examples=200)
@given(data=st.data())
def test_any_edit_of_a_text_is_told(cards, data):
    card = data.draw(st.sampled_from(cards))
    texts = [place for place in places(card) if isinstance(at(card, place), str)]
    place = data.draw(st.sampled_from(texts))
    other = changed(card, place, at(card, place) + data.draw(st.sampled_from(["x", "\nx", " x"])))
    assert bool(tells(card, other)) is (without_versions(card) != without_versions(other))


@settings(max_examples=100)
@given(data=st.data())
def test_an_item_more_or_less_is_told(cards, data):
    card = data.draw(st.sampled_from(cards))
    lists = [place for place in places(card) if isinstance(at(card, place), list)]
    place = data.draw(st.sampled_from(lists))
    fewer = changed(card, (*place, 0), ...)
    assert tells(card, fewer)
    assert tells(fewer, card)


def at(value, place):
    for key in place:
        value = value[key]
    return value


def test_another_version_of_a_set_or_plan_and_another_uuid_are_the_same_advice(cards):
    text = json.dumps(cards[0])
    other = json.loads(text.replace("|2026.", "|2030.").replace(" version 2026.", " version 2030."))
    other["uuid"] = "another"
    assert other != cards[0]
    assert tells(cards[0], other) == []


def test_a_codes_version_is_no_part_of_any_other_text(cards):
    other = copy.deepcopy(cards[0])
    other["summary"] += "|2030.1"
    assert [each.fact for each in tells(cards[0], other)] == ["summary"]


def test_of_a_request_only_what_stands_in_the_knowledge_is_shown():
    hidden = [
        CardChange("changes", "x", "detail", "Jane Doe", "John Doe"),
        CardChange("changes", "x", "suggestion “Record Jane Doe”", "on the card", None),
        CardChange("changes", "x", "suggestion “Record Jane Doe”, actions, [0]", "Jane Doe", None),
        CardChange("changes", "x", "warning “risk”, matched, [A1].resource", "Condition/jane-doe", "Condition/2"),
        CardChange("changes", "x", "matched codes of y, records, [A1].resource", "Condition/jane-doe", "Condition/2"),
        CardChange("appears", "x", "", None, "info: dose of Jane Doe"),
    ]
    assert "oe" not in repr([shown(each) for each in hidden]).replace("Order", "")
    assert shown(hidden[-1]).new == "info"
    told = [
        CardChange("changes", "x", "stance of y", "recommended", "consider"),
        CardChange("changes", "x", "matched codes of y", "A1 Name, by code in set", None),
        CardChange("changes", "x", "warning “risk”", "on the card", None),
        CardChange("changes", "x", "warning “risk”, matched codes", "A1", "A2"),
        CardChange("refused", "", "", None, "412: no"),
    ]
    assert [shown(each) for each in told] == told
