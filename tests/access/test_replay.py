"""P11: a token counts once, for as long as it would be accepted."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.access.replay import SeenTokens
from cds_service.errors import StoreError

KEY = b"a key of the test"


def test_a_token_is_seen_until_it_expires(clock):
    seen = SeenTokens(clock, KEY)
    assert not seen("iss", "jti", clock() + 10)
    clock.seconds += 9.9
    assert seen("iss", "jti", clock() + 10)
    clock.seconds += 0.1
    assert not seen("iss", "jti", clock() + 10)


def test_issuers_are_told_apart(clock):
    seen = SeenTokens(clock, KEY)
    pairs = [("a", "b"), ("b", "a"), ("ab", ""), ("", "ab"), ("a", "bb"), ("é", "b")]
    assert [seen(*each, clock() + 10) for each in pairs] == [False] * len(pairs)
    assert [seen(*each, clock() + 10) for each in pairs] == [True] * len(pairs)


def test_when_it_is_full_the_first_to_expire_is_dropped(clock):
    seen = SeenTokens(clock, KEY, capacity=3)
    for jti, seconds in (("long", 30), ("short", 10), ("middle", 20), ("new", 25)):
        assert not seen("iss", jti, clock() + seconds)
    assert [seen("iss", jti, clock() + 40) for jti in ("long", "middle", "new")] == [True] * 3
    assert not seen("iss", "short", clock() + 40)


def test_memory_is_bounded_and_given_back(clock):
    seen = SeenTokens(clock, KEY, capacity=50)
    for number in range(500):
        seen("iss", str(number), clock() + number + 1)
    assert len(seen._seen) == len(seen._by_expiry) == 50
    clock.seconds += 1000
    seen("iss", "last", clock() + 1)
    assert len(seen._seen) == len(seen._by_expiry) == 1


def test_nothing_that_a_token_says_is_kept(clock):
    stored = []
    token = ("https://ehr.example.org", "jti-canary", 2000.0)
    seen = SeenTokens(clock, KEY, lambda *row: bool(stored.append(row)))
    seen(*token)
    assert "canary" not in repr(vars(seen))
    assert "example" not in repr(vars(seen))
    ((digest, expires),) = stored
    assert (len(digest), expires) == (32, 2000.0)
    SeenTokens(clock, b"another key", lambda *row: bool(stored.append(row)))(
        "https://ehr.example.org", "jti-canary", 2000.0
    )
    assert stored[1][0] != digest


@pytest.mark.parametrize("known", [True, False])
def test_another_process_may_have_seen_it(clock, known):
    assert SeenTokens(clock, KEY, lambda digest, expires: known)("iss", "jti", clock() + 10) is known


def test_two_processes_with_one_store(clock):
    rows = set()

    def shared(digest, expires):
        known = digest in rows
        rows.add(digest)
        return known

    first, second = SeenTokens(clock, KEY, shared), SeenTokens(clock, KEY, shared)
    assert not first("iss", "jti", clock() + 10)
    assert second("iss", "jti", clock() + 10)


def test_the_store_is_not_asked_about_what_is_known(clock):
    asked = []
    seen = SeenTokens(clock, KEY, lambda *row: bool(asked.append(row)))
    seen("iss", "jti", clock() + 10)
    assert seen("iss", "jti", clock() + 10)
    assert len(asked) == 1


def test_without_the_store_memory_decides(clock):
    def down(digest, expires):
        raise StoreError("The store cannot be reached.")

    seen = SeenTokens(clock, KEY, down)
    assert not seen("iss", "jti", clock() + 10)
    assert seen("iss", "jti", clock() + 10)


def test_of_many_at_once_one_is_new(clock):
    seen = SeenTokens(clock, KEY)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: seen("iss", str(number % 100), clock() + 10), range(1600)))
    assert answers.count(False) == 100


def test_threads_look_one_after_another():
    inside, most = [], []

    def now():
        inside.append(1)
        time.sleep(0.001)  # another thread that may come in does
        most.append(len(inside))
        inside.pop()
        return 0.0

    seen = SeenTokens(now, KEY)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda number: seen("iss", str(number), 10.0), range(16))) == [False] * 16
    assert max(most) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 20), st.integers(0, 10)), max_size=40))
def test_it_answers_like_a_list_of_everything(steps):
    now = [0.0]
    seen, everything = SeenTokens(lambda: now[0], KEY), {}
    for jti, lasts, passes in steps:
        now[0] += passes
        known = everything.get(jti, 0) > now[0]
        assert seen("iss", jti, now[0] + lasts) is known
        if not known:
            everything[jti] = now[0] + lasts
