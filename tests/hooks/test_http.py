"""The routes: CDS Hooks 2.0 discovery, calls and errors. Numbers in names are the requirement ids of the contract."""

from typing import Any

import pytest

from tests.contract.walk import values
from tests.hooks.calls import SERVICE, assert_outcome, post
from tests.requests import ASPIRIN, PRIVIGEN, bundle, condition, order, request

ROUTES = ["/cds-services", SERVICE, f"{SERVICE}/feedback", "/health", "/no-such-route"]


def assert_nothing_null_or_empty(body: Any) -> None:
    """What a draft that is given back holds is the client's own."""
    for path, value in values(body):
        if ".actions.0.resource." not in path:
            assert value is not None, path
            assert value not in ("", [], {}) or path == "$.cards", path


def test_b1_to_b8_discovery_derives_from_the_service_plan(client):
    answer = client.get("/cds-services")
    assert answer.status_code == 200
    service, sign = answer.json["services"]
    assert (sign["id"], sign["hook"], sign["prefetch"]) == ("ivig-order-sign", "order-sign", service["prefetch"])
    assert service["id"] == "ivig-order-select"
    assert service["hook"] == "order-select"
    assert service["title"]
    assert service["description"]
    assert service["prefetch"] == {
        "patient": "Patient/{{context.patientId}}",
        "conditions": "Condition?patient={{context.patientId}}",
        "observations": "Observation?patient={{context.patientId}}&category=laboratory",
        "encounter": "Encounter/{{context.encounterId}}",
        "vitals": "Observation?patient={{context.patientId}}&category=vital-signs",
        "assessments": "Observation?patient={{context.patientId}}&category=survey",
        "medications": "MedicationRequest?patient={{context.patientId}}",
        "allergies": "AllergyIntolerance?patient={{context.patientId}}",
        "procedures": "Procedure?patient={{context.patientId}}",
        "immunizations": "Immunization?patient={{context.patientId}}",
        "vaccinesDue": "ImmunizationRecommendation?patient={{context.patientId}}",
    }
    assert_nothing_null_or_empty(answer.json)


def test_health_says_what_is_served(client, knowledge):
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json["status"] == "ok"
    assert answer.json["services"] == ["ivig-order-select", "ivig-order-sign"]
    assert answer.json["plans"] == {name: knowledge.services[name].plan.version for name in answer.json["services"]}


def test_i1_to_i10_a_card_has_what_the_specification_asks_for(client):
    answer = post(client, request(condition("G61.81"), condition("G72.41", "c2")))
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert_nothing_null_or_empty(answer.json)
    cards = answer.json["cards"]
    assert len({card["uuid"] for card in cards}) == len(cards) == 2
    for card in cards:
        assert len(card["summary"]) < 140
        assert "\n" not in card["summary"]
        assert card["indicator"] in {"info", "warning", "critical"}
        assert card["source"]["label"]
        assert card["source"]["url"].startswith("https://doi.org/10.1002/mus.")
        assert card["source"]["topic"]["system"] == "http://terminology.hl7.org/CodeSystem/cdshooks-card-type"
        assert "<" not in card["detail"]
        assert {link["type"] for link in card["links"]} == {"absolute"}
        assert isinstance(card["extension"], dict)


def test_i11_the_most_urgent_card_comes_first(client):
    cards = post(client, request(condition("G61.81"), condition("G72.41", "c2"))).json["cards"]
    assert [card["indicator"] for card in cards] == ["warning", "info"]


def test_i12_a_card_names_its_drug_and_equal_advice_on_two_orders_is_one_card(client):
    orders = [order(identifier="m1"), order({"system": PRIVIGEN["system"], "code": "1809665"}, "m2")]
    orders[0]["medicationCodeableConcept"]["text"] = "Privigen 10 g"
    orders[1]["medicationCodeableConcept"]["text"] = "Gammagard 20 g"
    (card,) = post(client, request(condition("G61.81"), orders=orders)).json["cards"]
    assert "**Order:** Privigen 10 g; Gammagard 20 g" in card["detail"]
    (recommendation,) = card["extension"]["org.cds-service.recommendations"]
    assert [match["resource"] for match in recommendation["matched"]] == ["Condition/c1"]


def test_i12_an_order_without_a_name_gets_that_of_the_value_set(client):
    unnamed = order(medicationCodeableConcept={"coding": [PRIVIGEN]})
    (card,) = post(client, request(condition("G61.81"), orders=[unnamed])).json["cards"]
    assert "**Order:** 100 ML immunoglobulin G, human 100 MG/ML Injection [Privigen]" in card["detail"]


def test_a_drug_name_cannot_bring_markup_into_a_card(client):
    drug = order()
    drug["medicationCodeableConcept"]["text"] = "<b>IVIG</b> [x](http://evil.example) `a` | b\n# head"
    (card,) = post(client, request(condition("G61.81"), orders=[drug])).json["cards"]
    line = next(line for line in card["detail"].splitlines() if line.startswith("**Order:**"))
    assert not set("<>[]`|#") & set(line)


