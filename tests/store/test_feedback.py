"""Feedback: stored once, for good, and only told of cards of the same client (O6)."""

import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.errors import StoreError
from cds_service.store.rows import Event
from cds_service.store.tables import FEEDBACK, ISSUED_CARD
from tests.store.stores import (
    AT,
    CARD,
    DAY,
    NOW,
    OTHER_CARD,
    accepted,
    card,
    overridden,
    run_sql,
    start_python,
    told_by,
)

POST = """
import sys, time
from tests.store.stores import Opened, NOW, accepted
opened = Opened(sys.argv[1])
input()
print(opened.store.add_feedback([accepted()], None, "s", NOW), flush=True)
if sys.argv[2:]:
    time.sleep(60)
opened.store.close()
"""


def test_feedback_of_a_card_says_what_the_card_was_about(opened):
    opened.store.record_cards([card(recommendation="key", plan="http://x/p", version="2.1")])
    assert opened.store.add_feedback([overridden(comment="why")], None, "s", NOW) == 1
    (row,) = opened.rows(FEEDBACK)
    about = {name: row[name] for name in ("recommendation", "plan", "version", "service", "tenant")}
    assert about == {"recommendation": "key", "plan": "http://x/p", "version": "2.1", "service": "s", "tenant": None}
    assert (row["outcome"], row["reason_code"], row["comment"]) == ("overridden", "refused", "why")
    assert row["outcome_at"] == AT.timestamp() * 1e6
    assert row["received_at"] == NOW * 1e6


def test_an_instant_is_kept_to_the_microsecond(opened):
    at = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    opened.store.add_feedback([accepted(at=at)], None, "s", NOW)
    assert opened.rows(FEEDBACK)[0]["outcome_at"] == -1


def test_feedback_of_a_card_that_is_not_known_is_stored_all_the_same(opened):
    assert opened.store.add_feedback([accepted()], None, "s", NOW) == 1
    assert opened.rows(FEEDBACK)[0]["recommendation"] is None


@pytest.mark.parametrize(("of", "by"), [("a", "b"), ("a", None), (None, "a")])
def test_a_card_of_another_client_is_not_known(opened, of, by):
    opened.store.record_cards([card(tenant=of)])
    opened.store.add_feedback([accepted()], by, "s", NOW)
    opened.store.add_feedback([accepted()], of, "s", NOW)
    assert {row["tenant"]: row["recommendation"] for row in opened.rows(FEEDBACK)} == {by: None, of: "r"}


def test_the_first_card_of_a_uuid_stays(opened):
    opened.store.record_cards([card(recommendation="first"), card(recommendation="second")])
    opened.store.record_cards([card(recommendation="third", tenant="another")])
    assert opened.flush()
    assert [row["recommendation"] for row in opened.rows(ISSUED_CARD)] == ["first"]


def test_nothing_is_stored_of_no_events(opened):
    assert opened.store.add_feedback([], None, "s", NOW) == 0


def test_a_repeat_is_stored_once_and_another_report_of_the_card_is_kept(opened):
    add = opened.store.add_feedback
    assert add([accepted(), accepted()], "a", "s", NOW) == 1
    assert add([accepted(), overridden()], "a", "s", NOW + 9) == 1
    different = [
        overridden(code="other"),
        overridden(code=None),
        accepted(OTHER_CARD),
        accepted(at=AT + timedelta(0, 1)),
    ]
    assert add([*different, overridden(comment="x")], "a", "s", NOW) == 5
    assert add([accepted()], "b", "s", NOW) == 1
    assert add([accepted()], "a", "another service", NOW) == 1
    assert len(opened.rows(FEEDBACK)) == 9


EVENTS = st.lists(
    st.builds(
        Event,
        card=st.sampled_from([CARD, OTHER_CARD]),
        outcome=st.sampled_from(["accepted", "overridden"]),
        outcome_at=st.sampled_from([AT, AT + timedelta(microseconds=1)]),
        reason_code=st.sampled_from([None, "a", "b"]),
    ),
    max_size=8,
)


def stored(opened) -> list[tuple]:
    names = ("card", "outcome", "outcome_at", "reason_code", "tenant")
    return sorted(tuple(map(str, (row[name] for name in names))) for row in opened.rows(FEEDBACK))


@settings(max_examples=25)
@given(st.lists(st.tuples(EVENTS, st.sampled_from([None, "a"])), max_size=4), st.randoms())
def test_posts_with_repeats_in_any_order_leave_the_rows_of_each_once(opened, posts, random):
    run_sql(opened.url, "DELETE FROM feedback")
    for events, tenant in posts:
        opened.store.add_feedback(events, tenant, "s", NOW)
    once = stored(opened)
    repeated = posts + [(random.sample(events, len(events)) + events[:2], tenant) for events, tenant in posts]
    random.shuffle(repeated)
    assert sum(opened.store.add_feedback(events, tenant, "s", NOW) for events, tenant in repeated) == 0
    run_sql(opened.url, "DELETE FROM feedback")
    new = sum(opened.store.add_feedback(events, tenant, "s", NOW) for events, tenant in repeated)
    assert new == len(once)
    assert stored(opened) == once
    assert len(once) == len({(event, tenant) for events, tenant in posts for event in events})


def test_identical_posts_of_threads_and_processes_leave_one_row(opened):
    processes = [start_python(POST, opened.url) for _ in range(2)]
    for each in processes:
        each.stdin.write("\n")
        each.stdin.flush()
    with ThreadPoolExecutor(4) as pool:
        new = list(pool.map(lambda _: opened.store.add_feedback([accepted()], None, "s", NOW), range(20)))
    assert sum(new) + sum(int(told_by(each)) for each in processes) == 1
    assert len(opened.rows(FEEDBACK)) == 1


def test_posts_of_the_same_events_in_different_orders_do_not_wait_for_each_other_for_ever(opened):
    events = [accepted(at=AT + timedelta(0, second)) for second in range(300)]
    with ThreadPoolExecutor(4) as pool:
        ordered = [events, events[::-1]] * 4
        new = list(pool.map(lambda each: opened.store.add_feedback(each, None, "s", NOW), ordered))
    assert sum(new) == len(opened.rows(FEEDBACK)) == 300


def test_what_was_acknowledged_is_there_after_the_process_was_killed(ready_url, open_store):
    process = start_python(POST, ready_url, "and wait")
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "1\n"
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert len(open_store(ready_url).rows(FEEDBACK)) == 1


def test_a_text_that_no_database_takes_is_a_store_error(opened):
    with pytest.raises(StoreError):
        opened.store.add_feedback([accepted()], "lone \ud800 surrogate", "s", NOW)
    assert opened.store.add_feedback([accepted()], None, "s", NOW + DAY) == 1
