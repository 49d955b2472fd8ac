"""What must not matter: records that have nothing to do with IVIG, and the order in which an EHR lists records."""

import copy

import pytest

from cds_service.core.card import RECOMMENDATIONS, WARNINGS
from tests.golden import CASES, answered_cases, ask, cards_of
from tests.requests import ICD, bundle

pytestmark = pytest.mark.usefixtures("unmeasured")

LOINC = "http://loinc.org"
RECENT = "2026-11-20"


def irrelevant(patient: str):
    """Return one record for each prefetch key that no statement on IVIG asks for."""
    whose = {"reference": f"Patient/{patient}"}
    pulse = {"coding": [{"system": LOINC, "code": "8867-4"}], "text": "Heart rate"}
    potassium = {"coding": [{"system": LOINC, "code": "2823-3"}], "text": "Potassium"}
    acne = {"coding": [{"system": ICD, "code": "L70.0"}], "text": "Acne"}
    result = {"resourceType": "Observation", "status": "final", "effectiveDateTime": RECENT, "subject": whose}
    drug = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": whose}
    done = {"status": "completed"}
    return {
        "conditions": {"resourceType": "Condition", "code": acne, "subject": whose},
        "observations": result | {"code": potassium, "valueQuantity": {"value": 4.1, "unit": "mmol/L"}},
        "vitals": result | {"code": pulse, "valueQuantity": {"value": 80, "unit": "/min"}},
        "medications": drug | {"medicationCodeableConcept": {"text": "Paracetamol 500 mg tablet"}},
        "allergies": {"resourceType": "AllergyIntolerance", "code": {"text": "Peanut"}, "patient": whose},
        "procedures": {"resourceType": "Procedure", "code": {"text": "Appendectomy"}, "subject": whose} | done,
        "immunizations": {"resourceType": "Immunization", "vaccineCode": {"text": "Tetanus"}, "patient": whose} | done,
    }


def bundles(body):
    return {
        key: value
        for key, value in (body.get("prefetch") or {}).items()
        if isinstance(value, dict) and isinstance(value.get("entry"), list)
    }


def said(cards):
    """Return what cards say, without the names of the records that it was matched on."""
    keys = [card.get("extension", {}) for card in cards]
    return [
        (
            card["indicator"],
            card["summary"],
            sorted(str(each["disorder"]) for each in extension.get(RECOMMENDATIONS, [])),
            sorted(each["risk"] for each in extension.get(WARNINGS, [])),
            len(card.get("suggestions", [])),
        )
        for card, extension in zip(cards, keys, strict=True)
    ]


def test_a_record_that_has_nothing_to_do_with_the_order_changes_no_byte(knowledge):
    tried = 0
    for name, answered in answered_cases(knowledge):
        before, body = cards_of(answered), copy.deepcopy(CASES[name].request)
        delivered, patient = bundles(body), str(body["context"]["patientId"]).rpartition("/")[2]
        for key, record in irrelevant(patient).items():
            if key in delivered:
                delivered[key]["entry"].insert(0, *bundle(record)["entry"])
                tried += 1
        assert cards_of(ask(knowledge, name, body)) == before, name
    assert tried > len(CASES)


def test_the_order_in_which_records_are_listed_changes_nothing_that_is_said(knowledge):
    turned = 0
    for name, answered in answered_cases(knowledge):
        before, body = cards_of(answered), copy.deepcopy(CASES[name].request)
        for each in bundles(body).values():
            turned += len(each["entry"]) > 1
            each["entry"].reverse()
        assert said(cards_of(ask(knowledge, name, body))) == said(before), name
    assert turned > len(CASES) / 10
