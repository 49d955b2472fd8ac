import gzip
import json
import logging
import socket
import subprocess
import sys
import threading
import traceback
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.core.resources import Resource, entries
from cds_service.fhir import connection
from cds_service.fhir.access import Access, parse_scopes
from cds_service.fhir.call import FetchLimits
from cds_service.fhir.client import FhirClient
from cds_service.fhir.hosts import AllowedHosts, parse_hosts
from cds_service.fhir.outcome import OUTCOMES, Failed, outcome_of_status
from cds_service.fhir.page import _decoded, follow
from cds_service.fhir.task import Fetched
from tests.fhir.conftest import PATIENT, ROOMY, SEARCH, SMALL, TOKEN, Dialled, MakeClient, Resolver, access
from tests.fhir.stub import Asked, bundle, resource, serving, stall

P1 = {"resourceType": "Patient", "id": "p1", "birthDate": "1970-01-01"}
PAGE = "Observation?page="


def ids(fetched: Fetched) -> list[str]:
    return [each.id for page in fetched.pages for each in entries(page)]


def test_a_read_and_a_search_of_several_pages(make_client: MakeClient) -> None:
    with serving({}) as stub:
        stub.behaviours = {
            "Patient/p1": resource(P1),
            "Observation?patient=p1": resource(bundle("a", following=f"{stub.url}/{PAGE}2")),
            f"{PAGE}2": resource(bundle("b", following=f"{PAGE}3")),
            f"{PAGE}3": resource(bundle("c")),
        }
        found = make_client().fetch(access(stub.url), {"patient": PATIENT, "labs": SEARCH})
    assert found["patient"].pages[0].birth_date == "1970-01-01"
    assert (found["labs"].outcome, found["labs"].complete, ids(found["labs"])) == ("ok", True, ["a", "b", "c"])
    assert {asked.headers["authorization"] for asked in stub.asked} == {f"Bearer {TOKEN}"}
    assert {asked.headers["accept"] for asked in stub.asked} == {"application/fhir+json"}
    assert {asked.headers["accept-encoding"] for asked in stub.asked} == {"gzip"}
    assert len(stub.asked) == 4


@pytest.mark.parametrize(
    ("second", "outcome"),
    [
        (resource(bundle("b", following=f"{PAGE}3")), "too many pages"),
        (resource(bundle("b", following="Observation?patient=p1")), "a loop"),
        (resource(bundle("b", following=f"{PAGE}2#x")), "a loop in disguise"),
        (resource(bundle("b", following="https://[")), "a link that is none"),
        (resource(bundle("b", following="https://evil.example/Observation?page=3")), "another server"),
    ],
)
def test_pages_that_do_not_end_well_are_partial(second: object, outcome: str, make_client: MakeClient) -> None:
    served = {
        "Observation?patient=p1": resource(bundle("a", following=f"{PAGE}2")),
        f"{PAGE}2": second,
        f"{PAGE}3": resource(bundle("c", following=f"{PAGE}4")),
        f"{PAGE}4": resource(bundle("d")),
    }
    with serving(served) as stub:
        found = make_client().fetch(access(stub.url), {"labs": SEARCH})["labs"]
    expected = ["a", "b", "c"] if outcome == "too many pages" else ["a", "b"]
    assert (found.outcome, found.complete, ids(found)) == ("partial", False, expected), outcome
    assert len(stub.asked) == len(expected)


@pytest.mark.parametrize(
    "second",
    [
        resource({}, "403 Forbidden"),
        resource({"resourceType": "OperationOutcome"}),
        resource(P1),
        resource(bundle(*map(str, range(ROOMY.entries)))),
    ],
)
def test_a_later_page_that_fails_leaves_the_first(second: object, make_client: MakeClient) -> None:
    served = {"Observation?patient=p1": resource(bundle("a", following=f"{PAGE}2")), f"{PAGE}2": second}
    with serving(served) as stub:
        found = make_client().fetch(access(stub.url), {"labs": SEARCH})["labs"]
    assert (found.outcome, ids(found)) == ("partial", ["a"])


