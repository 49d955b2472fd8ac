"""D: the contexts of the hooks."""

import re

import pytest

from tests.contract.service import advice, outcome, post
from tests.contract.walk import drafts
from tests.requests import PRIVIGEN, bundle, condition, order, request

CIDP, IBM = condition("G61.81"), condition("G72.41")
PRIMITIVES = {
    "order-select": {"userId", "patientId", "encounterId"},
    "order-sign": {"userId", "patientId", "encounterId"},
}


def named(text, identifier, **more):
    return order(identifier=identifier, medicationCodeableConcept={"coding": [PRIVIGEN], "text": text}, **more)


def selecting(names, *orders):
    body = request(CIDP, orders=list(orders))
    body["context"]["selections"] = names
    return body


def test_D1_an_encounter_is_optional(client):
    body = request(CIDP)
    assert "encounterId" not in body["context"]
    without = advice(post(client, body))
    body["context"]["encounterId"] = "e1"
    body["prefetch"]["encounter"] = {"resourceType": "Encounter", "id": "e1", "status": "in-progress"}
    assert without
    assert advice(post(client, body)) == without


def test_D2_only_selected_orders_are_advised_on(client):
    orders = [named("Chosen product", "m1"), named("Other product", "m2")]
    (card,) = advice(post(client, selecting(["MedicationRequest/m1"], *orders)))
    assert "Chosen product" in card["detail"]
    assert "Other product" not in str(card)
    assert advice(post(client, selecting([], *orders))) == []


@pytest.mark.parametrize("left_out", ["intent", "status", "subject", "medicationCodeableConcept", "id"])
def test_D3_details_may_be_missing_when_an_order_is_selected(client, left_out):
    body = request(CIDP)
    draft = body["context"]["draftOrders"]["entry"][0]
    draft["fullUrl"] = "urn:uuid:m1"
    body["context"]["selections"].append("MedicationRequest/m1")
    assert "dosageInstruction" not in draft["resource"]
    del draft["resource"][left_out]
    assert bool(advice(post(client, body))) is (left_out != "medicationCodeableConcept")


@pytest.mark.parametrize(
    "kind",
    [
        "DeviceRequest",
        "NutritionOrder",
        "VisionPrescription",
        "ProcedureRequest",
        "MedicationOrder",
        "SupplyRequest",
        "NoSuchType",
        None,
        7,
    ],
)
def test_D4_resources_of_other_types_among_the_drafts_are_passed_over(client, kind):
    other = {"resourceType": kind, "id": "x1", "code": {"text": "x"}, "subject": {"reference": "Patient/p1"}}
    expected = advice(post(client, request(CIDP)))
    body = request(CIDP, orders=[order(), other])
    assert advice(post(client, body)) == expected
    assert advice(post(client, request(CIDP, orders=[other]))) == []


@pytest.mark.parametrize("tasks", ["fulfillmentTasks", "fulfillment-tasks", "task"])
@pytest.mark.parametrize("orders", ["dispatchedOrders", "order"])
def test_D6_a_dispatch_however_it_is_spelt_is_an_error_of_the_call_not_a_fault(client, services, tasks, orders):
    context = {"patientId": "p1", orders: ["MedicationRequest/m1"], "performer": "Organization/o1", tasks: []}
    body = request(CIDP) | {"hook": "order-dispatch", "context": context}
    for each in services:
        outcome(post(client, body, f"/cds-services/{each['id']}"), 400)


@pytest.mark.parametrize("patient", ["p1", "Patient/p1", "https://ehr.example.org/fhir/Patient/p1"])
@pytest.mark.parametrize("user", ["absent", None, "Practitioner/u1", "u1", "https://ehr.example.org/Practitioner/u1"])
def test_D7_ids_with_and_without_their_type_and_a_missing_user_are_taken(client, patient, user):
    body = request(CIDP)
    body["context"] |= {"patientId": patient, "userId": user}
    if user == "absent":
        del body["context"]["userId"]
    assert advice(post(client, body)) == advice(post(client, request(CIDP)))


def test_D8_templates_use_only_what_the_hook_allows_in_them(services):
    for each in services:
        tokens = re.findall(r"\{\{(.*?)\}\}", " ".join(each["prefetch"].values()))
        assert tokens
        assert {token.removeprefix("context.") for token in tokens} <= PRIMITIVES[each["hook"]]


def test_D9_each_draft_is_given_back_in_the_release_it_came_in(client):
    r5 = order(identifier="m2", medication={"concept": {"coding": [PRIVIGEN], "text": "Second"}})
    del r5["medicationCodeableConcept"]
    body = request(CIDP, orders=[order(), r5])
    sent, seen = drafts(body), set()
    for card in advice(post(client, body)):
        for suggestion in card["suggestions"]:
            for action in suggestion["actions"]:
                if action["type"] == "update":
                    name = f"MedicationRequest/{action['resource']['id']}"
                    added = set(action["resource"]) - set(sent[name])
                    seen |= {(name, each) for each in added}
    assert seen == {("MedicationRequest/m1", "reasonReference"), ("MedicationRequest/m2", "reason")}


def test_D10_the_version_of_a_hook_is_left_out_or_that_of_its_metadata(services):
    assert {each.get("hookVersion", "1.0") for each in services} == {"1.0"}


def test_D11_no_deprecated_hook_is_offered_or_answered(client, services):
    old = {"medication-prescribe", "order-review"}
    assert not old & {each["hook"] for each in services}
    for hook in old:
        outcome(post(client, request(IBM) | {"hook": hook}), 400)
    assert post(client, request(IBM)).json["cards"]


def test_D2_an_order_that_is_only_context_is_not_removed_either(client):
    body = selecting(["MedicationRequest/m1"], named("Chosen product", "m1"), named("Other product", "m2"))
    body["prefetch"]["conditions"] = bundle(IBM)
    offered = [each for card in advice(post(client, body)) for each in card["suggestions"]]
    removed = {action.get("resourceId") for each in offered for action in each["actions"]}
    assert "MedicationRequest/m1" in removed
    assert "MedicationRequest/m2" not in removed
