"""What makes advice the same at signing, and what makes it news: one change at a time."""

import copy
import json

import pytest

from tests.hooks.signing import SELECT, SIGN, call, grams, signing, the_order
from tests.requests import PRIVIGEN, condition, order, request

MEDICATION = {"resourceType": "Medication", "id": "m", "code": {"coding": [PRIVIGEN], "text": "IVIG"}}


def everything():
    """A call in which all that makes advice the same or another is there."""
    drug = order(dosageInstruction=grams(28), medicationReference={"reference": "Medication/m"})
    del drug["medicationCodeableConcept"]
    body = request(condition("G61.81"), condition("N18.30", "c2"), orders=[drug])
    body["context"]["draftOrders"]["entry"].append({"resource": copy.deepcopy(MEDICATION)})
    body["fhirServer"] = "https://fhir.example.org/r4"
    return body


def other_patient(body):
    return json.loads(json.dumps(body).replace("Patient/p1", "Patient/p2").replace('"p1"', '"p2"'))


def other_order(body):
    return json.loads(json.dumps(body).replace("m1", "m2"))


def other_dose(body):
    the_order(body)["dosageInstruction"] = grams(28) + grams(1)


def other_text_of_the_dose(body):
    the_order(body)["dosageInstruction"][0]["text"] = "over 8 hours"


def other_product_behind_the_reference(body):
    body["context"]["draftOrders"]["entry"][1]["resource"]["code"]["coding"][0]["code"] = "758996"


def new_record(body):
    body["prefetch"]["conditions"]["entry"].append({"resource": condition("I26.99", "c3")})


def another_record_of_the_same_code(body):
    body["prefetch"]["conditions"]["entry"].append({"resource": condition("N18.30", "c3")})


def record_replaced(body):
    body["prefetch"]["conditions"]["entry"][1]["resource"]["id"] = "c9"


def less_is_known(body):
    del body["prefetch"]["observations"]


def other_server(body):
    body["fhirServer"] = "https://fhir.example.org/other"


def other_user(body):
    body["context"]["userId"] = "Practitioner/u2"


def no_id(body):
    del the_order(body)["id"]


CHANGES = [other_patient, other_order, other_dose, other_text_of_the_dose, other_product_behind_the_reference]
CHANGES += [
    new_record,
    another_record_of_the_same_code,
    record_replaced,
    less_is_known,
    other_server,
    other_user,
    no_id,
]


def changed(change):
    body = everything()
    return change(body) or body


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_said_at_signing(client, change):
    assert len(call(client, SELECT, everything())) == 3
    assert call(client, SIGN, signing(everything())) == []
    assert call(client, SIGN, signing(changed(change))) != []


def signed_status(body):
    the_order(body).update(status="active", authoredOn="2026-11-22", note=[{"text": "signed"}])


def another_instance(body):
    body["hookInstance"] = "0b5f4f7e-1a35-4f83-9f2b-2f7f0e0f9d4e"


def another_layout(body):
    resource = body["context"]["draftOrders"]["entry"][0]["resource"] = dict(reversed(the_order(body).items()))
    (amount,) = resource["dosageInstruction"][0]["doseAndRate"]
    amount["doseQuantity"] = dict(reversed(amount["doseQuantity"].items()))


def a_slash_at_the_end(body):
    body["fhirServer"] += "/"


def an_unrelated_record(body):
    body["prefetch"]["conditions"]["entry"].append({"resource": condition("M54.50", "c4")})


SAME = [signed_status, another_instance, another_layout, a_slash_at_the_end, an_unrelated_record]


@pytest.mark.parametrize("change", SAME)
def test_what_has_not_changed_is_not_said_again(client, change):
    assert len(call(client, SELECT, everything())) == 3
    assert call(client, SIGN, signing(changed(change))) == []
