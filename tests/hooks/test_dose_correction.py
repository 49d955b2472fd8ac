"""The correction of a dose: only the amount changes, the rest of the draft stays byte for byte (CDS Hooks 2.0, K9)."""

import json
from typing import Any

from tests.hooks.calls import SERVICE, post, resource, suggestions
from tests.requests import PRIVIGEN, RXNORM, condition, order, request

CIDP = condition("G61.81")


def raw_call(client, draft: str, *conditions: Any) -> Any:
    body = json.dumps(request(*conditions)).replace(json.dumps(order()), draft)
    return client.post(SERVICE, data=body.encode(), content_type="application/json")


def test_k9_what_is_not_changed_stays_byte_for_byte(client):
    odd = (
        '{ "resourceType":"MedicationRequest",  "id": "m1","x":1.10, "y" : 1E2,"status":"draft","intent":"order",'
        '"note":[{"text":"\\u00e4 \\/ ä"}], "subject":{"reference":"Patient/p1"},"z":{"b":[ 1 , 2.50 ],"a":null},'
        '"medicationCodeableConcept":{"coding":[{"system":"' + RXNORM + '","code":"' + PRIVIGEN["code"] + '"}]},'
        '"dosageInstruction":[{"text":"as 0.40","doseAndRate":[ {"doseQuantity":{"value":4000.0 , "unit":"mg/kg"}} ],'
        '"timing":{"repeat":{"count":5,"period":1.0,"periodUnit":"d"}}}]}'
    )
    answer = raw_call(client, odd, CIDP)
    assert answer.status_code == 200
    for kept in (
        '"x":1.10,',
        '"y":1E2,',
        '[{"text":"\\u00e4 \\/ ä"}]',
        '{"b":[ 1 , 2.50 ],"a":null}',
        '{"repeat":{"count":5,"period":1.0,"periodUnit":"d"}}',
        '"text":"as 0.40"',
    ):
        assert answer.text.count(kept) == 1, kept
    (dose,) = [each for each in suggestions(answer, "update") if "dose" in each["label"]]
    assert '{"doseQuantity":{"value":400,"unit":"mg/kg"}}' in answer.text
    assert resource(dose)["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"] == 400
    assert json.loads(odd)["medicationCodeableConcept"] == resource(dose)["medicationCodeableConcept"]


def test_a_decimal_is_moved_exactly(client):
    ends = {"low": {"value": 0.39, "unit": "mg/kg"}, "high": {"value": 0.41, "unit": "mg/kg"}}
    timing = {"repeat": {"count": 5, "period": 1, "periodUnit": "d"}}
    dosage = {"doseAndRate": [{"doseRange": ends}], "timing": timing}
    answer = post(client, request(condition("G61.0"), orders=[order(dosageInstruction=[dosage])]))
    (dose,) = [each for each in suggestions(answer, "update") if "dose" in each["label"]]
    limits = resource(dose)["dosageInstruction"][0]["doseAndRate"][0]["doseRange"]
    assert (limits["low"]["value"], limits["high"]["value"]) == (390, 410)


def test_the_quantity_of_a_service_request_is_changed(client):
    asked = {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [PRIVIGEN]},
        "quantityQuantity": {"value": 20000, "unit": "mg/kg"},
    }
    answer = post(client, request(CIDP, orders=[asked]))
    (dose,) = [each for each in suggestions(answer, "update") if "dose" in each["label"]]
    assert resource(dose) == asked | {"quantityQuantity": {"value": 2000, "unit": "mg/kg"}}


def test_a_slip_of_an_stu3_dose_is_corrected_where_it_stands(client):
    early = order(dosageInstruction=[{"doseQuantity": {"value": 20, "unit": "g/kg"}}])
    answer = post(client, request(CIDP, orders=[early]))
    (dose,) = [each for each in suggestions(answer, "update") if "dose" in each["label"]]
    assert resource(dose)["dosageInstruction"] == [{"doseQuantity": {"value": 2, "unit": "g/kg"}}]


def test_a_draft_with_broken_text_is_refused_rather_than_given_back(client):
    body = json.dumps(request(CIDP)).encode().replace(b'"Drug"', b'"Drug", "x": "\xff"')
    assert client.post(SERVICE, data=body, content_type="application/json").status_code == 400