@pytest.mark.parametrize("answer", [P1, {"resourceType": "Observation", "id": "p1"}, {}])
def test_a_search_is_answered_with_a_bundle(answer: object, make_client: MakeClient) -> None:
    with serving({"Observation?patient=p1": resource(answer)}) as stub:
        assert make_client().fetch(access(stub.url), {"labs": SEARCH}) == {"labs": Fetched("wrong-resource")}


def test_a_later_page_that_stalls_leaves_the_first(make_client: MakeClient) -> None:
    """With and without a thread that notices before the caller's time is up."""
    served = {"Observation?patient=p1": resource(bundle("a", following=f"{PAGE}2")), f"{PAGE}2": stall}
    for read_s in (0.7, 10.0):
        limits = FetchLimits(budget_s=1.5, read_s=read_s)
        with serving(served) as stub:
            found = make_client(limits=limits).fetch(access(stub.url), {"labs": SEARCH})["labs"]
        assert (found.outcome, ids(found)) == ("partial", ["a"])


def test_a_search_whose_first_page_came_with_the_call_is_continued(make_client: MakeClient) -> None:
    served = {f"{PAGE}2": resource(bundle("b", following=f"{PAGE}3")), f"{PAGE}3": resource(bundle("c"))}
    with serving(served) as stub:
        links = {"labs": f"{stub.url}/{PAGE}2", "vitals": f"{PAGE}3", "gone": f"{PAGE}9"}
        found = make_client().fetch(access(stub.url), {}, links)
        assert {key: (each.outcome, ids(each)) for key, each in found.items()} == {
            "labs": ("ok", ["b", "c"]),
            "vitals": ("ok", ["c"]),
            "gone": ("not-found", []),
        }
        stub.behaviours[f"{PAGE}3"] = resource(bundle("c", following=f"{PAGE}4"))
        stub.behaviours[f"{PAGE}4"] = resource(bundle("d"))
        labs = make_client().fetch(access(stub.url), {}, {"labs": f"{PAGE}2"})["labs"]
        assert (labs.outcome, ids(labs)) == ("partial", ["b", "c"]), "the page that came is counted"


def test_links_of_a_patient_are_no_pages(make_client: MakeClient) -> None:
    linked = P1 | {"link": [{"relation": "next", "url": "Patient/p2", "type": "seealso"}]}
    with serving({"Patient/p1": resource(linked)}) as stub:
        assert make_client().fetch(access(stub.url), {"patient": PATIENT})["patient"].complete
        assert stub.paths == ["Patient/p1"]


def test_redirects_within_the_server_are_followed_three_times(make_client: MakeClient) -> None:
    def hop(to: str, status: str = "307 Temporary Redirect") -> object:
        return resource(b"moved", status, f"Location: {to}\r\n")

    with serving({}) as stub:
        stub.behaviours = {
            "Patient/p1": hop(f"{stub.url}/one"),
            "one": hop("/fhir/two", "301 Moved"),
            "two": hop("three", "303 See Other"),
            "three": resource(P1),
            "Patient/p2": hop("Patient/p1"),
        }
        client = make_client()
        assert client.fetch(access(stub.url), {"patient": PATIENT})["patient"].outcome == "ok"
        assert stub.paths == ["Patient/p1", "one", "two", "three"]
        assert {asked.headers["authorization"] for asked in stub.asked} == {f"Bearer {TOKEN}"}
        stub.behaviours["Patient/p2"] = hop(f"{stub.url}/Patient/p1")
        far = PATIENT._replace(url="Patient/p2", id="p2")
        assert client.fetch(access(stub.url), {"patient": far})["patient"].outcome == "redirect"
        assert stub.paths[4:] == ["Patient/p2", "Patient/p1", "one", "two"]


