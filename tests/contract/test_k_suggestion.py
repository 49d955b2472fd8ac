"""K: suggestions and their actions, over all golden cases."""

import json
from functools import cache
from uuid import UUID

from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest
from pydantic import ValidationError

from tests.contract.service import post, served
from tests.contract.walk import actions, drafts, suggestions, values
from tests.requests import bundle, condition, order, request

MODELS = {"MedicationRequest": MedicationRequest, "ServiceRequest": ServiceRequest}
MAY_CHANGE = {"reasonCode", "reasonReference", "reason", "dosageInstruction", "quantityQuantity"}


def of_type(answers, kind):
    found = [(call, action) for call, action in actions(answers) if action["type"] == kind]
    assert found, kind
    return found


@cache
def is_valid(text):
    resource = json.loads(text)
    try:
        MODELS[resource["resourceType"]].model_validate(resource)
    except (KeyError, ValidationError):
        return False
    return True


def all_valid(resources):
    return all(is_valid(json.dumps(each)) for each in resources)


def test_K1_every_suggestion_has_a_label(answers):
    found = [each["label"] for _, each in suggestions(answers)]
    assert len(found) > 500
    assert all(isinstance(each, str) and each.strip() for each in found)


def test_K2_every_suggestion_has_a_uuid_of_its_own(knowledge, answers):
    assert all("uuid" in each for _, each in suggestions(answers))
    body = request(condition("G61.81"), condition("N18.30", "c2"))
    body["prefetch"]["observations"] = bundle()
    with served(knowledge) as client:
        cards = [card for _ in range(5) for card in post(client, body).json["cards"]]
    found = [each["uuid"] for card in cards for each in (card, *card.get("suggestions", []))]
    assert len({UUID(each) for each in found}) == len(found) > 10


def test_K3_what_is_recommended_is_said_with_true_or_false(answers):
    assert {type(each.get("isRecommended", False)) for _, each in suggestions(answers)} == {bool}


def test_K4_every_suggestion_can_be_carried_out_on_its_own(answers):
    for call, each in suggestions(answers):
        assert isinstance(each["actions"], list)
        assert each["actions"]
        sent = drafts(call.request)
        for action in (each for each in each["actions"] if each["type"] == "create"):
            told = {value for path, value in values(action["resource"]) if path.endswith(".reference")}
            encounters = {json.dumps(draft.get("encounter")) for draft in sent.values()}
            assert {each.partition("/")[0] for each in told} <= {"Patient", "Encounter"}
            assert json.dumps(action["resource"].get("encounter")) in encounters | {"null"}


def test_K5_no_client_is_told_to_choose_among_actions(answers):
    assert not [call.name for call in answers if "actionSelectionBehavior" in call.text]


def test_K6_an_action_creates_updates_or_deletes(answers):
    assert {action["type"] for _, action in actions(answers)} == {"create", "update", "delete"}


def test_K7_every_action_is_described(answers):
    assert all(isinstance(each["description"], str) and each["description"].strip() for _, each in actions(answers))


def test_K8_what_is_created_is_new(answers):
    for call, action in of_type(answers, "create"):
        assert "resourceId" not in action
        assert "id" not in action["resource"]
        assert action["resource"]["status"] == "draft"
        assert action["resource"]["subject"]["reference"].endswith(call.request["context"]["patientId"])


def test_K9_an_update_is_the_whole_draft_with_one_element_changed(answers):
    for call, action in of_type(answers, "update"):
        assert "resourceId" not in action
        resource = action["resource"]
        before = drafts(call.request)[f"{resource['resourceType']}/{resource['id']}"]
        changed = {name for name in {*before, *resource} if before.get(name) != resource.get(name)}
        assert len(changed) == 1, call.name
        assert changed <= MAY_CHANGE
        assert not set(before) - set(resource)


def test_K10_a_deletion_names_the_draft_and_holds_no_resource(answers):
    for call, action in of_type(answers, "delete"):
        assert "resource" not in action
        assert action["resourceId"] in drafts(call.request)


def test_K11_what_replaces_a_deleted_order_is_of_its_type(answers):
    for _, each in suggestions(answers):
        deleted = {action["resourceId"].partition("/")[0] for action in each["actions"] if action["type"] == "delete"}
        created = {action["resource"]["resourceType"] for action in each["actions"] if action["type"] == "create"}
        assert not (deleted and created) or deleted == created


def test_K12_what_is_proposed_is_valid_fhir_where_the_draft_was(answers):
    checked = 0
    for call, action in actions(answers):
        known = [each for each in drafts(call.request).values() if each.get("resourceType") in MODELS]
        if "resource" in action and all_valid(known):
            assert all_valid([action["resource"]]), call.name
            checked += 1
    assert checked > 500


def test_K12_what_is_proposed_has_the_release_of_the_draft(client):
    body = request(condition("G61.81"), condition("N18.30", "c2"))
    body["prefetch"]["observations"] = bundle()
    shape = {"R4": (order(), "reasonReference"), "R5": (order(), "reason"), "STU3": (order(), "reasonReference")}
    coded = shape["R5"][0].pop("medicationCodeableConcept")
    shape["R5"][0]["medication"] = {"concept": coded}
    shape["STU3"][0]["context"] = {"reference": "Encounter/e1"}
    for release, (draft, reason) in shape.items():
        body["context"]["draftOrders"] = bundle(draft)
        found = [each for card in post(client, body).json["cards"] for each in card.get("suggestions", [])]
        offered = [action["resource"] for each in found for action in each["actions"]]
        updated = [each for each in offered if each["resourceType"] == "MedicationRequest"]
        created = [each for each in offered if each["resourceType"] == "ServiceRequest"]
        assert [set(each) - set(draft) for each in updated] == [{reason}]
        assert {"concept" in each["code"] for each in created} == {"R4": {False}, "R5": {True}, "STU3": set()}[release]
