"""Tokens that were used, and advice that was given."""

from concurrent.futures import ThreadPoolExecutor

from cds_service.store.tables import GIVEN_ADVICE, SEEN_TOKEN
from tests.store.stores import NOW, eventually, run_sql, start_python, told_by

A, B, C = (bytes([number]) * 32 for number in (1, 2, 3))
SEE = """
import sys
from tests.store.stores import Opened, NOW
opened = Opened(sys.argv[1])
input()
print([opened.store.is_seen(bytes([number]) * 32, NOW + 60) for number in range(50)])
opened.store.close()
"""


def test_a_token_is_seen_the_second_time_until_it_expires(opened):
    assert not opened.store.is_seen(A, NOW + 60)
    assert opened.store.is_seen(A, NOW + 60)
    assert not opened.store.is_seen(B, NOW + 60)
    opened.now = NOW + 59.9
    assert opened.store.is_seen(A, NOW + 120), "what comes again does not live longer"
    opened.now = NOW + 60
    assert not opened.store.is_seen(A, NOW + 120)
    assert opened.store.is_seen(A, NOW + 120)


def test_a_token_that_never_expires_is_kept_for_a_long_time(opened):
    assert not opened.store.is_seen(A, float("inf"))
    assert opened.store.is_seen(A, 1e300)


def test_one_of_all_processes_and_threads_sees_a_token_first(opened):
    processes = [start_python(SEE, opened.url) for _ in range(2)]
    for each in processes:
        each.stdin.write("\n")
        each.stdin.flush()
    tokens = [bytes([number]) * 32 for number in range(50)]
    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(lambda _: [opened.store.is_seen(each, NOW + 60) for each in tokens], range(2)))
    told = [[each == "True" for each in told_by(process).strip("[]\n").split(", ")] for process in processes]
    assert [column.count(False) for column in zip(*seen, *told, strict=True)] == [1] * 50
    assert opened.losses == []


def test_advice_is_known_before_and_after_it_is_stored_until_it_is_forgotten(opened):
    opened.store.record_advice([A, B], NOW + 60)
    assert opened.store.given([A, B, C]) == {A, B}
    assert opened.flush()
    assert opened.store._here().writer._fresh == {}
    assert opened.store.given([A, B, C]) == {A, B}
    opened.now = NOW + 60
    assert opened.store.given([A, B, C]) == frozenset()
    assert opened.store.given([]) == frozenset()


def test_advice_given_again_is_remembered_for_longer(opened, open_store):
    opened.store.record_advice([A, A], NOW + 60)
    assert opened.flush()
    opened.store.record_advice([A], NOW + 600)
    assert opened.flush()
    other = open_store(opened.url)
    other.now = NOW + 599
    assert other.store.given([A]) == {A}, "another process knows it, too"


def test_advice_that_waits_in_the_queue_is_forgotten_in_time(opened):
    opened.store.record_advice([A], NOW)
    assert opened.store.given([A]) == frozenset()


def test_what_is_too_old_is_pruned_every_ten_minutes(opened):
    digests = [number.to_bytes(32, "big") for number in range(2500)]
    opened.store.record_advice(digests, NOW + 60)
    opened.store.record_advice([A], NOW + 9999)
    for each in (A, B):
        opened.store.is_seen(each, NOW + 60)
    assert opened.flush()
    opened.now, opened.seconds = NOW + 61, 599.0
    opened.store.record_advice([B], NOW + 9999)
    assert opened.flush()
    assert len(opened.rows(GIVEN_ADVICE)) == 2502
    opened.seconds = 601.0
    opened.store.is_seen(C, NOW + 9999)
    eventually(lambda: {row["digest"] for row in opened.rows(GIVEN_ADVICE)} == {A, B})
    eventually(lambda: {row["digest"] for row in opened.rows(SEEN_TOKEN)} == {C})
    assert opened.losses == []


def test_tokens_are_pruned_by_a_process_that_only_looks_at_tokens(opened):
    opened.store.is_seen(A, NOW + 60)
    opened.store.close()
    opened.now = NOW + 61
    opened.store.is_seen(B, NOW + 120)
    eventually(lambda: [row["digest"] for row in opened.rows(SEEN_TOKEN)] == [B])


def test_a_prune_that_fails_is_counted(opened):
    opened.store.record_advice([A], NOW + 60)
    opened.store.close()
    run_sql(opened.url, "ALTER TABLE issued_card RENAME COLUMN issued_at TO at")
    opened.now = NOW + 61
    opened.store.record_advice([B], NOW + 9999)
    opened.store.close()
    assert opened.losses == [("prune", 1)]
    assert {row["digest"] for row in opened.rows(GIVEN_ADVICE)} == {B}, "what could be done was done"
