"""Suggestions: valid, in the shape of the call, nothing changed that need not be (CDS Hooks 2.0, K)."""

from typing import Any
from uuid import UUID

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest

from tests.hooks.calls import post, resource, suggestions
from tests.requests import ICD, PRIVIGEN, bundle, condition, order, request

MODELS = {"MedicationRequest": MedicationRequest, "ServiceRequest": ServiceRequest}
CIDP, IBM = condition("G61.81"), condition("G72.41")
LOINC = "http://loinc.org"
SLIP = {"doseAndRate": [{"doseQuantity": {"value": 20, "unit": "g/kg"}}], "timing": {"repeat": {"count": 1}}}


def no_labs() -> dict[str, Any]:
    """Return a call with a renal risk whose laboratory data came and holds nothing."""
    body = request(CIDP, condition("N18.30", "c2"))
    body["prefetch"]["observations"] = bundle()
    return body


def slipped() -> dict[str, Any]:
    return request(CIDP, orders=[order(dosageInstruction=[SLIP])])


@pytest.mark.parametrize("body", [request(CIDP), request(IBM), no_labs(), slipped()])
def test_k1_to_k12_suggestions_are_complete(client, body):
    answer = post(client, body)
    cards = [card for card in answer.json["cards"] if "suggestions" in card]
    assert cards
    uuids = [each["uuid"] for card in cards for each in card["suggestions"]]
    assert len({UUID(each) for each in uuids}) == len(uuids)
    for card in cards:
        assert card["selectionBehavior"] in {"any", "at-most-one"}
        for each in card["suggestions"]:
            assert each["label"]
            (action,) = each["actions"]
            assert action["description"]
            assert action["type"] in {"create", "update", "delete"}
            assert ("resourceId" in action) is (action["type"] == "delete")
            assert ("resource" in action) is (action["type"] != "delete")
            if "resource" in action:
                MODELS[action["resource"]["resourceType"]].model_validate(action["resource"])


def test_i7_the_card_of_an_open_question_offers_tests_with_a_behavior_that_cds_hooks_knows(client):
    body = request(condition("G70.0"))
    body["prefetch"]["observations"] = bundle()
    cards = post(client, body).json["cards"]
    (card,) = [each for each in cards if len(each["extension"].get("org.cds-service.recommendations", [])) > 1]
    assert card["suggestions"]
    assert card["selectionBehavior"] == "any"


def test_k9_an_update_gives_the_draft_back_with_the_matched_diagnosis_as_its_reason(client):
    body = request(CIDP)
    draft = body["context"]["draftOrders"]["entry"][0]["resource"]
    (reason,) = suggestions(post(client, body), "update")
    changed = resource(reason)
    assert changed.pop("reasonReference") == [
        {"reference": "Condition/c1", "display": "Chronic inflammatory demyelinating polyneuritis"}
    ]
    assert changed == draft


@pytest.mark.parametrize(
    "given",
    [
        {"reasonCode": [{"text": "weak"}]},
        {"reasonReference": [{"reference": "Condition/c1"}]},
        {"reason": [{"concept": {"text": "weak"}}]},
    ],
)
def test_an_order_that_has_a_reason_is_not_given_another(client, given):
    assert suggestions(post(client, request(CIDP, orders=[order(**given)])), "update") == []


def test_a_diagnosis_that_is_no_condition_is_recorded_as_a_code(client):
    body = request()
    body["context"]["encounterId"] = "e1"
    coded = [{"coding": [{"system": ICD, "code": "G61.81"}]}]
    body["prefetch"]["encounter"] = {"resourceType": "Encounter", "id": "e1", "reasonCode": coded}
    (reason,) = suggestions(post(client, body), "update")
    (concept,) = resource(reason)["reasonCode"]
    assert concept["coding"] == [
        {"system": ICD, "code": "G61.81", "display": "Chronic inflammatory demyelinating polyneuritis"}
    ]


def test_k10_an_order_that_is_not_recommended_can_be_removed(client):
    (removal,) = suggestions(post(client, request(IBM)), "delete")
    (action,) = removal["actions"]
    assert action["resourceId"] == "MedicationRequest/m1"
    assert "Drug" in removal["label"] + action["description"]


def test_an_order_that_another_disorder_supports_is_not_offered_for_removal(client):
    assert suggestions(post(client, request(IBM, condition("G61.81", "c2"))), "delete") == []


