"""What a condition may name: the variables, and the elements that are read of each.

An element that is not listed here is not read from requests, so a condition that names it is refused at load: it would
silently be empty.
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
    "recommendations": "recommendation",
    "orderDate": "date",
}
ELEMENTS = {
    "order": {
        "resourceType": Element("resource_type", "string"),
        "status": Element("status", "string"),
        "doNotPerform": Element("do_not_perform", "boolean"),
        "modifierExtension": Element("modifier_extension", "extension"),
        "code": Element("code", "concept"),
        "route": Element("route", "concept"),
    },
    "patient": {
        "birthDate": Element("birth_date", "date"),
        "deceasedBoolean": Element("deceased_boolean", "boolean"),
        "deceasedDateTime": Element("deceased_date_time", "string"),
    },
    "problem": {"code": Element("code", "concept")},
    "observation": {"code": Element("code", "concept"), "value": Element("value", "value")},
    "recommendation": {
        "disorder": Element("disorder", "string"),
        "stance": Element("stance", "string"),
        "direction": Element("direction", "string"),
        "decided": Element("decided", "boolean"),
    },
}
INDEXED = frozenset({"problems", "current", "observations"})
