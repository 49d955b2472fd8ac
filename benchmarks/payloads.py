"""Requests of four sizes: an IVIG order with a dose, 1 to 3 matching disorders and two risks among much that does not
matter. The answer is a card for each disorder and a safety card; the dose fits a regimen.
"""

import json
import random
from datetime import date, timedelta
from itertools import cycle

SIZES = {"5k": (3, 2, 1), "50k": (46, 22, 2), "200k": (210, 80, 3), "550k": (490, 310, 3)}
MATCHING = [("G61.81", "Chronic inflammatory demyelinating polyneuritis"), ("G61.82", "Multifocal motor neuropathy")]
MATCHING += [("G72.41", "Inclusion body myositis [IBM]")]
RISKS = [("N18.30", "Chronic kidney disease, stage 3 unspecified"), ("I26.99", "Other pulmonary embolism")]
OTHER = [("I10", "Essential (primary) hypertension"), ("M54.50", "Low back pain, unspecified")]
OTHER += [("J45.909", "Unspecified asthma, uncomplicated"), ("Z00.00", "General adult medical examination")]
OTHER += [("K21.9", "Gastro-esophageal reflux disease without esophagitis"), ("R51.9", "Headache, unspecified")]
CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
DRUGS = [("5640", "ibuprofen 400 MG Oral Tablet"), ("83367", "atorvastatin 20 MG Oral Tablet")]
DRUGS += [("29046", "lisinopril 10 MG Oral Tablet"), ("161", "acetaminophen 500 MG Oral Tablet")]
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LABS = [("2160-0", "Creatinine [Mass/volume] in Serum", "mg/dL")]
LABS += [("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL"), ("2951-2", "Sodium [Moles/volume] in Serum", "mmol/L")]


def _codeable(system: str, code: str, display: str) -> dict:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _status(kind: str, code: str) -> dict:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/condition-{kind}", "code": code}]}


def _condition(number: int, code: str, display: str, recorded: str) -> dict:
    resource = {
        "resourceType": "Condition",
        "id": f"condition-{number}",
        "meta": {"versionId": "1", "lastUpdated": f"{recorded}T08:00:00Z"},
        "clinicalStatus": _status("clinical", "active"),
        "verificationStatus": _status("ver-status", "confirmed"),
        "category": [_codeable(CATEGORY, "problem-list-item", "Problem List Item")],
        "code": _codeable("http://hl7.org/fhir/sid/icd-10-cm", code, display),
        "subject": {"reference": "Patient/bench"},
        "recordedDate": recorded,
    }
    return {"fullUrl": f"https://ehr.example.org/fhir/Condition/condition-{number}", "resource": resource}


def _observation(number: int, code: str, display: str, unit: str, value: float) -> dict:
    resource = {
        "resourceType": "Observation",
        "id": f"observation-{number}",
        "status": "final",
        "code": _codeable("http://loinc.org", code, display),
        "subject": {"reference": "Patient/bench"},
        "effectiveDateTime": str(date(2026, 11, 20) - timedelta(days=number % 500)) + "T07:30:00Z",
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        "referenceRange": [{"low": {"value": 1, "unit": unit}, "high": {"value": 200, "unit": unit}}],
    }
    return {"fullUrl": f"https://ehr.example.org/fhir/Observation/observation-{number}", "resource": resource}


def _drug(number: int, code: str, display: str) -> dict:
    resource = {
        "resourceType": "MedicationRequest",
        "id": f"drug-{number}",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": _codeable(RXNORM, code, display),
        "subject": {"reference": "Patient/bench"},
        "authoredOn": "2026-10-01",
    }
    return {"fullUrl": f"https://ehr.example.org/fhir/MedicationRequest/drug-{number}", "resource": resource}


def _dosage() -> dict:
    amount = {"value": 28, "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"}
    repeat = {"count": 5, "frequency": 1, "period": 1, "periodUnit": "d"}
    return {"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": amount}]}


def _bundle(entries: list[dict]) -> dict:
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def make_payload(size: str) -> bytes:
    """Return the body of one order-select call of about that size."""
    conditions, labs, matching = SIZES[size]
    chance = random.Random(7)
    wanted = MATCHING[:matching] + RISKS
    codes = wanted + [code for code, _ in zip(cycle(OTHER), range(conditions - len(wanted)), strict=False)]
    drugs = [(1 + i, *DRUGS[i % len(DRUGS)]) for i in range(min(30, conditions // 8 + 1))]
    chance.shuffle(codes)
    order = {
        "resourceType": "MedicationRequest",
        "id": "order-1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/bench"},
        "medicationCodeableConcept": _codeable(
            RXNORM, "1809517", "100 ML immunoglobulin G, human 100 MG/ML Injection [Privigen]"
        ),
        "dosageInstruction": [_dosage()],
    }
    request = {
        "hook": "order-select",
        "hookInstance": "7d1d1f0c-6e5c-4c6c-9d46-0f0d4c9f3a11",
        "context": {
            "userId": "Practitioner/1",
            "patientId": "bench",
            "selections": ["MedicationRequest/order-1"],
            "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order}]},
        },
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "bench", "birthDate": "1970-05-17", "gender": "female"},
            "conditions": _bundle([_condition(i, *code, "2026-01-15") for i, code in enumerate(codes)]),
            "observations": _bundle(
                [_observation(i, *LABS[i % 3], round(chance.uniform(5, 150), 1)) for i in range(labs)]
            ),
            "vitals": _bundle([_observation(10_000, "29463-7", "Body weight", "kg", 70)]),
            "medications": _bundle([_drug(*each) for each in drugs]),
            "allergies": _bundle([]),
            "procedures": None,
            "immunizations": None,
            "vaccinesDue": None,
            "assessments": None,
            "encounter": None,
        },
    }
    return json.dumps(request).encode()
