"""What a condition may name: the variables, and the elements that are read of each.

An element that is not listed here is not read from requests, so a condition that names it is refused at load: it would
silently be empty. The records of NAMED variables are found by their codes or by a name in their text.
"""

from typing import NamedTuple


class Element(NamedTuple):
    """The attribute that holds an element, and its type."""

    attribute: str
    type: str


VARIABLES = {
    "order": "order",
    "patient": "patient",
    "problems": "problem",
    "current": "problem",
    "observations": "observation",
    "medications": "medication",
    "pastMedications": "medication",
    "allergies": "allergy",
    "procedures": "procedure",
    "immunizations": "immunization",
    "recommendations": "recommendation",
    "notices": "notice",
    "dose": "dose",
    "orderDate": "date",
}
CODE = Element("code", "concept")
ELEMENTS = {
    "order": {
        "resourceType": Element("resource_type", "string"),
        "status": Element("status", "string"),
        "doNotPerform": Element("do_not_perform", "boolean"),
        "modifierExtension": Element("modifier_extension", "extension"),
        "code": CODE,
        "route": Element("route", "concept"),
        "reason": Element("reason", "reason"),
    },
    "patient": {
        "birthDate": Element("birth_date", "date"),
        "gender": Element("gender", "string"),
        "deceasedBoolean": Element("deceased_boolean", "boolean"),
        "deceasedDateTime": Element("deceased_date_time", "string"),
    },
    "problem": {"code": CODE, "onset": Element("onset", "date")},
    "observation": {
        "code": CODE,
        "value": Element("value", "value"),
        "effective": Element("effective", "date"),
        "interpretation": Element("marks", "interpretation"),
        "referenceRange": Element("upper_limits", "range"),
    },
    "medication": {"code": CODE, "date": Element("date", "date")},
    "allergy": {
        "code": CODE,
        "criticality": Element("criticality", "string"),
        "severity": Element("severity", "string"),
        "manifestation": Element("manifestation", "concept"),
    },
    "procedure": {"code": CODE, "performed": Element("performed", "date")},
    "immunization": {"code": CODE, "date": Element("date", "date"), "due": Element("due", "boolean")},
    "recommendation": {
        "disorder": Element("disorder", "string"),
        "stance": Element("stance", "string"),
        "direction": Element("direction", "string"),
        "decided": Element("decided", "boolean"),
    },
    "notice": {},
    "dose": {
        "given": Element("given", "boolean"),
        "unreadable": Element("unreadable", "boolean"),
        "weightNeeded": Element("weight_needed", "boolean"),
        "weight": Element("weight", "quantity"),
        "outcome": Element("outcome", "string"),
        "perCourse": Element("per_course", "quantity"),
        "perDay": Element("per_day", "quantity"),
        "rate": Element("rate", "quantity"),
        "bodyMassIndex": Element("body_mass_index", "quantity"),
    },
}
NAMED = frozenset({"medications", "pastMedications", "allergies", "procedures", "immunizations"})
INDEXED = NAMED | {"problems", "current", "observations"}
