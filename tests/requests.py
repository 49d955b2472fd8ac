"""Requests that tests start from and change."""

import copy
from typing import Any

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
OPTIONAL = (
    "observations",
    "vitals",
    "assessments",
    "encounter",
    "medications",
    "allergies",
    "procedures",
    "immunizations",
    "vaccinesDue",
)
PRIVIGEN = {"system": RXNORM, "code": "1809517"}
ASPIRIN = {"system": RXNORM, "code": "1191"}


def condition(code: str, identifier: str = "c1", **more: Any) -> dict[str, Any]:
    coded = {"coding": [{"system": ICD, "code": code}]}
    return {"resourceType": "Condition", "id": identifier, "code": coded, "subject": {"reference": "Patient/p1"}} | more


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}


def order(coding: dict[str, Any] = PRIVIGEN, identifier: str = "m1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": identifier,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"coding": [coding], "text": "Drug"},
    } | more


def request(*conditions: dict[str, Any], orders: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    drafts = orders or [order()]
    return copy.deepcopy(
        {
            "hook": "order-select",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {
                "userId": "Practitioner/u1",
                "patientId": "p1",
                "selections": [f"{each['resourceType']}/{each['id']}" for each in drafts],
                "draftOrders": bundle(*drafts),
            },
            "prefetch": {
                "patient": {"resourceType": "Patient", "id": "p1", "birthDate": "1970-05-17"},
                "conditions": bundle(*conditions),
            }
            | dict.fromkeys(OPTIONAL),
        }
    )
