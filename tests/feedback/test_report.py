"""Rates of acceptance and override: once a card, by its latest outcome, with Wilson's interval (O6, O7)."""

import csv
import io
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.feedback.report import Line, to_csv, to_lines, to_table
from cds_service.feedback.wilson import wilson_interval
from cds_service.store.counts import Counts, IssuedCount, OutcomeCount, read_counts
from cds_service.store.rows import Event
from cds_service.store.schema import upgrade
from tests.store.stores import AT, DAY, NOW, Opened, accepted, card, overridden, run_sql


def uuid(number: int) -> str:
    return f"11111111-2222-4333-8444-{number:012}"


def at(minutes: float):
    return AT + timedelta(minutes=minutes)


@pytest.fixture
def opened(database_url):
    upgrade(database_url)
    made = Opened(database_url)
    yield made
    made.store.close()


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [  # Newcombe RG. Statistics in Medicine 1998;17:857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(hits, of, low, high):
    assert wilson_interval(hits, of) == pytest.approx((low, high), abs=0.00005)


@given(st.integers(0, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilson_holds_the_rate_within_0_and_1_and_is_symmetric(counted):
    hits, of = counted
    low, high = wilson_interval(hits, of)
    assert 0 <= low <= high <= 1
    assert not of or low - 1e-12 <= hits / of <= high + 1e-12
    assert wilson_interval(of - hits, of) == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_wilson_narrows_with_the_number_of_cards():
    widths = [high - low for low, high in (wilson_interval(of // 4, of) for of in (0, 4, 40, 400, 4000))]
    assert all(wide > narrow for wide, narrow in pairwise(widths))


def test_o6_o7_a_card_counts_once_with_its_latest_outcome_and_silence_not_at_all(opened):
    opened.store.record_cards([card(uuid(number), recommendation="r") for number in range(1, 6)])
    add = opened.store.add_feedback
    add([overridden(uuid(1), at=at(5)), accepted(uuid(1), at=at(1))], None, "s", NOW)  # accepted, then overridden
    add([overridden(uuid(2), at=at(1))], None, "s", NOW)
    add([accepted(uuid(2), at=at(5))], None, "s", NOW)  # a later acceptance of an ignored card
    add([overridden(uuid(3), code=None, at=at(1)), overridden(uuid(3), code="later", at=at(2))], None, "s", NOW)
    add([overridden(uuid(3), code="older", at=at(0))], None, "s", NOW + 5)  # comes last, happened first
    assert to_lines(read_counts(opened.url)) == [
        Line("r", "http://x/p", "1.0", issued=5, accepted=1, overridden=2, reasons=(("later", 1), ("refused", 1)))
    ]


def test_of_outcomes_of_the_same_instant_the_one_received_last_counts(opened):
    opened.store.add_feedback([overridden()], None, "s", NOW)
    opened.store.add_feedback([accepted()], None, "s", NOW + 1)
    (line,) = to_lines(read_counts(opened.url))
    assert (line.accepted, line.overridden) == (1, 0)


def test_each_version_of_a_plan_and_each_recommendation_has_a_line_and_unknown_cards_come_last(opened):
    cards = [card(uuid(1), version="1.0"), card(uuid(2), version="2.0"), card(uuid(3), recommendation="a")]
    opened.store.record_cards(cards)
    events = [accepted(uuid(number)) for number in (1, 2, 3, 4)]
    opened.store.add_feedback(events, None, "s", NOW)
    opened.store.add_feedback([overridden(uuid(2))], "another client", "s", NOW)
    lines = to_lines(read_counts(opened.url))
    assert [(line.recommendation, line.version, line.issued, line.reported) for line in lines] == [
        ("a", "1.0", 1, 1),
        ("r", "1.0", 1, 1),
        ("r", "2.0", 1, 1),
        (None, None, 0, 2),
    ]


def test_since_and_service_leave_out_the_rest(opened):
    cards = [card(uuid(1), issued_at=NOW - DAY), card(uuid(2)), card(uuid(3), service="other")]
    opened.store.record_cards(cards)
    opened.store.add_feedback([accepted(uuid(1))], None, "s", NOW - DAY)
    opened.store.add_feedback([overridden(uuid(2))], None, "s", NOW)
    opened.store.add_feedback([accepted(uuid(3))], None, "other", NOW)

    def figures(since=None, service=None):
        lines = to_lines(read_counts(opened.url, since, service))
        return [(line.issued, line.accepted, line.overridden) for line in lines]

    assert figures() == [(3, 2, 1)]
    assert figures(since=NOW - 1) == [(2, 1, 1)]
    assert figures(service="s") == [(2, 1, 1)]
    assert figures(NOW - 1, "s") == [(1, 0, 1)]
    assert figures(NOW + 1) == figures(service="none") == []


def test_a_card_that_the_store_no_longer_knows_keeps_what_it_was_about(opened):
    opened.store.record_cards([card(uuid(1))])
    opened.store.add_feedback([accepted(uuid(1))], None, "s", NOW)
    run_sql(opened.url, "DELETE FROM issued_card")
    assert to_lines(read_counts(opened.url)) == [Line("r", "http://x/p", "1.0", 0, 1, 0, ())]


EVENTS = st.builds(
    Event,
    card=st.integers(1, 3).map(uuid),
    outcome=st.sampled_from(["accepted", "overridden"]),
    outcome_at=st.integers(0, 3).map(at),
    reason_code=st.sampled_from([None, "a", "b"]),
)


def latest(posts) -> Counter:
    """Return what the counts should be, in the simplest way there is."""
    kept, seen = {}, set()
    for received, (event, tenant) in enumerate(posts):
        if (event, tenant) not in seen:
            seen.add((event, tenant))
            key = (tenant, event.card)
            kept[key] = max(kept.get(key, (event.outcome_at, -1, None)), (event.outcome_at, received, event))
    return Counter((event.outcome, event.reason_code) for _, _, event in kept.values())


@settings(max_examples=40)
@given(st.lists(st.tuples(EVENTS, st.sampled_from([None, "a"])), max_size=8))
def test_the_counts_are_those_of_a_simple_count(opened, posts):
    run_sql(opened.url, "DELETE FROM feedback")
    for received, (event, tenant) in enumerate(posts):
        opened.store.add_feedback([event], tenant, "s", NOW + received)
    counted = Counter()
    for each in read_counts(opened.url).outcomes:
        counted[each.outcome, each.reason_code] += each.cards
    assert counted == latest(posts)


COUNTS = Counts(
    issued=(IssuedCount("refuse-it", "http://x/p", "1.0", 40), IssuedCount("silent", "http://x/q", "2.0", 7)),
    outcomes=(
        OutcomeCount("refuse-it", "http://x/p", "1.0", "accepted", None, None, 15),
        OutcomeCount("refuse-it", "http://x/p", "1.0", "overridden", "http://a", "refused", 3),
        OutcomeCount("refuse-it", "http://x/p", "1.0", "overridden", "http://b", "refused", 1),
        OutcomeCount("refuse-it", "http://x/p", "1.0", "overridden", None, None, 1),
        OutcomeCount(None, None, None, "overridden", "http://a", '=cmd|" /C calc"!A0', 1),
    ),
)


def test_the_table_is_aligned_and_says_what_the_rates_are():
    text = to_table(to_lines(COUNTS))
    head, first, silent, unknown, empty, note, more = text.splitlines()
    assert head.split() == [
        *("recommendation", "version", "issued", "reported", "accepted", "overridden", "acceptance", "override"),
        "reasons",
    ]
    assert first.split("  ")[0] == "refuse-it"
    assert "75.0% (53.1% to 88.8%)" in first
    assert "25.0% (11.2% to 46.9%)" in first
    assert first.endswith("  4 refused; 1 no reason given")
    assert silent.split() == ["silent", "2.0", "7", "0", "0", "0", "-", "-", "-"]
    assert unknown.startswith("(unknown card)")
    assert {line.index(word) for line, word in ((head, "reasons"), (first, "4 refused"))} == {head.index("reasons")}
    assert empty == ""
    assert "95% Wilson score intervals" in note
    assert "latest outcome" in more


def test_the_csv_has_numbers_and_no_cell_that_a_client_could_make_a_formula():
    rows = list(csv.DictReader(io.StringIO(to_csv(to_lines(COUNTS)))))
    assert rows[0] == {
        "recommendation": "refuse-it",
        "plan": "http://x/p",
        "version": "1.0",
        "issued": "40",
        "reported": "20",
        "accepted": "15",
        "overridden": "5",
        "acceptance_rate": "0.7500",
        "acceptance_low": "0.5313",
        "acceptance_high": "0.8881",
        "override_rate": "0.2500",
        "override_low": "0.1119",
        "override_high": "0.4687",
        "reasons": "4 refused; 1 no reason given",
    }
    assert (rows[1]["acceptance_rate"], rows[1]["override_high"], rows[1]["reasons"]) == ("", "", "")
    assert rows[2]["recommendation"] == ""
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_the_most_frequent_reasons_come_first_and_the_table_shows_three():
    reasons = {"a": 1, "b": 4, "c": 2, "d": 4}
    outcomes = (OutcomeCount("r", "p", "1", "overridden", "s", *each) for each in reasons.items())
    lines = to_lines(Counts((), tuple(outcomes)))
    assert to_table(lines).splitlines()[1].endswith("  4 b; 4 d; 2 c")
    assert to_csv(lines).splitlines()[1].endswith("4 b; 4 d; 2 c; 1 a")


def test_a_report_of_nothing_says_so():
    assert to_table(to_lines(Counts((), ()))) == "No cards and no feedback are stored for this.\n"
    assert len(to_csv([]).splitlines()) == 1
