"""Over all golden cases: a suggestion that is taken and sent again does what it says, and is not offered again."""

import copy

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest
from pydantic import ValidationError

from cds_service.core.card import RECOMMENDATIONS, WARNINGS
from cds_service.errors import RequestError
from tests.golden import CASES, ask, cards_of

pytestmark = pytest.mark.usefixtures("unmeasured")

MODELS = {"MedicationRequest": MedicationRequest, "ServiceRequest": ServiceRequest}
DOSE = {"dose-too-high", "dose-too-low", "dose-unit-suspect"}
PARTS = 4


def cards_after(knowledge, name, request):
    try:
        return cards_of(ask(knowledge, name, request))
    except RequestError:
        return []


def offers(knowledge, part):
    """Return (case, suggestion, request) of every suggestion of a part of the cases."""
    found = []
    for name in sorted(CASES)[part::PARTS]:
        case = CASES[name]
        for card in cards_after(knowledge, name, case.request):
            found += [(name, each, case.request) for each in card.get("suggestions", [])]
    return found


def drafts_of(request):
    drafts = [entry["resource"] for entry in request["context"]["draftOrders"]["entry"]]
    return [each for each in drafts if each["resourceType"] in MODELS]


def applied(request, action):
    """Return the request with a suggestion taken, as an EHR does it."""
    changed = copy.deepcopy(request)
    entries = changed["context"]["draftOrders"]["entry"]
    if action["type"] == "create":
        entries.append({"resource": action["resource"] | {"id": "created"}})
        return changed
    target = action.get("resourceId") or f"{action['resource']['resourceType']}/{action['resource']['id']}"
    (at,) = [i for i, entry in enumerate(entries) if named(entry["resource"]) == target]
    entries[at : at + 1] = [entries[at] | {"resource": action["resource"]}] if action["type"] == "update" else []
    return changed


def named(resource):
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def keys(cards):
    return {each["risk"] for card in cards for each in card.get("extension", {}).get(WARNINGS, [])}


def disorders(cards):
    return {each["disorder"] for card in cards for each in card.get("extension", {}).get(RECOMMENDATIONS, [])}


def labels(cards):
    return {each["label"] for card in cards for each in card.get("suggestions", [])}


def is_valid(resource):
    try:
        MODELS[resource["resourceType"]].model_validate(resource)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_suggested_is_valid_where_the_draft_was(knowledge, part):
    checked = 0
    for name, suggestion, request in offers(knowledge, part):
        (action,) = suggestion["actions"]
        if "resource" in action and all(map(is_valid, drafts_of(request))):
            assert is_valid(action["resource"]), name
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("part", range(PARTS))
def test_a_suggestion_that_was_taken_has_done_what_it_says(knowledge, part):
    for name, suggestion, request in offers(knowledge, part):
        (action,) = suggestion["actions"]
        before = cards_after(knowledge, name, request)
        after = cards_after(knowledge, name, applied(request, action))
        assert suggestion["label"] not in labels(after), name
        if action["type"] != "delete":
            assert disorders(after) == disorders(before), name
        if "dose" in suggestion["label"]:
            assert keys(before) & DOSE, name
            assert not keys(after) & DOSE, name
