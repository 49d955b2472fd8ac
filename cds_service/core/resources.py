"""Inbound FHIR: what is read of other people's resources, and nothing more.

The structs are flat and all-optional, and every element accepts any JSON type: half of the order bodies seen in
the wild break a MUST of FHIR, and a wrong type in one element must not lose the rest (STU3 sends clinicalStatus as a
string, R5 a CodeableReference where R4 has a CodeableConcept). Readers take what they understand through `many`.
Unknown elements are skipped by the decoder and never become Python objects. Elements that matter only for the few
records that are in a value set are kept as bytes (`Raw`) until core.decode is asked for them.
"""

from typing import Any, TypeVar

from msgspec import Raw, Struct

T = TypeVar("T")
Scalar = str | int | float | bool | None
Junk = list[Any] | Scalar
ABSENT = Raw(b"null")


class Coding(Struct, gc=False):
    """A FHIR Coding."""

    system: Any = None
    code: Any = None
    display: Any = None


class Concept(Struct, gc=False):
    """A CodeableConcept, or an R5 CodeableReference (`concept`, `reference`) that holds one."""

    coding: "list[Coding | Junk] | Coding | Scalar" = None
    text: Any = None
    concept: "Concept | Junk" = None
    reference: "Reference | Junk" = None
    value: "list[Concept | Junk] | Concept | Scalar" = None


Concepts = list[Concept | Junk] | Concept | Scalar


class Reference(Struct, gc=False):
    """A FHIR Reference; `reference` may also be an R5 CodeableReference's inner Reference."""

    reference: "Reference | Junk" = None
    display: Any = None


References = list[Reference | Junk] | Reference | Scalar


class Quantity(Struct, gc=False):
    """A FHIR Quantity."""

    value: Any = None
    comparator: Any = None
    unit: Any = None
    code: Any = None
    system: Any = None


class Period(Struct, gc=False):
    """A FHIR Period."""

    start: Any = None
    end: Any = None


class ReferenceRange(Struct, gc=False):
    """Observation.referenceRange."""

    high: Quantity | Junk = None
    type: Concept | Junk = None


class Component(Struct, gc=False, rename="camel"):
    """Observation.component: read like an Observation of its own."""

    code: Concept | Junk = None
    interpretation: Raw = ABSENT
    value_string: Any = None
    value_integer: Any = None
    value_codeable_concept: Raw = ABSENT
    value_quantity: Raw = ABSENT
    reference_range: Raw = ABSENT


class Reaction(Struct, gc=False):
    """AllergyIntolerance.reaction; R5 wraps each manifestation in a CodeableReference."""

    manifestation: Concepts = None
    severity: Any = None


class DueVaccine(Struct, gc=False, rename="camel"):
    """ImmunizationRecommendation.recommendation."""

    vaccine_code: Concepts = None
    forecast_status: Raw = ABSENT


class EncounterDiagnosis(Struct, gc=False):
    """Encounter.diagnosis."""

    condition: list[Concept | Junk] | Concept | Scalar = None


class Resource(Struct, gc=False, rename="camel"):
    """Any resource: the elements that are read of the types that a service may ask for, of orders and of Bundles."""

    resource_type: Any = None
    id: Any = None
    status: Any = None
    modifier_extension: Any = None
    code: Concept | Junk = None
    subject: Reference | Junk = None
    patient: Reference | Junk = None
    encounter: Reference | Junk = None
    context: Reference | Junk = None
    contained: "list[Resource | Junk] | Resource | Scalar" = None
    # Patient
    birth_date: Any = None
    gender: Any = None
    deceased_boolean: Any = None
    deceased_date_time: Any = None
    # Condition and AllergyIntolerance
    onset_date_time: Any = None
    onset_period: Period | Junk = None
    criticality: Any = None
    reaction: Raw = ABSENT
    clinical_status: Raw = ABSENT
    verification_status: Raw = ABSENT
    abatement_date_time: Any = None
    abatement_string: Any = None
    abatement_boolean: Any = None
    abatement_age: Any = None
    abatement_period: Any = None
    abatement_range: Any = None
    # Observation
    effective_date_time: Any = None
    effective_period: Period | Junk = None
    issued: Any = None
    interpretation: Raw = ABSENT
    value_string: Any = None
    value_integer: Any = None
    value_codeable_concept: Raw = ABSENT
    value_quantity: Raw = ABSENT
    reference_range: Raw = ABSENT
    component: Raw = ABSENT
    # Procedure and Immunization, in R4 and R5
    performed_date_time: Any = None
    performed_period: Period | Junk = None
    occurrence_date_time: Any = None
    occurrence_period: Period | Junk = None
    vaccine_code: Concept | Junk = None
    recommendation: Raw = ABSENT
    # Encounter
    diagnosis: list[EncounterDiagnosis | Junk] | EncounterDiagnosis | Scalar = None
    # Orders (and Encounter's reasons)
    do_not_perform: Any = None
    authored_on: Any = None
    medication_codeable_concept: Concept | Junk = None
    medication_reference: Reference | Junk = None
    medication: Concept | Junk = None
    dosage_instruction: Raw = ABSENT
    quantity_quantity: Raw = ABSENT
    quantity_range: Raw = ABSENT
    quantity_ratio: Raw = ABSENT
    occurrence_timing: Raw = ABSENT
    reason_code: Concepts = None
    reason_reference: References = None
    reason: Concepts = None
    # Bundle, and the pre-1.0 prefetch wrapper {"response": .., "resource": ..}
    entry: "list[Entry | Junk] | Entry | Scalar" = None
    link: "list[Link | Junk] | Link | Scalar" = None
    resource: "Resource | Junk" = None


class Link(Struct, gc=False):
    """Bundle.link."""

    relation: Any = None
    url: Any = None


class Entry(Struct, gc=False, rename="camel"):
    """Bundle.entry."""

    full_url: Any = None
    resource: Resource | Junk = None


def many(value: object, kind: type[T]) -> list[T]:
    """Return the items of `kind` in an element that may be absent, one, or a list with other things in it."""
    if type(value) is kind:
        return [value]
    if type(value) is list:
        return [item for item in value if type(item) is kind]
    return []


def entries(value: "Resource | Junk") -> list[Resource]:
    """Return the resources of a prefetch value: a Bundle's entries, or the one resource that came instead."""
    if not isinstance(value, Resource):
        return []
    if value.entry is None and value.resource_type != "Bundle":
        return [value]
    listed = value.entry if type(value.entry) is list else [value.entry]
    return [each.resource for each in listed if type(each) is Entry and type(each.resource) is Resource]
