"""What a call gets when the EHR's FHIR server answers otherwise than it should: "not available", or 412, never more."""

import dataclasses
import json
import time

import pytest

from tests.fhir.stub import drip, reset, resource, serving, stall
from tests.hooks.calls import assert_outcome, post
from tests.requests import OPTIONAL, bundle, condition, request

TOKEN = "canary-token-5d1e"
LAB = {"resourceType": "Observation", "id": "l1", "status": "final", "subject": {"reference": "Patient/p2"}}
OTHER_PATIENT = bundle(LAB)
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]}
HOSTS = "localhost,127.0.0.1"
ENDINGS = {
    "unauthorized": resource(OUTCOME, "401 Unauthorized"),
    "forbidden": resource(OUTCOME, "403 Forbidden"),
    "not-found": resource(OUTCOME, "404 Not Found"),
    "throttled": resource(OUTCOME, "429 Too Many Requests"),
    "server-error": resource(OUTCOME, "503 Service Unavailable"),
    "operation-outcome": resource(OUTCOME),
    "wrong-resource": resource({"resourceType": "Patient", "id": "p9"}),
    "not-json": resource(b"<html>SENTINEL</html>"),
    "foreign-patient": resource(OTHER_PATIENT),
    "connection": reset,
}


def without(*keys, **authorization):
    body = request(condition("G61.81"))
    for key in keys:
        del body["prefetch"][key]
    given = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "cds",
    }
    return body | {"fhirAuthorization": {**given, **authorization}}


@pytest.fixture
def answering(make_client):
    """A function that posts a call to a service whose FHIR server behaves in one way."""

    def ask(body, behaviour, **settings):
        with serving({"*": behaviour}) as stub:
            answer = post(make_client(fhir_allowed_hosts=HOSTS, **settings), body | {"fhirServer": stub.url})
        return answer, stub

    return ask


@pytest.mark.parametrize("word", ENDINGS)
def test_an_optional_key_that_cannot_be_fetched_is_not_available(answering, log, word):
    answer, _ = answering(without("observations"), ENDINGS[word])
    assert answer.status_code == 200
    (card,) = answer.json["cards"]
    assert "not available: observations." in card["detail"]
    (line,) = [json.loads(each) for each in log]
    assert (line["missing"], line["fetched"]) == (["observations"], {"observations": word})
    assert TOKEN not in "".join(log) + answer.text
    assert "SENTINEL" not in "".join(log) + answer.text


@pytest.mark.parametrize("word", ENDINGS)
def test_a_required_key_that_cannot_be_fetched_is_a_412_that_says_why(answering, word):
    answer, _ = answering(without("conditions"), ENDINGS[word])
    assert f"conditions ({word})" in assert_outcome(answer, 412)


@pytest.mark.parametrize(
    ("word", "authorization"),
    [
        ("expired", {"expires_in": 0}),
        ("foreign", {"patient": "p2"}),
        ("incomplete", {"access_token": None}),
        ("scope", {"scope": "patient/Patient.read"}),
    ],
)
def test_a_token_that_is_not_to_be_used_is_not_sent(answering, word, authorization):
    answer, stub = answering(without("conditions", **authorization), resource(bundle()))
    assert f"conditions ({word})" in assert_outcome(answer, 412)
    assert stub.asked == []


def test_a_host_that_is_not_listed_is_not_called_and_a_412_says_so(make_client):
    body = without("conditions") | {"fhirServer": "http://127.0.0.1:9/fhir"}
    answer = post(make_client(fhir_allowed_hosts="fhir.example.org"), body)
    assert "conditions (host-refused)" in assert_outcome(answer, 412)


def test_another_drug_fetches_nothing(answering):
    body = json.loads(json.dumps(without("conditions", "observations")).replace("1809517", "1191"))
    answer, stub = answering(body, resource(bundle()))
    assert (answer.json, stub.asked) == ({"cards": []}, [])


@pytest.mark.parametrize("behaviour", [stall, drip(b"HTTP/1.1 200 OK\r\n"), drip(b"HTTP/1.1 200 OK\r\n\r\n")])
def test_a_server_that_does_not_come_to_an_end_holds_no_call_beyond_its_budget(answering, effects, behaviour):
    ticking = dataclasses.replace(effects, seconds=time.monotonic)
    answer, _ = answering(without(*OPTIONAL[:4]), behaviour, fhir_budget_s=0.4, effects=ticking)
    assert answer.status_code == 200
    assert "not available: observations, " in answer.json["cards"][0]["detail"]


def paged(*conditions):
    """A call whose conditions came with their first page only; the link is filled in by `at`."""
    body = without()
    body["prefetch"]["conditions"] = bundle(*conditions) | {"link": [{"relation": "next", "url": "@"}]}
    return body


def at(body, stub):
    return json.loads(json.dumps(body | {"fhirServer": stub.url}).replace('"@"', f'"{stub.url}/next"'))


def test_the_pages_that_did_not_come_are_fetched(make_client):
    with serving({"*": resource(bundle(condition("G61.81")))}) as stub:
        (card,) = post(make_client(fhir_allowed_hosts=HOSTS), at(paged(), stub)).json["cards"]
    assert card["extension"]["org.cds-service.recommendations"][0]["disorder"] == "cidp"
    assert "pages came" not in card["detail"]
    assert "first page" not in card["detail"]


def test_pages_that_cannot_be_fetched_are_told(make_client):
    with serving({"*": resource(OUTCOME, "503 Service Unavailable")}) as stub:
        (card,) = post(make_client(fhir_allowed_hosts=HOSTS), at(paged(condition("G61.81")), stub)).json["cards"]
    assert "conditions (only the first page came)" in card["detail"]


def test_pages_beyond_the_limit_are_told(make_client):
    more = bundle(condition("G61.81")) | {"link": [{"relation": "next", "url": "?again"}]}
    with serving({"*": resource(more)}) as stub:
        body = without("conditions") | {"fhirServer": stub.url}
        (card,) = post(make_client(fhir_allowed_hosts=HOSTS, fhir_max_pages=2), body).json["cards"]
    assert "conditions (only the first pages came)" in card["detail"]
    assert len(stub.asked) == 2
