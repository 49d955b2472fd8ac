"""What is known of one patient and one selected order, as conditions see it.

Which records count is decided here, once: a Condition counts while clinicalStatus is active, recurrence, relapse or
absent and verificationStatus is neither refuted nor entered-in-error; an Observation unless it was cancelled or entered
in error. A record with a modifierExtension is not used, since its meaning may be reversed; the card says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Raw

from cds_service.core.fhirpath.dates import Partial, parse_date
from cds_service.core.resources import (
    Coding,
    Component,
    Concept,
    Concepts,
    ReferenceRange,
    Resource,
    decode_components,
    decode_concepts,
    decode_quantity,
    decode_ranges,
    many,
)
from cds_service.core.valueset import Match, Terminology

ACTIVE = frozenset({"active", "recurrence", "relapse"})
PROVISIONAL = frozenset({"provisional", "unconfirmed", "differential"})
DISPROVED = frozenset({"refuted", "entered-in-error"})
HL7 = ("http://terminology.hl7.org/CodeSystem/condition-", "http://hl7.org/fhir/condition-")
VOID_RESULTS = ("cancelled", "entered-in-error")


@dataclass(slots=True, eq=False)
class Problem:
    """A diagnosis that counts: `label` is its resource, `origin` how it reached us (code, encounter, reason)."""

    label: str
    code: Concept
    origin: str = "code"
    provisional: bool = False


@dataclass(slots=True, eq=False)
class Lab:
    """A laboratory result, or one component of it."""

    label: str
    code: Concept
    interpretation: Concepts = None
    value_string: object = None
    value_codeable_concept: object = None
    value_quantity: object = None
    reference_range: list[ReferenceRange] = field(default_factory=list)

    @property
    def value(self) -> list[object]:
        """Return the written or coded value."""
        return [each for each in (self.value_string, self.value_codeable_concept) if each is not None]


@dataclass(slots=True, eq=False)
class Order:
    """The selected order: every concept that says what is ordered, and the routes it gives."""

    label: str
    resource_type: str
    status: object = None
    do_not_perform: object = None
    modifier_extension: object = None
    code: list[Concept] = field(default_factory=list)
    route: list[Concept] = field(default_factory=list)
    name: str = ""


class Evidence(NamedTuple):
    """A record that made a condition true, why it is in a value set, whether its text or a second diagnosis decided."""

    record: Problem | Lab | Order
    match: Match
    by_text: bool
    combined: bool = False


@dataclass(slots=True)
class Facts:
    """One patient and one order. `unavailable` names the variables whose data did not come."""

    order: Order
    patient: Resource | None
    problems: list[Problem]
    observations: list[Lab]
    order_date: Partial
    today: Partial
    unavailable: frozenset[str] = frozenset()
    not_checked: tuple[str, ...] = ()
    hits: Mapping[tuple[str, str], list[Problem | Lab]] | None = None


def status_codes(raw: Raw) -> frozenset[str]:
    """Return what a status says: its HL7 codes, else all its codes, else the bare string (STU3) or text it is."""
    value = decode_concepts(raw)
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
    return [Problem(label, code, origin, bool(verification & PROVISIONAL))]


def _is_active(condition: Resource) -> bool:
    clinical = status_codes(condition.clinical_status)
    return clinical <= ACTIVE if clinical else not _abated(condition)


def labs_of(observation: Resource, label: str) -> list[Lab]:
    """Return the result of an Observation and of each of its components; nothing when it does not count."""
    if observation.status in VOID_RESULTS or observation.modifier_extension:
        return []
    parts: list[Resource | Component] = [observation, *decode_components(observation.component)]
    return [_lab(part, part.code, label) for part in parts if isinstance(part.code, Concept)]


def _lab(part: Resource | Component, code: Concept, label: str) -> Lab:
    return Lab(
        label,
        code,
        decode_concepts(part.interpretation),
        part.value_string,
        decode_concepts(part.value_codeable_concept),
        decode_quantity(part.value_quantity),
        decode_ranges(part.reference_range),
    )


def order_date(authored_on: object, today: Partial) -> Partial:
    """Return the day of the order: authoredOn where it names a day, else the day of the call."""
    authored = parse_date(authored_on)
    return authored if authored and len(authored) == 3 else today


def hits(
    problems: Iterable[Problem], observations: Iterable[Lab], terminology: Terminology
) -> dict[tuple[str, str], list[Problem | Lab]]:
    """Return the records of each variable that are in a value set, by (variable, value set url).

    This is the index by which conditions find records without a sweep. It changes no answer.
    """
    found: dict[tuple[str, str], list[Problem | Lab]] = {}
    for problem in problems:
        for url in terminology.members(problem.code):
            found.setdefault(("problems", url), []).append(problem)
            if problem.origin != "code":
                found.setdefault(("current", url), []).append(problem)
    for lab in observations:
        for url in terminology.members(lab.code, local_names=True):
            found.setdefault(("observations", url), []).append(lab)
    return found