def test_a_draft_without_an_id_can_be_neither_removed_nor_changed(client):
    body = request(IBM)
    entry = body["context"]["draftOrders"]["entry"][0]
    del entry["resource"]["id"]
    entry["fullUrl"] = "urn:uuid:m1"
    answer = post(client, body)
    assert answer.json["cards"]
    assert suggestions(answer, "delete") + suggestions(answer, "update") == []


def test_k8_a_missing_result_can_be_ordered(client):
    created = [resource(each) for each in suggestions(post(client, no_labs()), "create")]
    assert created
    for each in created:
        assert (each["status"], each["intent"], each["subject"]) == ("draft", "order", {"reference": "Patient/p1"})
        assert each["code"]["text"]
        assert each["code"]["coding"][0]["system"] == LOINC


def test_k8_a_new_order_has_the_encounter_of_the_draft(client):
    body = no_labs()
    body["context"]["draftOrders"] = bundle(order(encounter={"reference": "Encounter/e1"}))
    created = [resource(each) for each in suggestions(post(client, body), "create")]
    assert created
    assert all(each["encounter"] == {"reference": "Encounter/e1"} for each in created)


@pytest.mark.parametrize("nothing", [None, {}, [], "", 7])
def test_a4_a5_an_encounter_that_says_nothing_is_not_in_a_new_order(client, nothing):
    body = no_labs()
    body["context"]["draftOrders"] = bundle(order(encounter=nothing))
    created = [resource(each) for each in suggestions(post(client, body), "create")]
    assert created
    assert not any("encounter" in each for each in created)


def test_laboratory_data_that_did_not_come_is_not_taken_for_missing_results(client):
    body = no_labs()
    del body["prefetch"]["observations"]
    assert suggestions(post(client, body), "create") == []


def test_what_is_among_the_drafts_already_is_not_suggested_again(client):
    body = no_labs()
    first = suggestions(post(client, body), "create")
    drafts = body["context"]["draftOrders"]["entry"]
    drafts += [{"resource": resource(each) | {"id": f"s{i}"}} for i, each in enumerate(first)]
    assert suggestions(post(client, body), "create") == []


def test_k12_an_r5_order_gets_r5_suggestions(client):
    r5 = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medication": {"concept": {"coding": [PRIVIGEN]}},
    }
    body = no_labs()
    body["context"]["draftOrders"] = bundle(r5)
    answer = post(client, body)
    (reason,) = suggestions(answer, "update")
    assert resource(reason)["reason"][0]["reference"]["reference"] == "Condition/c1"
    assert not {"reasonCode", "reasonReference"} & set(resource(reason))
    assert all("concept" in resource(each)["code"] for each in suggestions(answer, "create"))


@pytest.mark.parametrize(
    "early",
    [
        {"context": {"reference": "Encounter/e1"}},
        {"dosageInstruction": [{"doseQuantity": {"value": 0.4, "unit": "g/kg"}}]},
    ],
)
def test_k12_nothing_that_stu3_does_not_have_is_created_for_an_stu3_order(client, early):
    body = no_labs()
    body["context"]["draftOrders"] = bundle(order(**early))
    answer = post(client, body)
    assert suggestions(answer, "create") == []
    assert "reasonReference" in resource(suggestions(answer, "update")[0])


def test_suggestions_of_two_orders_name_their_order(client):
    orders = [order(identifier="m1"), order(identifier="m2")]
    orders[1]["medicationCodeableConcept"]["text"] = "Other"
    (card,) = post(client, request(IBM, orders=orders)).json["cards"]
    removed = {each["actions"][0]["resourceId"]: each["actions"][0]["description"] for each in card["suggestions"]}
    assert set(removed) == {"MedicationRequest/m1", "MedicationRequest/m2"}
    assert "Drug" in removed["MedicationRequest/m1"]
    assert "Other" in removed["MedicationRequest/m2"]


def test_i9_n1_n3_every_warning_and_critical_card_offers_reasons_to_override_it(client):
    calls = [request(IBM), no_labs(), slipped()]
    seen: dict[tuple[str, str], str] = {}
    for body in calls:
        for card in post(client, body).json["cards"]:
            assert ("overrideReasons" in card) is (card["indicator"] != "info")
            for each in card.get("overrideReasons", []):
                assert set(each) == {"system", "code", "display"}
                assert seen.setdefault((each["system"], each["code"]), each["display"]) == each["display"]
    assert any(system.endswith("/non-adherence-reason-codes") for system, _ in seen)
