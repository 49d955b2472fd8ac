"""Elements of inbound FHIR that are kept as bytes until a record is known to matter."""

from msgspec import Raw, json

from cds_service.core.resources import (
    ABSENT,
    Component,
    Concepts,
    DueVaccine,
    Junk,
    Quantity,
    Reaction,
    ReferenceRange,
    Scalar,
    many,
)

_CONCEPTS = json.Decoder(Concepts)
_COMPONENTS = json.Decoder(list[Component | Junk] | Component | Scalar)
_QUANTITY = json.Decoder(Quantity | Junk)
_REACTIONS = json.Decoder(list[Reaction | Junk] | Reaction | Scalar)
_DUE_VACCINES = json.Decoder(list[DueVaccine | Junk] | DueVaccine | Scalar)
_RANGES = json.Decoder(list[ReferenceRange | Junk] | ReferenceRange | Scalar)


def decode_concepts(raw: Raw) -> Concepts:
    """Return the CodeableConcept(s) of an element kept as bytes, or what stands there instead."""
    if raw is ABSENT:
        return None
    found: Concepts = _CONCEPTS.decode(raw)
    return found


def decode_components(raw: Raw) -> list[Component]:
    """Return the components of an Observation."""
    return [] if raw is ABSENT else many(_COMPONENTS.decode(raw), Component)


def decode_quantity(raw: Raw) -> Quantity | Junk:
    """Return a Quantity kept as bytes, or what stands there instead."""
    if raw is ABSENT:
        return None
    found: Quantity | Junk = _QUANTITY.decode(raw)
    return found


def decode_ranges(raw: Raw) -> list[ReferenceRange]:
    """Return the reference ranges of a result."""
    return [] if raw is ABSENT else many(_RANGES.decode(raw), ReferenceRange)


def decode_reactions(raw: Raw) -> list[Reaction]:
    """Return the reactions of an AllergyIntolerance."""
    return many(_REACTIONS.decode(raw), Reaction)


def decode_due_vaccines(raw: Raw) -> list[DueVaccine]:
    """Return the recommendations of an ImmunizationRecommendation."""
    return many(_DUE_VACCINES.decode(raw), DueVaccine)
