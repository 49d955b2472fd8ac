"""What is kept of a request that becomes a case: the elements that the service reads, and nothing else.

The tables name the elements that core.resources, core.dose and hooks.request read, each with the rule for its value; a
test holds them against those. An element that is in no table is not copied, whatever it is called and holds.
"""

from typing import Any

from cds_service.cases.invented import PREFIXES
from cds_service.cases.kept import (
    Keeper,
    Rule,
    Shape,
    address,
    birth_day,
    coding,
    comparator,
    day,
    instead,
    name,
    number,
    of_each,
    reference,
    system,
    text,
    told,
    truth,
    unit,
    without_unit_beside_code,
    word,
)

READ_TYPES = frozenset(PREFIXES) - {
    "Device",
    "Location",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
}
UNREAD = "Basic"
MARKER = [{"url": "http://example.org/a-modifier-was-here", "valueBoolean": True}]


def _concept(value: Any, keeper: Keeper) -> Any:
    return CONCEPT(value, keeper)


def _referred(value: Any, keeper: Keeper) -> Any:
    """Keep Reference.reference, or the Reference inside an R5 CodeableReference."""
    return reference(value, keeper) if isinstance(value, str) else REFERENCE(value, keeper)


def _status(value: Any, keeper: Keeper) -> Any:
    """Keep a status: a concept, or the bare word that STU3 sends."""
    return word(value, keeper) if isinstance(value, str) else CONCEPT(value, keeper)


def _resource(value: Any, keeper: Keeper) -> dict[str, Any] | None:
    """Keep a resource of a type that is read; of another, that it is there and whose it is."""
    if not isinstance(value, dict):
        return None
    kind, own = value.get("resourceType"), value.get("id")
    if kind is not None and kind not in READ_TYPES:
        return {"resourceType": UNREAD, **OWNERS(value, keeper)}
    kept: dict[str, Any] = {} if kind is None else {"resourceType": kind}
    if isinstance(own, str):
        kept["id"] = keeper.invented.id(kind, own) if own else ""
    if any(value.get(each) not in (None, False) for each in ABATEMENT):
        kept["abatementBoolean"] = True
    return {**kept, **ELEMENTS(value, keeper)}


concept, referred, status, resource = (of_each(each) for each in (_concept, _referred, _status, _resource))
REFERENCE = Shape({"reference": referred})
NAMED_REFERENCE = Shape({"reference": referred, "display": text})
CONCEPT = Shape({"coding": coding, "text": text, "concept": concept, "reference": referred, "value": concept})
MARK = Shape({"coding": coding, "text": name})
QUANTITY = Shape(
    {"value": number, "comparator": comparator, "unit": unit, "code": unit, "system": system},
    before=without_unit_beside_code,
)
PERIOD = Shape({"start": day, "end": day})
RANGE = Shape({"low": QUANTITY, "high": QUANTITY})
RATIO = Shape({"numerator": QUANTITY, "denominator": QUANTITY})
REFERENCE_RANGE = Shape({"high": QUANTITY, "type": CONCEPT})
VALUES: dict[str, Rule] = {
    "code": CONCEPT,
    "interpretation": MARK,
    "valueString": text,
    "valueInteger": number,
    "valueCodeableConcept": CONCEPT,
    "valueQuantity": QUANTITY,
    "referenceRange": REFERENCE_RANGE,
}
COMPONENT = Shape(VALUES)
REACTION = Shape({"manifestation": CONCEPT, "severity": word})
DUE_VACCINE = Shape({"vaccineCode": CONCEPT, "forecastStatus": status})
REPEAT = Shape(
    {
        "boundsDuration": QUANTITY,
        "boundsPeriod": PERIOD,
        "boundsRange": instead({"low": {"value": 1}}),
        **dict.fromkeys(("count", "countMax", "duration", "durationMax", "frequency", "frequencyMax"), number),
        **dict.fromkeys(("period", "periodMax"), number),
        **dict.fromkeys(("durationUnit", "periodUnit"), unit),
        "dayOfWeek": instead(["mon"]),
        "timeOfDay": instead(["08:00:00"]),
        "when": instead(["MORN"]),
    }
)
TIMING = Shape({"event": day, "repeat": REPEAT})
AMOUNTS: dict[str, Rule] = {
    "type": CONCEPT,
    "doseQuantity": QUANTITY,
    "doseRange": RANGE,
    "rateQuantity": QUANTITY,
    "rateRange": RANGE,
    "rateRatio": RATIO,
}
DOSAGE = Shape({"text": told, "route": CONCEPT, "timing": TIMING, "doseAndRate": Shape(AMOUNTS), **AMOUNTS})
ABATEMENT = tuple(f"abatement{kind}" for kind in ("DateTime", "String", "Boolean", "Age", "Period", "Range"))
OWNERS = Shape({"subject": REFERENCE, "patient": REFERENCE})
ELEMENTS = Shape(
    {
        **VALUES,
        "status": word,
        "intent": word,
        "type": word,
        "modifierExtension": instead(MARKER),
        **dict.fromkeys(("subject", "patient", "encounter", "context"), REFERENCE),
        "contained": resource,
        "birthDate": birth_day,
        "gender": word,
        "deceasedBoolean": truth,
        **dict.fromkeys(("deceasedDateTime", "onsetDateTime", "effectiveDateTime", "issued"), day),
        **dict.fromkeys(("performedDateTime", "occurrenceDateTime", "authoredOn"), day),
        **dict.fromkeys(("onsetPeriod", "effectivePeriod", "performedPeriod", "occurrencePeriod"), PERIOD),
        "criticality": word,
        "reaction": REACTION,
        **dict.fromkeys(("clinicalStatus", "verificationStatus"), status),
        "component": COMPONENT,
        "vaccineCode": CONCEPT,
        "recommendation": DUE_VACCINE,
        "diagnosis": Shape({"condition": CONCEPT}),
        "doNotPerform": truth,
        "medicationCodeableConcept": CONCEPT,
        "medicationReference": NAMED_REFERENCE,
        "medication": CONCEPT,
        "dosageInstruction": DOSAGE,
        "quantityQuantity": QUANTITY,
        **dict.fromkeys(("quantityRange", "quantityRatio", "occurrenceTiming"), instead({}, even_if_empty=True)),
        "reasonCode": CONCEPT,
        "reasonReference": REFERENCE,
        "reason": CONCEPT,
        "entry": Shape({"fullUrl": address, "resource": resource}),
        "link": Shape({"relation": word}),
        "resource": resource,
    }
)
CONTEXT = Shape(
    {**dict.fromkeys(("userId", "patientId", "encounterId", "selections"), reference), "draftOrders": resource}
)