def test_all_queries_are_under_way_at_once(make_client: MakeClient) -> None:
    together = threading.Barrier(4, timeout=9)

    def answer(asked: Asked, sock: object) -> None:
        together.wait()
        resource(bundle("a"))(asked, sock)

    queries = {each: SEARCH._replace(url=f"Observation?patient={each}") for each in "abcd"}
    with serving({"*": answer}) as stub:
        found = make_client().fetch(access(stub.url), queries)
    assert {each.outcome for each in found.values()} == {"ok"}


def test_a_failed_connection_is_tried_once_more(make_client: MakeClient, dialled: Dialled) -> None:
    with serving({}) as stub:
        pass
    found = make_client().fetch(access(stub.url), {"patient": PATIENT})
    assert found["patient"].outcome == "connection"
    assert dialled.addresses == [("127.0.0.1", stub.port)] * 2


def test_each_address_of_a_name_is_tried(make_client: MakeClient, dialled: Dialled) -> None:
    with serving({"Patient/p1": resource(P1)}) as stub:
        client = make_client("localhost", resolve=Resolver(["127.0.0.9", "127.0.0.1"]))
        found = client.fetch(access(f"http://localhost:{stub.port}/fhir"), {"patient": PATIENT})
        assert found["patient"].outcome == "ok"
        assert dialled.addresses == [("127.0.0.9", stub.port), ("127.0.0.1", stub.port)]


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), OSError(), ValueError()])
def test_a_name_that_cannot_be_resolved(error: Exception, make_client: MakeClient) -> None:
    def resolve(*asked: object) -> list[object]:
        raise error

    found = make_client("fhir.example.org", resolve=resolve).fetch(access("https://fhir.example.org"), {"a": PATIENT})
    assert found["a"].outcome == "connection"


