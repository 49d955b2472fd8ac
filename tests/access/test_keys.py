"""P8, P10: where keys come from, and how often. Real HTTP, and a clock of the test."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event, active_count

import pytest

from cds_service.access.clients import Client
from cds_service.access.fetch import make_fetch
from cds_service.access.keys import KeySource, parse_key_set
from cds_service.errors import Unauthorized
from tests.access.tokens import (
    AUDIENCE,
    ISSUER,
    OTHER,
    bearer,
    key_entries,
    key_set,
    make_header,
    pair,
    verifier,
)

OLD, NEW = pair("old"), pair("new")
ES = "ES384"
fetch = make_fetch(2.0, 2.0, None)


class Judge:
    """A verifier of one client whose keys are at one address."""

    def __init__(self, clock, *urls, issuer=ISSUER, fetch=fetch):
        self.source = KeySource(fetch, clock)
        self.client = Client(issuer, urls)

    def knows(self, kid, jku=None):
        return self.source.find(self.client, kid, ES, jku) is not None


def test_a_token_with_jku_and_one_without(server):
    url = server.serve("/jwks", key_set(OLD))
    judge = verifier([Client(ISSUER, (url,))], fetch)
    assert judge.verify(bearer(make_header(kid="old", jku=url), OLD), AUDIENCE).issuer == ISSUER
    assert judge.verify(bearer(make_header(kid="old"), OLD, jti="2"), AUDIENCE).issuer == ISSUER
    assert server.asked == {"/jwks": 1}


def test_a_fetched_key_verifies_for_real(server):
    url = server.serve("/jwks", key_set(OLD))
    judge = verifier([Client(ISSUER, (url,))], fetch)
    with pytest.raises(Unauthorized) as caught:
        judge.verify(bearer(make_header(kid="old", jku=url), NEW), AUDIENCE)
    assert caught.value.reason == "signature"


def test_p8_an_unlisted_jku_is_never_fetched(server):
    mine, evil = server.serve("/mine", key_set(OLD)), server.serve("/evil", key_set(NEW))
    judge = verifier([Client(ISSUER, (mine,))], fetch)
    for url in (evil, f"{mine}?", f"{mine}/", f"{mine}/../evil", mine.upper(), f" {mine}", f"{mine}#"):
        with pytest.raises(Unauthorized) as caught:
            judge.verify(bearer(make_header(kid="new", jku=url), NEW), AUDIENCE)
        assert caught.value.reason == "jku"
    assert server.asked == {}


def test_p8_the_source_itself_fetches_listed_addresses_only(server, clock):
    evil = server.serve("/evil", key_set(OLD))
    assert not Judge(clock, server.serve("/mine", key_set(NEW))).knows("old", evil)
    assert server.asked == {}


def test_p8_another_clients_jku_is_not_mine(server):
    mine, theirs = server.serve("/mine", key_set(OLD)), server.serve("/theirs", key_set(NEW))
    judge = verifier([Client(ISSUER, (mine,)), Client(OTHER, (theirs,))], fetch)
    with pytest.raises(Unauthorized) as caught:
        judge.verify(bearer(make_header(kid="new", jku=theirs), NEW), AUDIENCE)
    assert caught.value.reason == "jku"
    with pytest.raises(Unauthorized) as caught:
        judge.verify(bearer(make_header(kid="new"), NEW), AUDIENCE)
    assert caught.value.reason == "key"
    assert server.asked == {"/mine": 1}


def test_nothing_is_fetched_for_an_unknown_issuer_or_a_refused_header(server):
    judge = verifier([Client(ISSUER, (server.serve("/jwks", key_set(OLD)),))], fetch)
    wrong = [bearer(make_header(kid="old"), OLD, iss="https://unlisted.example.org")]
    wrong += [bearer(make_header(kid="old", alg="HS256"), OLD, "ES384"), bearer(make_header(kid="old", typ="x"), OLD)]
    for token in wrong:
        with pytest.raises(Unauthorized):
            judge.verify(token, AUDIENCE)
    assert server.asked == {}


def test_nothing_is_started_before_the_first_token(server, clock):
    before = active_count()
    Judge(clock, server.serve("/jwks", key_set(OLD)))
    assert server.asked == {}
    assert active_count() == before


def test_p9_keys_of_the_trust_file_come_first_and_need_no_fetch(server, clock):
    source = KeySource(fetch, clock)
    client = Client(ISSUER, (server.serve("/jwks", key_set(NEW)),), key_entries(OLD))
    assert source.find(client, "old", ES, None)
    assert server.asked == {}
    assert source.find(client, "new", ES, None)
    assert source.find(client, "old", ES, client.urls[0]) is None, "a token that names a key set means that one"


def test_several_key_sets_are_asked_in_order(server, clock):
    judge = Judge(clock, server.serve("/1", key_set(OLD)), server.serve("/2", key_set(NEW)))
    assert judge.knows("new")
    assert server.asked == {"/1": 1, "/2": 1}
    clock.seconds += 100
    assert judge.knows("new")
    assert judge.knows("old")
    assert server.asked == {"/1": 1, "/2": 1}


def test_p10_a_new_kid_is_fetched(server, clock):
    judge = Judge(clock, server.serve("/jwks", key_set(OLD)))
    assert judge.knows("old")
    server.serve("/jwks", key_set(OLD, NEW))
    clock.seconds += 60
    assert judge.knows("new")
    assert judge.knows("old")
    assert server.asked == {"/jwks": 2}


def test_p10_unknown_kids_cause_one_fetch_a_minute(server, clock):
    judge = Judge(clock, server.serve("/jwks", key_set(OLD)))
    for second in range(180):
        assert not judge.knows(f"unknown-{second}")
        clock.seconds += 1
    assert server.asked == {"/jwks": 3}
    assert judge.knows("old")


def test_p10_failures_cause_one_fetch_a_minute(server, clock):
    judge = Judge(clock, server.serve("/jwks", b"", 503))
    for _ in range(120):
        assert not judge.knows("old")
        clock.seconds += 1
    assert server.asked == {"/jwks": 2}
    server.serve("/jwks", key_set(OLD))
    assert judge.knows("old")


def test_p10_keys_are_fresh_for_an_hour(server, clock):
    judge = Judge(clock, server.serve("/jwks", key_set(OLD)))
    for _ in range(59):
        assert judge.knows("old")
        clock.seconds += 60
    assert server.asked == {"/jwks": 1}
    clock.seconds += 60
    assert judge.knows("old")
    assert server.asked == {"/jwks": 2}


def test_p10_a_key_that_vanished_does_not_count(server, clock):
    judge = Judge(clock, server.serve("/jwks", key_set(OLD, NEW)))
    assert judge.knows("old")
    server.serve("/jwks", key_set(NEW))
    clock.seconds += 3600
    assert not judge.knows("old")
    assert judge.knows("new")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b'{"keys": 1}', b"[" * 100_000, b"\xff", b"\x1f\x8b"])
def test_garbage_changes_nothing(server, clock, body):
    judge = Judge(clock, server.serve("/jwks", key_set(OLD)))
    assert judge.knows("old")
    server.serve("/jwks", body)
    clock.seconds += 3600
    assert judge.knows("old")
    assert server.asked == {"/jwks": 2}


def test_old_keys_are_used_for_a_day_while_the_host_is_down(server, clock):
    judge = Judge(clock, server.serve("/jwks", key_set(OLD)))
    assert judge.knows("old")
    server.serve("/jwks", b"", 500)
    for _ in range(23):
        clock.seconds += 3600
        assert judge.knows("old")
    clock.seconds += 3600
    assert not judge.knows("old")
    server.serve("/jwks", key_set(OLD))
    clock.seconds += 60
    assert judge.knows("old")


def test_old_keys_are_used_while_the_host_drips(server, clock):
    judge = Judge(clock, server.serve("/jwks", key_set(OLD)), fetch=make_fetch(2.0, 2.0, None, total_s=0.3))
    assert judge.knows("old")
    server.drip("/jwks", b"HTTP/1.1 200 OK\r\n\r\n", b" ")
    clock.seconds += 3600
    assert judge.knows("old")
    assert server.asked == {"/jwks": 2}


def test_unusable_keys_are_passed_over():
    private = {**OLD.public_jwk, "kid": "private", "d": "AQAB"}
    oct_, enc = {"kty": "oct", "k": "eA", "kid": "oct"}, {**OLD.public_jwk, "kid": "enc", "use": "enc"}
    others = [
        {"kty": "OKP", "crv": "Ed25519", "x": "eA", "kid": "okp"},
        {**OLD.public_jwk, "crv": "P-256"},
        1,
        None,
        {},
    ]
    body = f'{{"more": 1, "keys": {[private, oct_, enc, *others, OLD.public_jwk]}}}'.replace("'", '"').replace(
        "None", "null"
    )
    assert set(parse_key_set(body.encode())) == {("old", ES)}


def test_of_two_keys_with_one_kid_the_first_counts():
    found = parse_key_set(key_set(OLD, pair("old", "RS384")))
    assert set(found) == {("old", "ES384"), ("old", "RS384")}
    first, second = ({**each.public_jwk, "kid": "same"} for each in (OLD, NEW))
    body = json.dumps({"keys": [first, second]}).encode()
    assert parse_key_set(body)["same", ES].public_numbers() == key_entries(OLD)["old", ES].public_numbers()


def test_threads_that_come_first_together_fetch_once(clock):
    threads, calls, looks, all_wait = 8, [], count(1), Event()

    def slow(url):
        calls.append(url)
        assert all_wait.wait(10)
        time.sleep(0.05)  # from their last look at the clock to the lock
        return key_set(OLD)

    def now():
        if next(looks) == 3 * threads:  # each thread looks three times before it waits
            all_wait.set()
        return clock()

    judge = Judge(now, "https://ehr.example.org/jwks", fetch=slow)
    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(lambda _: judge.knows("old"), range(threads))) == [True] * threads
    assert len(calls) == 1


def test_who_has_an_older_key_does_not_wait_for_the_fetch(clock, monkeypatch):
    monkeypatch.setattr("cds_service.access.keys.WAIT_S", 60.0)
    bodies, fetching, go = [key_set(OLD)], Event(), Event()

    def stalls(url):
        if bodies:
            return bodies.pop()
        fetching.set()
        assert go.wait(10)
        raise OSError

    judge = Judge(clock, "https://ehr.example.org/jwks", fetch=stalls)
    assert judge.knows("old")
    clock.seconds += 3600
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(judge.knows, "old")
        assert fetching.wait(10)
        assert judge.knows("old"), "at once, while the other thread fetches"
        assert not first.done()
        go.set()
        assert first.result(10)


def test_waiting_for_a_fetch_is_bounded(clock, monkeypatch):
    monkeypatch.setattr("cds_service.access.keys.WAIT_S", 0.05)
    fetching, go = Event(), Event()

    def stalls(url):
        fetching.set()
        assert go.wait(10)
        return key_set(OLD)

    judge = Judge(clock, "https://ehr.example.org/jwks", fetch=stalls)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(judge.knows, "old")
        assert fetching.wait(10)
        assert not judge.knows("old"), "given up"
        go.set()
        assert first.result(10)