def test_h3_nothing_to_say_is_an_empty_list(client):
    answer = post(client, request(condition("G61.81"), orders=[order(ASPIRIN)]))
    assert answer.status_code == 200
    assert answer.data == b'{"cards":[]}'


@pytest.mark.parametrize(
    "prefetch", [None, {}, {"patient": None}, {"conditions": {"resourceType": "OperationOutcome"}}]
)
def test_an_order_that_is_not_ours_needs_no_data(client, prefetch):
    body = request(orders=[order(ASPIRIN)]) | {"prefetch": prefetch}
    assert post(client, body).data == b'{"cards":[]}'


@pytest.mark.parametrize("key", ["patient", "conditions"])
@pytest.mark.parametrize("value", ["absent", {"resourceType": "OperationOutcome"}, 7, []])
def test_f2_a_required_key_that_is_not_available_is_412(client, key, value):
    body = request(condition("G61.81"))
    body["prefetch"][key] = value
    if value == "absent":
        del body["prefetch"][key]
    assert key in assert_outcome(post(client, body), 412)


def test_f2_every_missing_key_is_named_at_once(client):
    text = assert_outcome(post(client, request(condition("G61.81")) | {"prefetch": None}), 412)
    assert "patient" in text
    assert "conditions" in text


def test_f3_null_means_none_recorded(client):
    body = request()
    body["prefetch"] = dict.fromkeys(["patient", "conditions", "observations", "encounter"])
    (card,) = post(client, body).json["cards"]
    assert card["extension"] == {"org.cds-service.notice": "indication-missing"}


@pytest.mark.parametrize("value", ["absent", {"resourceType": "OperationOutcome", "issue": []}])
def test_f6_an_optional_key_that_is_not_available_is_said_on_the_card(client, value):
    body = request(condition("G61.81"))
    body["prefetch"]["observations"] = value
    if value == "absent":
        del body["prefetch"]["observations"]
    (card,) = post(client, body).json["cards"]
    assert "Could not be checked, because the data was not available: observations." in card["detail"]


def test_f8_a_first_page_is_not_taken_for_the_whole(client):
    body = request(condition("G61.81"))
    body["prefetch"]["conditions"]["link"] = [{"relation": "next", "url": "https://ehr.example/next"}]
    (card,) = post(client, body).json["cards"]
    assert "conditions (only the first page came)" in card["detail"]


def test_f9_keys_that_were_not_asked_for_are_ignored(client):
    body = request()
    body["prefetch"]["extra"] = bundle(condition("G61.81"))
    (card,) = post(client, body).json["cards"]
    assert card["extension"]["org.cds-service.notice"] == "indication-missing"


def test_f11_the_wrapper_of_old_clients_is_unwrapped(client):
    body = request()
    body["prefetch"]["conditions"] = {"response": {"status": "200"}, "resource": bundle(condition("G61.81"))}
    (card,) = post(client, body).json["cards"]
    assert card["extension"]["org.cds-service.recommendations"][0]["disorder"] == "cidp"


@pytest.mark.parametrize("where", ["patient", "condition", "observation", "order", "stu3"])
def test_f12_data_of_another_patient_is_refused_without_naming_anyone(client, where):
    other = {"reference": "Patient/somebody-else"}
    body = request(condition("G61.81"), orders=[order(subject=other)] if where == "order" else None)
    if where == "patient":
        body["prefetch"]["patient"]["id"] = "somebody-else"
    elif where == "condition":
        body["prefetch"]["conditions"] = bundle(condition("G61.81"), condition("I10", "c2", subject=other))
    elif where == "observation":
        body["prefetch"]["observations"] = bundle({"resourceType": "Observation", "id": "o", "subject": other})
    elif where == "stu3":
        body["prefetch"]["conditions"] = bundle({"resourceType": "Condition", "patient": other})
    text = assert_outcome(post(client, body), 400)
    assert "somebody-else" not in text
    assert "p1" not in text


@pytest.mark.parametrize("reference", ["Patient/p1", "https://ehr.example/fhir/Patient/p1", "urn:uuid:p1", "p1"])
def test_d7_a_patient_is_recognised_however_it_is_referred_to(client, reference):
    body = request(condition("G61.81", subject={"reference": reference}))
    body["context"]["patientId"] = "Patient/p1"
    assert len(post(client, body).json["cards"]) == 1


@pytest.mark.parametrize("route", ROUTES)
def test_q2_preflight_works_on_every_route(client, route):
    answer = client.options(
        route, headers={"Origin": "https://sandbox.example", "Access-Control-Request-Method": "POST"}
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "content-type" in answer.headers["Access-Control-Allow-Headers"]


def test_q3_errors_carry_cors_headers(client):
    answers = [client.get("/nope"), client.get(SERVICE), client.post(SERVICE, data=b"x"), post(client, {"context": {}})]
    assert [answer.status_code for answer in answers] == [404, 405, 400, 400]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {"*"}


def test_q4_origins_can_be_listed(make_client):
    client = make_client(cors_origins="https://a.example, https://b.example")
    allowed = client.get("/health", headers={"Origin": "https://b.example"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://b.example"
    refused = client.get("/health", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert refused.headers["Vary"] == "Origin"