def test_nobody_who_answers_in_time(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def dial(*asked: object, **rest: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(connection, "create_connection", dial)
    assert make_client().fetch(access("http://127.0.0.1:9"), {"a": PATIENT})["a"].outcome == "timeout"


def test_connections_are_kept_from_call_to_call(make_client: MakeClient) -> None:
    with serving({"Patient/p1": resource(P1, extra="Set-Cookie: a=b\r\n")}) as stub:
        client = make_client()
        for _ in range(3):
            assert client.fetch(access(stub.url), {"patient": PATIENT})["patient"].outcome == "ok"
        assert (stub.connections, len(stub.asked)) == (1, 3)
        assert not any("cookie" in asked.headers for asked in stub.asked)


def test_gzip_is_understood(make_client: MakeClient) -> None:

    body = gzip.compress(json.dumps(P1).encode())
    with serving({"Patient/p1": resource(body, extra="Content-Encoding: gzip\r\n")}) as stub:
        assert make_client().fetch(access(stub.url), {"patient": PATIENT})["patient"].complete


def test_what_the_scopes_do_not_cover_is_not_asked(make_client: MakeClient) -> None:
    with serving({"Patient/p1": resource(P1)}) as stub:
        narrow = Access(stub.url, TOKEN, parse_scopes("patient/Patient.r"))
        found = make_client().fetch(narrow, {"patient": PATIENT, "labs": SEARCH})
        assert {key: each.outcome for key, each in found.items()} == {"patient": "ok", "labs": "scope"}
        assert make_client().fetch(narrow, {"labs": SEARCH}) == {"labs": Fetched("scope")}
        assert stub.paths == ["Patient/p1"]


def test_nothing_is_started_before_it_is_needed_nor_left_afterwards() -> None:
    def of_the_client() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("fhir")]

    client = FhirClient(parse_hosts("127.0.0.1"), ROOMY, lambda: 0.0)
    client.close()
    with serving({"Patient/p1": resource(P1)}) as stub:
        assert client.fetch(access(stub.url), {}) == {}
        assert (
            client.fetch(access("https://fhir.example.org"), {"patient": PATIENT})["patient"].outcome == "host-refused"
        )
        assert of_the_client() == []
        for _ in range(2):
            assert client.fetch(access(stub.url), {"patient": PATIENT})["patient"].outcome == "ok"
            assert len(of_the_client()) == 1
            client.close()
            assert of_the_client() == []


def test_a_client_that_is_closed_meanwhile_raises_nothing(make_client: MakeClient) -> None:
    with serving({"Patient/p1": resource(P1)}) as stub:
        client = make_client()
        client.fetch(access(stub.url), {"patient": PATIENT})
        client._tools[2].shutdown()
        assert client.fetch(access(stub.url), {"patient": PATIENT})["patient"].outcome == "connection"


FORKING = """
import os, sys, time
from cds_service.fhir import connection
from cds_service.fhir.access import Access
from cds_service.fhir.call import FetchLimits
from cds_service.fhir.call import FetchLimits
from cds_service.fhir.client import FhirClient
from cds_service.fhir.hosts import parse_hosts
from cds_service.fhir.query import Query

client = FhirClient(parse_hosts("127.0.0.1"), FetchLimits(budget_s=9), time.monotonic)
def fetched():
    found = client.fetch(Access(sys.argv[1], "t"), {"patient": Query("Patient/p1", "Patient", "read", "p1")})
    return found["patient"].outcome
here = [fetched()] if sys.argv[2] == "used" else []
child = os.fork()
if child == 0:
    outcome = fetched()
    client.close()
    os._exit(0 if outcome == "ok" else 1)
there = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(*here, fetched(), there)
client.close()
"""


@pytest.mark.parametrize(("used", "printed"), [("fresh", "ok 0"), ("used", "ok ok 0")])
def test_a_client_survives_a_fork(used: str, printed: str) -> None:
    with serving({"Patient/p1": resource(P1)}) as stub:
        script = [sys.executable, "-W", "ignore", "-c", FORKING, stub.url, used]
        done = subprocess.run(script, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == (printed, "")


def test_neither_token_nor_patient_is_in_any_log_or_error(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    served = {
        "Patient/p1": resource({}, "401 Unauthorized"),
        "Observation?patient=p1": resource(b"X" * 10, extra=f"WWW-Authenticate: {TOKEN}\r\nbad header\r\n"),
        "Observation?patient=p3": stall,
        "Patient/p4": resource(b"", "302 Found", f"Location: http://127.0.0.1:1/{TOKEN}\r\n"),
    }
    with serving(served) as stub:
        queries = {
            "patient": PATIENT,
            "labs": SEARCH,
            "vitals": SEARCH._replace(url="Observation?patient=p3"),
            "moved": PATIENT._replace(url="Patient/p4", id="p4"),
        }
        found = make_client(limits=SMALL).fetch(access(stub.url), queries)
    closed = make_client(limits=SMALL).fetch(access(stub.url), {"patient": PATIENT})
    shown = f"{found!r} {closed!r} {caplog.text} {''.join(capfd.readouterr())}"
    assert TOKEN not in shown
    assert not any(each in shown for each in ("Patient/p1", "patient=p1", "1970"))


def test_a_failure_tells_its_word_only() -> None:
    failure = Failed("timeout")
    assert traceback.format_exception_only(failure) == ["cds_service.fhir.outcome.Failed: timeout\n"]


def test_outcomes_are_a_closed_list() -> None:
    assert {outcome_of_status(status) for status in range(1000)} < OUTCOMES
    assert len(OUTCOMES) == 22


def test_an_empty_list_refuses_everything(make_client: MakeClient) -> None:
    client = make_client("")
    assert client._gate.hosts == AllowedHosts()
    found = client.fetch(access("http://127.0.0.1:9"), {"patient": PATIENT}, {"labs": "x"})
    assert {key: each.outcome for key, each in found.items()} == {"patient": "host-refused", "labs": "host-refused"}


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_law_any_body_is_a_resource_or_a_word(body: bytes) -> None:
    with suppress(Failed):
        assert isinstance(_decoded(body), Resource)


@given(st.text(), st.text())
def test_law_any_link_leads_somewhere_or_nowhere(url: str, link: str) -> None:
    assert isinstance(follow(url, link), str)
