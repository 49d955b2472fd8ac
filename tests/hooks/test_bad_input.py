"""Bad input is answered 400, 404, 405 or 413 with a reason, never 500. Numbers in names are requirement ids."""

import json
from itertools import product

import pytest

from tests.hooks.calls import SERVICE, assert_outcome, post
from tests.requests import bundle, condition, order, request

UNREADABLE = [b"1e999", b'"\xff"', b"1" * 5000]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (("hook",), "hook"),
        (("hookInstance",), "hookInstance"),
        (("context",), "context"),
        (("context", "patientId"), "context.patientId"),
        (("context", "selections"), "context.selections"),
        (("context", "draftOrders"), "context.draftOrders"),
    ],
)
@pytest.mark.parametrize("value", ["absent", None, 7, True])
def test_c2_a_missing_or_ill_typed_field_is_400_and_named(client, path, word, value):
    body = request(condition("G61.81"))
    parent = body if len(path) == 1 else body[path[0]]
    parent[path[-1]] = value
    if value == "absent":
        del parent[path[-1]]
    assert word in assert_outcome(post(client, body), 400)


def test_c2_draft_orders_must_be_a_bundle(client):
    body = request(condition("G61.81"))
    body["context"]["draftOrders"] = {"resourceType": "List", "entry": []}
    assert "context.draftOrders" in assert_outcome(post(client, body), 400)
    body["context"]["draftOrders"] = {"entry": bundle(order())["entry"]}
    assert len(post(client, body).json["cards"]) == 1


def test_c2_all_faults_are_said_at_once(client):
    text = assert_outcome(post(client, {"context": {}}), 400)
    for word in ("hook", "hookInstance", "context.patientId", "context.selections", "context.draftOrders"):
        assert word in text


def test_c5_c8_what_is_not_read_is_ignored(client):
    body = request(condition("G61.81")) | {"fhirAuthorization": None, "fhirServer": None, "foo": {"bar": [1]}}
    body["context"] |= {"extension": {"x": 1}, "userId": None}
    assert len(post(client, body).json["cards"]) == 1


def test_c6_the_hook_must_be_the_services_own(client):
    assert "order-select" in assert_outcome(post(client, request() | {"hook": "patient-view"}), 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b"null",
        b'{"hook": "order-select"',
        b"{}{}",
        b'{"hook": NaN}',
        b'{"hook": "\\ud800"}',
        b'\xef\xbb\xbf{"hook": 1}',
        '{"hook": "order-select"}'.encode("utf-16"),
        b'{"hook": "\xff"}',
        b'{"hook": 1e99999, "context": {}}',
    ],
)
def test_c9_what_is_not_a_json_object_is_400(client, body):
    assert_outcome(client.post(SERVICE, data=body, content_type="application/json"), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_c9_another_content_type_is_400_and_says_which_is_wanted(client, kind):
    answer = client.post(SERVICE, data=json.dumps(request()), content_type=kind)
    assert "application/json" in assert_outcome(answer, 400)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/fhir+json", "APPLICATION/JSON", None])
def test_json_content_types_and_none_are_taken(client, kind):
    answer = client.post(SERVICE, data=json.dumps(request(condition("G61.81"))), content_type=kind)
    assert len(answer.json["cards"]) == 1


def test_c7_an_unknown_service_is_404_and_another_method_405(client):
    assert "/cds-services" in assert_outcome(client.post("/cds-services/nope", json=request()), 404)
    assert_outcome(client.get("/no-such-route"), 404)
    for answer in (client.get(SERVICE), client.put(SERVICE, json={}), client.delete(SERVICE)):
        assert_outcome(answer, 405)
        assert "POST" in answer.headers["Allow"]
    assert_outcome(client.post("/cds-services", json={}), 405)


@pytest.mark.parametrize("address", ["/cds-services//ivig-order-select", "//cds-services/ivig-order-select"])
def test_c10_an_address_with_a_doubled_slash_is_unknown_and_no_redirect(client, address):
    answer = client.post(address, json=request(), headers={"Host": "elsewhere.example"})
    assert "elsewhere" not in assert_outcome(answer, 404)
    assert "Location" not in answer.headers


def test_limits_are_answered_413(make_client):
    client = make_client(max_body_bytes=2000, max_entries=2)
    assert "2000" in assert_outcome(post(client, request(condition("G61.81"), condition("I10" * 700, "c2"))), 413)
    body = request()
    body["prefetch"]["conditions"]["entry"] = [{}, {}, {}]
    assert "2 entries" in assert_outcome(post(client, body), 413)


@pytest.mark.parametrize("place", [b'{"hook": %s}', b'{"unknown": %s}', b'{"context": {"draftOrders": %s}}'])
@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_is_answered_413(client, place, pair):
    deep = pair[0] * 100_000 + b"1" + pair[1] * 100_000
    answer = client.post(SERVICE, data=place % deep, content_type="application/json")
    assert "nested" in assert_outcome(answer, 413)


@pytest.mark.parametrize("element", ["clinicalStatus", "verificationStatus"])
@pytest.mark.parametrize("value", [*UNREADABLE, b'{"text": 1e999}', b'{"coding": [{"code": -1e999}]}'])
def test_a_status_that_cannot_be_read_is_400(client, element, value):
    body = json.dumps(request(condition("G61.81", **{element: "@"}))).encode().replace(b'"@"', value)
    assert "number out of range" in assert_outcome(_raw(client, body), 400)


RESULT = ["valueQuantity", "valueCodeableConcept", "interpretation", "component", "referenceRange"]


@pytest.mark.parametrize(("element", "value"), [*product(RESULT, UNREADABLE), ("valueQuantity", b'{"value": -1e999}')])
def test_a_result_that_cannot_be_read_is_400(client, element, value):
    body = request(condition("G72.49"))
    code = {"coding": [{"system": "http://loinc.org", "code": "93493-5"}]}
    body["prefetch"]["observations"] = bundle({"resourceType": "Observation", "id": "o1", "code": code, element: "@"})
    assert "number out of range" in assert_outcome(_raw(client, json.dumps(body).encode().replace(b'"@"', value)), 400)


NESTED = ("reason", "contained", "dosageInstruction", "quantityQuantity", "note", "medicationReference", "extension")


@pytest.mark.parametrize("element", NESTED)
def test_an_order_nested_to_any_depth_is_answered_or_refused(client, element):
    body = json.dumps(request(condition("G61.81"), orders=[order(**{element: "@"})])).encode()
    nested = [body.replace(b'"@"', b'{"value":' * depth + b"1" + b"}" * depth) for depth in range(1, 1001, 3)]
    assert {_raw(client, each).status_code for each in nested} == {200, 413}


def _raw(client, body):
    return client.post(SERVICE, data=body, content_type="application/json")


def test_orders_times_records_have_a_limit(client):
    orders = [order(identifier=f"m{i}") for i in range(100)]
    few, many = ([condition("G61.81", f"c{i}") for i in range(number)] for number in (20, 2501))
    assert post(client, request(*few, orders=orders)).status_code == 200
    assert "fewer orders" in assert_outcome(post(client, request(*many, orders=orders)), 413)
