"""FHIR servers that stall, reset, lie and flood: each ends in its word, within the budget, and frees its thread."""

import time

import pytest

from cds_service.fhir.call import FetchLimits
from tests.fhir.conftest import PATIENT, ROOMY, SEARCH, SMALL, MakeClient, access
from tests.fhir.stub import Behaviour, bundle, drip, flood, gzipped, raw, reset, reset_after, resource, serving, stall

P1 = {"resourceType": "Patient", "id": "p1"}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
TRIES = 20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
UNPACKING = HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzipped(9)[:10]
GZIP = "Content-Encoding: gzip\r\n"


def late(value: bytes) -> Behaviour:
    """Answer with a Patient that has this in an element which is not decoded before somebody needs it."""
    return resource(b'{"resourceType":"Patient","id":"p1","reaction":' + value + b"}")


LYING: dict[str, tuple[Behaviour, str]] = {
    "resets": (reset, "connection"),
    "resets in the body": (reset_after(HEAD + b"Content-Length: 90\r\n\r\n{"), "connection"),
    "says nothing and closes": (raw(b""), "connection"),
    "speaks no HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "connection"),
    "two lengths": (raw(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}"), "connection"),
    "closes in the headers": (raw(HEAD), "not-json"),
    "closes in the body": (raw(HEAD + b'Content-Length: 90\r\n\r\n{"resourceType":"Patient","id":"p1"}'), "truncated"),
    "sends no body": (raw(HEAD + b"Content-Length: 90\r\n\r\n"), "truncated"),
    "breaks a chunk off": (raw(CHUNKED + b'90\r\n{"resourceType":'), "truncated"),
    "breaks off between chunks": (raw(CHUNKED + b'2\r\n{"\r\n'), "truncated"),
    "sends a chunk without a size": (raw(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"), "truncated"),
    "sends half a body without a length": (raw(HEAD + b'\r\n{"resourceType":"Patient","id"'), "not-json"),
    "sends nothing": (resource(b""), "not-json"),
    "sends no content": (resource(b"", "204 No Content"), "not-json"),
    "sends HTML": (resource(b"<html><body>Log in</body></html>"), "not-json"),
    "sends bytes": (resource(b"\xff\xfe\x00"), "not-json"),
    "sends half a letter in what is read late": (late(b'"\xc3"'), "not-json"),
    "sends a number out of range in what is read late": (late(b"[1e999]"), "not-json"),
    "nests": (resource(b"[" * 50_000 + b"]" * 50_000), "not-json"),
    "nests in what is read late": (late(b"[" * 50_000 + b"]" * 50_000), "not-json"),
    "sends no gzip": (resource(b"{}", extra=GZIP), "not-json"),
    "sends half of gzip": (resource(gzipped(90_000)[:60], extra=GZIP), "not-json"),
    "packs six times over": (resource(gzipped(9), extra=f"Content-Encoding: {'gzip, ' * 5}gzip\r\n"), "not-json"),
    "sends a list": (resource([P1]), "wrong-resource"),
    "sends null": (resource(None), "wrong-resource"),
    "sends no type": (resource({"id": "p1"}), "wrong-resource"),
    "sends another type": (resource({"resourceType": "Practitioner", "id": "p1"}), "wrong-resource"),
    "sends another id": (resource({"resourceType": "Patient", "id": "p2"}), "wrong-resource"),
    "sends a Bundle for a read": (resource(bundle("a")), "wrong-resource"),
    "sends an OperationOutcome": (resource(OUTCOME), "operation-outcome"),
    "400": (resource(OUTCOME, "400 Bad Request"), "refused"),
    "401": (resource(OUTCOME, "401 Unauthorized"), "unauthorized"),
    "403": (resource(OUTCOME, "403 Forbidden"), "forbidden"),
    "404": (resource(OUTCOME, "404 Not Found"), "not-found"),
    "407": (resource(OUTCOME, "407 Proxy Authentication Required"), "refused"),
    "410": (resource(OUTCOME, "410 Gone"), "not-found"),
    "429": (resource(OUTCOME, "429 Too Many Requests", "Retry-After: 0\r\n"), "throttled"),
    "500": (resource(P1, "500 Internal Server Error"), "server-error"),
    "503": (resource(OUTCOME, "503 Unavailable", "Retry-After: 0\r\n"), "server-error"),
    "999": (resource(OUTCOME, "999 Whatever"), "server-error"),
    "103": (resource(b"", "103 Early Hints"), "server-error"),
    "304": (resource(b"", "304 Not Modified"), "redirect"),
    "redirects nowhere": (resource(b"", "302 Found"), "redirect"),
    "redirects to nonsense": (resource(b"", "302 Found", "Location: http://[\r\n"), "redirect"),
    "redirects to a file": (resource(b"", "302 Found", "Location: file:///etc/passwd\r\n"), "redirect"),
    "redirects to itself": (resource(b"", "302 Found", "Location: p1\r\n"), "redirect"),
}


@pytest.mark.parametrize("name", LYING)
def test_a_lie_ends_in_its_word(name: str, make_client: MakeClient) -> None:
    behaviour, outcome = LYING[name]
    with serving({"Patient/p1": behaviour}) as stub:
        client = make_client(threads=1)
        found = client.fetch(access(stub.url), {"patient": PATIENT})["patient"]
        assert (found.outcome, found.pages, found.complete) == (outcome, (), False)
        assert len(stub.asked) == (4 if name == "redirects to itself" else 1), "what was asked is not asked again"


HOLDING: dict[str, tuple[Behaviour, str]] = {
    "stalls before the headers": (stall, "timeout"),
    "stalls in the headers": (drip(b"HTTP/1.1 200 OK\r\nX: ", 9), "timeout"),
    "stalls in the body": (drip(HEAD + b"Content-Length: 90\r\n\r\n{", 9), "timeout"),
    "drips headers": (drip(b"HTTP/1.1 200 OK\r\nX: "), "timeout"),
    "drips a body": (drip(HEAD + b"Content-Length: 5000\r\n\r\n"), "timeout"),
    "drips a body without a length": (drip(HEAD + b"\r\n"), "timeout"),
    "drips the size of a chunk": (drip(CHUNKED), "timeout"),
    "drips an error": (drip(b"HTTP/1.1 500 Oops\r\nContent-Length: 5000\r\n\r\n"), "server-error"),
    "drips gzip that unpacks to nothing": (drip(UNPACKING, drop=b"\0\0\0\xff\xff"), "timeout"),
    "floods with promises": (flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "timeout"),
    "floods with headers": (flood(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), "connection"),
    "floods with one header": (flood(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 9_000), "connection"),
    "floods": (flood(HEAD + b"\r\n", b" " * 9_000), "too-large"),
    "floods with chunks": (flood(CHUNKED, b"2\r\n  \r\n" * 900), "too-large"),
    "floods with a length": (flood(HEAD + b"Content-Length: 99999999999\r\n\r\n", b" " * 9_000), "too-large"),
    "floods a redirect": (flood(b"HTTP/1.1 302 Found\r\nLocation: //127.0.0.2/\r\n\r\n", b" " * 9_000), "redirect"),
    "floods an error": (flood(b"HTTP/1.1 503 Unavailable\r\n\r\n", b" " * 9_000), "server-error"),
}


@pytest.mark.parametrize("name", HOLDING)
def test_nobody_is_held_and_the_thread_is_free_again(name: str, make_client: MakeClient) -> None:
    behaviour, outcome = HOLDING[name]
    limits = SMALL if outcome == "timeout" else ROOMY
    with serving({"Patient/p1": behaviour, "Patient/p2": resource({"resourceType": "Patient", "id": "p2"})}) as stub:
        client = make_client(limits=limits, threads=1)
        start = time.monotonic()
        assert client.fetch(access(stub.url), {"patient": PATIENT})["patient"].outcome == outcome
        assert stub.gone.wait(5), "the server was left alone with its answer"
        assert time.monotonic() - start < 5
        other = {"patient": PATIENT._replace(url="Patient/p2", id="p2")}
        assert any(client.fetch(access(stub.url), other)["patient"].outcome == "ok" for _ in range(TRIES))


def test_a_bomb_of_gzip_is_measured_unpacked(make_client: MakeClient) -> None:
    bomb = gzipped(20_000_000)
    assert len(bomb) < ROOMY.bytes
    with serving({"Patient/p1": resource(bomb, extra=GZIP)}) as stub:
        found = make_client().fetch(access(stub.url), {"patient": PATIENT})
        assert found["patient"].outcome == "too-large"


def test_bytes_are_counted_for_all_queries_of_a_call(make_client: MakeClient) -> None:
    big = {"*": resource(bundle("a") | {"text": "x" * 80_000})}
    queries = {each: SEARCH._replace(url=f"Observation?patient={each}") for each in "abcd"}
    with serving(big) as stub:
        client = make_client(threads=1)
        for _ in range(2):
            outcomes = [each.outcome for each in client.fetch(access(stub.url), queries).values()]
            assert outcomes == ["ok", "ok", "too-large", "too-large"]


def test_entries_are_counted(make_client: MakeClient) -> None:
    several = [str(number) for number in range(ROOMY.entries + 1)]
    served = {
        "Observation?patient=p1": resource(bundle(*several)),
        "Observation?patient=p2": resource(bundle(*several[1:])),
    }
    with serving(served) as stub:
        queries = {"more": SEARCH, "most": SEARCH._replace(url="Observation?patient=p2")}
        found = make_client().fetch(access(stub.url), queries)
        assert {key: each.outcome for key, each in found.items()} == {"more": "too-large", "most": "ok"}


def test_one_bad_server_thread_costs_the_others_nothing(make_client: MakeClient) -> None:
    served = {"Patient/p1": stall, "Observation?patient=p1": resource(bundle("a"))}
    with serving(served) as stub:
        limits = FetchLimits(budget_s=1.5)
        found = make_client(limits=limits).fetch(access(stub.url), {"patient": PATIENT, "labs": SEARCH})
        assert (found["patient"].outcome, found["labs"].outcome) == ("timeout", "ok")


def test_more_queries_than_threads_end_with_the_budget_too(make_client: MakeClient) -> None:
    queries = {str(number): PATIENT for number in range(6)}
    with serving({"Patient/p1": stall}) as stub:
        start = time.monotonic()
        found = make_client(limits=SMALL, threads=2).fetch(access(stub.url), queries)
        assert {each.outcome for each in found.values()} == {"timeout"}
        assert time.monotonic() - start < 5


def test_a_budget_that_is_used_up_asks_nothing(make_client: MakeClient) -> None:
    with serving({"Patient/p1": resource(P1)}) as stub:
        client = make_client(limits=FetchLimits(budget_s=0.0))
        assert client.fetch(access(stub.url), {"patient": PATIENT})["patient"].outcome == "timeout"
        assert stub.asked == []
