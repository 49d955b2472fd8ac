"""The explanation by HTTP: only where a setting allows it, guarded and logged as a call, and as it is described."""

import copy
import json
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from cds_service import __version__
from cds_service.hooks.explain_route import MOST_WORK
from cds_service.hooks.openapi import describe
from tests.access.tokens import ISSUER, make_claims, make_header, pair, sign
from tests.contract_schema import DESCRIPTION
from tests.golden import CASES
from tests.hooks.calls import SERVICE, assert_outcome
from tests.requests import bundle, condition, request
from tests.test_openapi import nodes

ADDRESS = f"{SERVICE}/explain"
WITH = describe([], None, __version__, authenticated=False, explains=True)


@pytest.fixture
def explaining(make_client):
    return make_client(explain=True)


def answers_to(client, path, **more):
    answer = client.post(path, json=request(condition("G61.81")), **more)
    return answer.status_code, answer.headers["Content-Type"], answer.json


@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_unless_it_is_allowed_the_address_is_like_any_unknown_one(client, method):
    ask = getattr(client, method)
    found, unknown = ask(ADDRESS), ask("/nowhere/at/all")
    assert (found.status_code, found.data) == (unknown.status_code, unknown.data)
    assert "/cds-services/{id}/explain" not in client.get("/openapi.json").json["paths"]


def test_where_it_is_allowed_a_call_is_explained(explaining, log):
    answer = explaining.post(ADDRESS, json=request(condition("G61.81")))
    assert answer.status_code == 200
    (order,) = answer.json["orders"]
    assert order["concerned"] is True
    assert "cidp#recommend" in order["fired"]
    (line,) = map(json.loads, log)
    assert (line["event"], line["status"], line["service"]) == ("explain", 200, "ivig-order-select")
    assert not {"cards", "issuer"} & line.keys()
    assert "G61.81" not in log[0]
    assert "c1" not in log[0]


def test_it_leaves_nothing_in_the_store_and_counts_no_card(explaining):
    explaining.post(ADDRESS, json=request(condition("G61.81")))
    text = explaining.get("/metrics").text
    assert "cds_cards_total{" not in text
    assert "cds_call_seconds_count{" not in text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (json.dumps(request() | {"hook": "order-sign"}).encode(), 400),
        (json.dumps(request() | {"prefetch": {}}).encode(), 412),
        (json.dumps(request(condition("G61.81", subject={"reference": "Patient/other"}))).encode(), 400),
        (b'{"a": "' + b"x" * 2000 + b'"}', 413),
    ],
)
def test_a_call_that_is_refused_is_refused_alike(make_client, body, status, log):
    client = make_client(explain=True, max_body_bytes=1900)
    told = [assert_outcome(client.post(path, data=body), status) for path in (ADDRESS, SERVICE)]
    assert told[0] == told[1]
    explained, called = map(json.loads, log)
    keys = {"event", "request"}
    assert {k: v for k, v in explained.items() if k not in keys} == {k: v for k, v in called.items() if k not in keys}


def test_a_service_that_is_not_there_and_a_method_that_is_not_taken_are_refused(explaining):
    assert_outcome(explaining.post("/cds-services/nope/explain", json=request()), 404)
    assert explaining.get(ADDRESS).status_code == 405


def test_more_records_than_it_can_explain_are_refused(explaining):
    body = request(*(condition("G61.81", f"c{i}") for i in range(MOST_WORK)))
    assert str(MOST_WORK) in assert_outcome(explaining.post(ADDRESS, json=body), 413)
    assert explaining.post(SERVICE, json=body).status_code == 200


