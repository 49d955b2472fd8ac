"""F1, F6, F8 and G: what did not come with the call is fetched from the EHR's FHIR server."""

import copy
import re
import socket
import sys

import pytest

from tests.conftest import TODAY
from tests.contract.fhir_server import TOKEN, authorization, fhir_server
from tests.contract.service import advice, outcome, post, served, steady, unchecked
from tests.requests import OPTIONAL, bundle, condition, request
from tests.test_alert_burden import result

CIDP, IBM, CKD = condition("G61.81"), condition("G72.41", "c2"), condition("N18.30", "c3")
PATIENT = {"reference": "Patient/p1"}


def categorized(resource, category):
    coded = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}
    return resource | {"category": [{"coding": [coded]}], "subject": PATIENT}


def full():
    """Return a call whose prefetch is complete and holds a risk, a result and a weight."""
    body = request(CIDP, CKD)
    body["prefetch"] |= {key: bundle() for key in OPTIONAL if key != "encounter"}
    body["prefetch"]["observations"] = bundle(categorized(result("o1", "2160-0", 2.5, "mg/dL"), "laboratory"))
    body["prefetch"]["vitals"] = bundle(categorized(result("w1", "29463-7", 70, "kg"), "vital-signs"))
    return body


def reaching(body, server, *left_out, **more):
    """Return a call without some prefetch keys that gives access to a server instead."""
    changed = copy.deepcopy(body)
    for key in left_out or list(changed["prefetch"]):
        del changed["prefetch"][key]
    return changed | {"fhirServer": server.base, "fhirAuthorization": authorization(**more)}


@pytest.fixture
def expected(client):
    """The advice when everything came with the call."""
    found = advice(post(client, full()))
    assert len(found) > 1
    return found


@pytest.fixture
def server():
    with fhir_server(full()["prefetch"]) as found:
        yield found


@pytest.fixture
def fetching(knowledge, log):
    with served(knowledge, steady(TODAY, log.append), fhir_allowed_hosts="127.0.0.1") as client:
        yield client


def test_F1_what_is_missing_and_nothing_else_is_fetched(fetching, server, expected):
    assert advice(post(fetching, reaching(full(), server, "conditions", "vitals"))) == expected
    kinds = {re.split(r"[/?]", each.path.removeprefix("/fhir/"))[0] for each in server.asked}
    assert kinds == {"Condition", "Observation"}
    assert len(server.asked) == 2


def test_F6_what_the_client_could_not_read_is_not_asked_for_again(fetching, server):
    body = reaching(full(), server, "vitals")
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}
    body["prefetch"]["allergies"] = failed
    assert "allergies" in unchecked(advice(post(fetching, body)))
    assert [each.path for each in server.asked if "Allergy" in each.path] == []


def test_F8_further_pages_are_fetched_with_the_token(fetching, expected):
    with fhir_server(full()["prefetch"], pages=True) as paged:
        assert advice(post(fetching, reaching(full(), paged))) == expected
    rest = [each for each in paged.asked if "rest=1" in each.path]
    assert rest
    assert {each.authorization for each in rest} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("left_out", ["fhirServer", "fhirAuthorization"])
def test_G1_without_both_a_server_and_a_token_nothing_is_called(fetching, server, left_out):
    body = reaching(full(), server, "conditions")
    del body[left_out]
    outcome(post(fetching, body), 412)
    assert server.asked == []


def test_G2_every_query_carries_the_token(fetching, server, expected):
    assert advice(post(fetching, reaching(full(), server))) == expected
    assert len(server.asked) > 5
    assert {each.authorization for each in server.asked} == {f"Bearer {TOKEN}"}


