"""C: being called."""

import copy
import json

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from tests.contract.service import SERVICE, advice, outcome, post
from tests.requests import condition, request

CIDP = condition("G61.81")
COMPLETE = {
    "access_token": "some-opaque-fhir-access-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/*.read",
    "subject": "cds",
}


@pytest.fixture
def expected(client):
    """The advice on the plain call, which must stay what it is."""
    found = advice(post(client, request(CIDP)))
    assert found
    return found


def test_C1_a_call_is_answered(client):
    answer = post(client, request(CIDP))
    assert answer.status_code == 200
    assert answer.json["cards"]


@pytest.mark.parametrize("path", ["hook", "hookInstance", "context", "context.patientId", "context.draftOrders"])
@pytest.mark.parametrize("value", ["absent", None, "", 7, True, []], ids=str)
def test_C2_a_required_field_that_is_missing_or_ill_typed_is_400_and_named(client, path, value):
    body = request(CIDP)
    *above, name = path.split(".")
    holder = body[above[0]] if above else body
    holder[name] = value
    if value == "absent":
        del holder[name]
    assert name in outcome(post(client, body), 400)


def test_C3_the_same_hook_instance_may_come_again(client, expected):
    for instance in (request()["hookInstance"],) * 2 + ("not-a-uuid",):
        assert advice(post(client, request(CIDP) | {"hookInstance": instance})) == expected


def test_C4_a_token_without_a_server_changes_nothing(client, expected):
    assert advice(post(client, request(CIDP) | {"fhirAuthorization": COMPLETE})) == expected


@pytest.mark.parametrize(
    "token",
    [
        None,
        {},
        [],
        "Bearer x",
        7,
        *({key: COMPLETE[key] for key in COMPLETE if key != left_out} for left_out in COMPLETE),
        COMPLETE | {"expires_in": "300"},
        COMPLETE | {"access_token": {"a": 1}},
        COMPLETE | {"token_type": "mac"},
    ],
    ids=str,
)
@pytest.mark.parametrize("server", [None, "http://127.0.0.1:1/fhir", 7])
def test_C5_an_incomplete_token_is_no_fault_when_everything_was_sent(client, expected, token, server):
    body = request(CIDP) | {"fhirServer": server, "fhirAuthorization": token}
    assert advice(post(client, body)) == expected


@pytest.mark.parametrize("hook", ["patient-view", "order-dispatch", "order-select ", "ORDER-SELECT"])
def test_C6_a_call_for_another_hook_gets_an_error_and_no_advice(client, hook):
    outcome(post(client, request(CIDP) | {"hook": hook}), 400)


def test_C7_an_unknown_service_is_404_and_another_method_405(client):
    outcome(post(client, request(), "/cds-services/no-such-service"), 404)
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = client.open(SERVICE, method=method)
        outcome(answer, 405)
        assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("where", ["body", "context", "prefetch bundle", "order", "condition"])
def test_C8_what_is_not_known_is_ignored(client, expected, where):
    body = request(CIDP)
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    conditions = body["prefetch"]["conditions"]
    holders = {"body": body, "context": body["context"], "prefetch bundle": conditions, "order": order}
    holder = holders.get(where, conditions["entry"][0]["resource"])
    holder |= {"foo": {"bar": [1, None]}, "extension": [{"url": "http://example.org/x", "valueString": "x"}]}
    found = advice(post(client, body))
    assert without_drafts(found) == without_drafts(expected)


def without_drafts(cards):
    found = copy.deepcopy(cards)
    for card in found:
        card.pop("suggestions", None)
    return found


GARBAGE = {
    "nothing": b"",
    "text": b"hook=order-select",
    "a list": b"[]",
    "null": b"null",
    "cut off": b'{"hook": "order-select"',
    "two objects": json.dumps(request()).encode() * 2,
    "a comment": b'{"hook": "order-select" /* */}',
    "UTF-16": json.dumps(request()).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(request()).encode(),
    "not UTF-8": json.dumps(request()).encode().replace(b"p1", b"\xff\xfe"),
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_C9_what_is_not_one_json_object_is_400(client, body):
    outcome(client.post(SERVICE, data=body, content_type="application/json"), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_C9_another_content_type_is_refused(client, kind):
    outcome(client.post(SERVICE, data=json.dumps(request(CIDP)), content_type=kind), 400, 415)


def test_C10_an_error_carries_a_valid_operation_outcome(client):
    errors = [
        client.post(SERVICE, data=b"{"),
        client.get("/no-such-address"),
        client.get(SERVICE),
        post(client, request() | {"prefetch": {}}),
        client.post(SERVICE, data=b" " * 10_000_001, content_type="application/json"),
    ]
    assert [each.status_code for each in errors] == [400, 404, 405, 412, 413]
    for each in errors:
        OperationOutcome.model_validate_json(each.data)
        outcome(each, each.status_code)


def test_C11_an_error_is_never_a_card(answers):
    errors = [call for call in answers if call.status != 200]
    assert errors
    for call in errors:
        assert 400 <= call.status < 500
        assert "cards" not in call.body
    assert all("cards" in call.body for call in answers if call.status == 200)