def test_another_machine_is_refused_as_it_is_for_a_call(explaining):
    answer = explaining.post(ADDRESS, json=request(), environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert_outcome(answer, 401)


def test_with_authentication_it_needs_a_token_for_its_own_address(make_client, clock, tmp_path):
    clients = tmp_path / "clients.json"
    clients.write_text(json.dumps({"clients": [{"iss": ISSUER, "jwks": {"keys": [pair("ehr-1").public_jwk]}}]}))
    base = "https://cds.example.org"
    client = make_client(explain=True, auth="on", public_url=base, clients_file=clients)

    def ask(path):
        times = {"iat": int(clock.now), "exp": int(clock.now) + 300}
        token = sign(make_header(), make_claims(aud=base + path, jti=path, **times))
        headers = {"Authorization": f"Bearer {token}"}
        return client.post(ADDRESS, json=request(condition("G61.81")), headers=headers)

    assert_outcome(client.post(ADDRESS, json=request()), 401)
    assert_outcome(ask(SERVICE), 401)
    assert ask(ADDRESS).status_code == 200


# The description


def test_with_the_addition_the_description_is_still_valid_and_whole():
    schemathesis.openapi.from_dict(copy.deepcopy(WITH)).validate()
    references = {each["$ref"] for each in nodes(WITH) if isinstance(each, dict) and "$ref" in each}
    parts = WITH["components"]
    assert references == {
        f"#/components/{kind}/{name}" for kind in parts if kind != "securitySchemes" for name in parts[kind]
    }
    assert WITH["components"]["schemas"].keys() > DESCRIPTION["components"]["schemas"].keys()


def test_it_is_served_where_the_address_is(explaining):
    assert "/cds-services/{id}/explain" in explaining.get("/openapi.json").json["paths"]


@pytest.fixture(scope="module")
def described():
    schema = {"$ref": "#/components/schemas/Explanation"}
    whole = {"components": WITH["components"], "allOf": [schema]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@pytest.mark.parametrize("name", sorted(CASES)[::80])
def test_every_explanation_is_as_described(explaining, described, name):
    case = CASES[name]
    answer = explaining.post(f"/cds-services/{name.partition('/')[0]}/explain", json=case.request)
    if answer.status_code == 200:
        described.validate(answer.json)


def test_what_is_not_described_is_refused(explaining, described):
    body = explaining.post(ADDRESS, json=request(condition("G61.81"))).json
    described.validate(body)
    for change in (
        lambda order: order.pop("concerned"),
        lambda order: order["actions"][0].update(outcome="maybe"),
        lambda order: order["actions"][0]["condition"].update(truth=None),
        lambda order: order["actions"][0]["condition"]["parts"].append({}),
        lambda order: order["order"].update(name="x"),
    ):
        broken = copy.deepcopy(body)
        change(broken["orders"][0])
        assert not described.is_valid(broken)


# Nothing of a person


def sentinels() -> dict[str, Any]:
    sentinel = "SENTINEL Smith"
    lab = {"resourceType": "Observation", "id": "l1", "status": "final", "valueString": "SENTINEL"}
    lab |= {
        "code": {"coding": [{"system": "http://loinc.org", "code": "19113-0", "display": sentinel}], "text": sentinel}
    }
    lab |= {"interpretation": [{"text": sentinel, "coding": [{"code": sentinel}]}]}
    body = request(
        condition("G61.81") | {"code": {"coding": [{"system": "x", "code": sentinel}], "text": f"CIDP {sentinel}"}},
        condition("E78.5", "c2", note=[{"text": sentinel}]),
    )
    body["prefetch"]["observations"] = bundle(lab | {"subject": {"reference": "Patient/p1"}})
    body["prefetch"]["patient"] |= {"name": [{"family": sentinel}], "gender": sentinel}
    body["context"]["draftOrders"]["entry"][0]["resource"]["status"] = "SENTINEL of a status"
    body["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"]["text"] = sentinel
    return body


def test_no_name_and_no_free_text_is_in_an_explanation_or_in_the_log(explaining, log):
    answer = explaining.post(ADDRESS, json=sentinels())
    assert answer.status_code == 200
    assert "SENTINEL" not in answer.text + "".join(log)
    told = answer.json["orders"][0]["data"]
    assert told["problems"]["records"][0] == {"resource": "Condition/c1", "hasTextOnly": True}
    assert told["observations"]["records"][0]["value"] == "a text"


def test_drafts_and_reasons_count_as_work_too(explaining):
    many = request(condition("G61.81"))
    order = many["context"]["draftOrders"]["entry"][0]["resource"]
    order["reasonCode"] = [{"text": f"reason {i}"} for i in range(MOST_WORK)]
    assert str(MOST_WORK) in assert_outcome(explaining.post(ADDRESS, json=many), 413)
    del order["reasonCode"]
    voided = [order | {"id": f"v{i}", "status": "entered-in-error"} for i in range(MOST_WORK)]
    many["context"]["draftOrders"]["entry"] = [{"resource": each} for each in (order, *voided)]
    assert str(MOST_WORK) in assert_outcome(explaining.post(ADDRESS, json=many), 413)
    drafts = [order | {"id": f"o{i}"} for i in range(50)]
    many["context"]["draftOrders"]["entry"] = [{"resource": each} for each in drafts]
    many["context"]["selections"] = [f"MedicationRequest/{each['id']}" for each in drafts]
    assert str(MOST_WORK) in assert_outcome(explaining.post(ADDRESS, json=many), 413)