def test_G3_the_token_is_in_no_answer_no_log_and_no_store(knowledge, log, tmp_path, capfd, server):
    with served(knowledge, steady(TODAY, log.append), fhir_allowed_hosts="127.0.0.1", folder=tmp_path) as client:
        texts = [post(client, reaching(full(), server)).text]
        server.prefetch = {}
        texts += [post(client, reaching(full(), server)).text]
        texts += [post(client, reaching(full(), server) | {"hook": TOKEN}).text]
    assert server.asked
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    told = "".join([*texts, *log, *capfd.readouterr()])
    assert TOKEN not in told
    assert TOKEN.encode() not in kept


def test_G4_the_documents_name_the_scope_of_each_query(root, services):
    text = (root / "docs" / "integrating.md").read_text()
    for each in services:
        for query in each["prefetch"].values():
            kind = re.split(r"[/?]", query)[0]
            assert re.search(rf"patient/{kind}\.r", text), kind


def test_G5_the_advice_is_the_same_by_prefetch_and_by_access(fetching, server, expected):
    assert advice(post(fetching, full())) == expected
    assert server.asked == []
    assert advice(post(fetching, reaching(full(), server))) == expected


SCOPES = {
    "SMART 1": "launch patient/*.read",
    "SMART 1 by type": " ".join(
        f"patient/{kind}.read"
        for kind in (
            "Patient Condition Observation Encounter MedicationRequest AllergyIntolerance Procedure Immunization "
            "ImmunizationRecommendation"
        ).split()
    ),
    "SMART 2": "patient/*.rs",
    "SMART 2 user": "user/*.cruds",
}


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
def test_G6_scopes_in_both_syntaxes_are_understood(fetching, server, expected, scope):
    assert advice(post(fetching, reaching(full(), server, scope=scope))) == expected


def test_G7_a_server_that_ignores_a_parameter_changes_no_advice(fetching, expected):
    with fhir_server(full()["prefetch"], careless=True) as careless:
        assert advice(post(fetching, reaching(full(), careless))) == expected


UNLISTED = [
    "http://169.254.169.254/fhir",
    "https://169.254.169.254/latest",
    "https://10.0.0.1/fhir",
    "https://[::ffff:169.254.169.254]/fhir",
    "https://fhir.example.org/fhir",
    "https://127.0.0.1.example.org/fhir",
    "https://127.0.0.1@169.254.169.254/fhir",
    "https://2852039166/fhir",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "//127.0.0.1/fhir",
    "not an address",
    "",
]


class Network:
    """Every attempt of this process to resolve a name or to connect; none gets through while it is watched.

    An audit hook sees them whoever makes them; it cannot be taken away again, so it is there once and sleeps.
    """

    events = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.sendto"})

    def __init__(self):
        self.is_watched, self.attempts = False, []
        sys.addaudithook(self.hear)

    def hear(self, event, args):
        if self.is_watched and event in self.events:
            self.attempts.append(event)
            raise OSError("this test has no network")


@pytest.fixture(scope="session")
def listener():
    return Network()


@pytest.fixture
def network(listener):
    """The attempts of a test to reach anybody."""
    listener.attempts, listener.is_watched = [], True
    yield listener.attempts
    listener.is_watched = False


@pytest.mark.parametrize("address", UNLISTED)
def test_G8_a_server_that_is_not_listed_is_never_called(fetching, network, address):
    body = full() | {"fhirServer": address, "fhirAuthorization": authorization()}
    del body["prefetch"]["conditions"]
    text = outcome(post(fetching, body), 412)
    assert network == []
    assert TOKEN not in text


def test_G8_without_a_list_no_server_is_called(client, server, network):
    outcome(post(client, reaching(full(), server)), 412)
    assert network == []
    assert server.asked == []


def test_G8_the_test_above_would_notice_a_call(network):
    for attempt in (lambda: socket.getaddrinfo("127.0.0.1", 80), lambda: socket.create_connection(("127.0.0.1", 9))):
        with pytest.raises(OSError, match="no network"):
            attempt()
    assert network == ["socket.getaddrinfo", "socket.getaddrinfo"]
