"""Resources -> records: which of an EHR's resources count.

A Condition counts while clinicalStatus is active, recurrence, relapse or absent and verificationStatus is neither
refuted nor entered-in-error; an AllergyIntolerance likewise; an Observation unless it was cancelled or entered in
error; a medication unless it was never to be given; a Procedure or Immunization once it is completed. A record with a
modifierExtension is not used, since its meaning may be reversed; the card says so.
"""

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Raw

from cds_service.core.decode import (
    decode_components,
    decode_concepts,
    decode_due_vaccines,
    decode_quantity,
    decode_ranges,
    decode_reactions,
)
from cds_service.core.records import Allergy, Immunization, Lab, Medication, Problem, Procedure
from cds_service.core.resources import (
    ABSENT,
    Coding,
    Component,
    Concept,
    Period,
    Quantity,
    Reaction,
    Resource,
    many,
)

NOTHING_SAID: frozenset[str] = frozenset()
ACTIVE = frozenset({"active", "recurrence", "relapse"})
PROVISIONAL = frozenset({"provisional", "unconfirmed", "differential"})
DISPROVED = frozenset({"refuted", "entered-in-error"})
HL7 = tuple(
    base + kind
    for base in ("http://terminology.hl7.org/CodeSystem/", "http://hl7.org/fhir/")
    for kind in ("condition-", "allergyintolerance-", "allergy-", "immunization-recommendation-")
)
VOID_RESULTS = ("cancelled", "entered-in-error")
NEVER_GIVEN = ("cancelled", "entered-in-error", "not-done", "not-taken", "declined", "rejected")
FINISHED = ("completed", "stopped", "ended", "revoked", "aborted")
DONE = ("completed", "unknown", None)
NOT_DUE = frozenset({"complete", "immune", "contraindicated"})
WORST_FIRST = ("severe", "moderate", "mild")


def status_codes(raw: Raw) -> frozenset[str]:
    """Return what a status says: its HL7 codes, else all its codes, else the bare string (STU3) or text it is."""
    return NOTHING_SAID if raw is ABSENT else _status_codes(bytes(raw))


@lru_cache(maxsize=512)
def _status_codes(written: bytes) -> frozenset[str]:
    """Return the same for bytes: the records of an EHR write their status in few ways, and each is decoded once."""
    value = decode_concepts(Raw(written))
    if not isinstance(value, Concept):
        return _said([value])
    codings = many(value.coding, Coding)
    hl7 = [coding.code for coding in codings if isinstance(coding.system, str) and coding.system.startswith(HL7)]
    return _said(hl7) or _said([coding.code for coding in codings]) or _said([value.text])


def _said(values: Iterable[object]) -> frozenset[str]:
    return frozenset(value.strip().casefold() for value in values if isinstance(value, str) and value.strip())


def _abated(condition: Resource) -> bool:
    ends = (
        condition.abatement_date_time,
        condition.abatement_string,
        condition.abatement_boolean,
        condition.abatement_age,
        condition.abatement_period,
        condition.abatement_range,
    )
    return any(end not in (None, False) for end in ends)


def problems_of(condition: Resource, label: str, origin: str) -> list[Problem]:
    """Return the diagnosis a Condition stands for; nothing when it does not count (FHIR R4, Condition)."""
    verification = status_codes(condition.verification_status)
    if condition.modifier_extension or verification & DISPROVED or not _is_active(condition):
        return []
    code = condition.code if isinstance(condition.code, Concept) else Concept()
    onset = condition.onset_date_time or _start(condition.onset_period)
    return [Problem(label, code, origin, bool(verification & PROVISIONAL), onset)]


def _is_active(resource: Resource) -> bool:
    clinical = status_codes(resource.clinical_status)
    return clinical <= ACTIVE if clinical else not _abated(resource)


def _start(period: object) -> object:
    return period.start or period.end if isinstance(period, Period) else None


def labs_of(observation: Resource, label: str) -> list[Lab]:
    """Return the result of an Observation and of each of its components; nothing when it does not count."""
    if observation.status in VOID_RESULTS or observation.modifier_extension:
        return []
    effective = observation.effective_date_time or _start(observation.effective_period) or observation.issued
    parts: list[Resource | Component] = [observation, *decode_components(observation.component)]
    return [_lab(part, part.code, label, effective) for part in parts if isinstance(part.code, Concept)]


def _lab(part: Resource | Component, code: Concept, label: str, effective: object) -> Lab:
    quantity: object = decode_quantity(part.value_quantity)
    return Lab(
        label,
        code,
        decode_concepts(part.interpretation),
        part.value_string,
        decode_concepts(part.value_codeable_concept),
        Quantity(part.value_integer) if part.value_integer is not None else quantity,
        decode_ranges(part.reference_range),
        effective,
    )


def medications_of(resource: Resource, label: str, codes: Iterable[Concept]) -> list[Medication]:
    """Return the drugs of a MedicationRequest, one for each concept that names it; nothing if not to be given."""
    not_to_be = resource.do_not_perform not in (None, False, "false") or resource.status in NEVER_GIVEN
    if not_to_be or resource.modifier_extension:
        return []
    date = resource.authored_on or resource.effective_date_time or _start(resource.effective_period)
    return [Medication(label, code, date, resource.status not in FINISHED) for code in codes]


def allergies_of(resource: Resource, label: str) -> list[Allergy]:
    """Return the allergy of an AllergyIntolerance; nothing when it is refuted or no longer active."""
    disproved = status_codes(resource.verification_status) & DISPROVED
    if disproved or resource.modifier_extension or not _is_active(resource) or not isinstance(resource.code, Concept):
        return []
    reactions = decode_reactions(resource.reaction)
    severities = {each.severity.casefold() for each in reactions if isinstance(each.severity, str)}
    worst = next((each for each in WORST_FIRST if each in severities), None)
    manifestations = [concept for each in reactions for concept in _manifestations(each)]
    criticality = resource.criticality.casefold() if isinstance(resource.criticality, str) else None
    return [Allergy(label, resource.code, criticality, worst, manifestations)]


def _manifestations(reaction: Reaction) -> list[Concept]:
    listed = many(reaction.manifestation, Concept)
    return [each.concept if isinstance(each.concept, Concept) else each for each in listed]


def procedures_of(resource: Resource, label: str) -> list[Procedure]:
    """Return the procedure of a Procedure that was carried out."""
    if resource.status not in DONE or resource.modifier_extension or not isinstance(resource.code, Concept):
        return []
    ended = [each.end for each in (resource.performed_period, resource.occurrence_period) if isinstance(each, Period)]
    dated = [resource.performed_date_time, resource.occurrence_date_time, *ended]
    starts = [_start(resource.performed_period), _start(resource.occurrence_period)]
    return [Procedure(label, resource.code, next(filter(None, [*dated, *starts]), None))]


def immunizations_of(resource: Resource, label: str) -> list[Immunization]:
    """Return the vaccine of an Immunization that was given, or each that an ImmunizationRecommendation names."""
    if resource.modifier_extension:
        return []
    if resource.resource_type == "ImmunizationRecommendation":
        listed = decode_due_vaccines(resource.recommendation)
        due = [each for each in listed if not status_codes(each.forecast_status) & NOT_DUE]
        return [Immunization(label, code, None, due=True) for each in due for code in many(each.vaccine_code, Concept)]
    if resource.status not in DONE or not isinstance(resource.vaccine_code, Concept):
        return []
    return [Immunization(label, resource.vaccine_code, resource.occurrence_date_time)]
