"""Request and prefetch -> Facts, one per selected order.

Everything here is about finding whose and what a record is. Data of another patient is refused: the EHR has mixed up
two records, and no advice is better than advice on the wrong one.
"""

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from cds_service.core.facts import (
    Facts,
    Lab,
    Order,
    Problem,
    counts,
    hits,
    labs_of,
    order_date,
    problem_of,
)
from cds_service.core.fhirpath.dates import Partial
from cds_service.core.resources import Coding, Concept, Dosage, EncounterDiagnosis, Reference, Resource, entries, many
from cds_service.core.valueset import Terminology, texts_of
from cds_service.errors import BadRequest
from cds_service.hooks.prefetch import Delivered
from cds_service.hooks.request import HookRequest, bare_id

FIT_ID = re.compile(r"[\w.:-]{1,64}")
MARKUP = re.compile(r"[<>&`*_~#|\[\]{}\\!\x00-\x1f]+")
LONGEST_NAME = 200
READ_FROM = {"conditions": ("problems", "current"), "observations": ("observations",)}


@dataclass(frozen=True)
class Chart:
    """What the prefetch says of the patient, common to all orders; `unread` are records that carry a modifier."""

    patient: Resource | None
    problems: list[Problem]
    labs: list[Lab]
    unread: list[Resource]


def label(resource: Resource) -> str:
    """Return 'Type/id', or the type alone where there is no id fit to be repeated in an answer."""
    kind = resource.resource_type if isinstance(resource.resource_type, str) else "Resource"
    return f"{kind}/{resource.id}" if isinstance(resource.id, str) and FIT_ID.fullmatch(resource.id) else kind


def read_chart(request: HookRequest, delivered: Delivered, terminology: Terminology, indexed: bool = True) -> Chart:
    """Return the chart. With `indexed`, records that no value set can hold are passed over.

    Raises BadRequest (400) when the prefetch holds another patient's data.
    """
    survey = _survey(delivered, terminology, indexed)
    _refuse_other_patients(request.patient_id, survey.owners)
    patient = next((each for each in survey.uncoded if each.resource_type == "Patient"), None)
    encounter = next((each for each in survey.uncoded if _is_current(each, request.encounter_id)), None)
    current = _current_conditions(encounter)
    chart = Chart(patient, _encounter_reasons(encounter), [], [])
    for each in survey.coded:
        if not each.modifier_extension:
            _file(each, chart, request.encounter_id, current)
        elif terminology.may_match(each.code):
            chart.unread.append(each)
    return chart


class _Survey(NamedTuple):
    """One look at each record: those with a code that may matter, those without a code, and whose they are."""

    coded: list[Resource]
    uncoded: list[Resource]
    owners: set[str | None]


def _survey(delivered: Delivered, terminology: Terminology, indexed: bool) -> _Survey:
    coded: list[Resource] = []
    uncoded: list[Resource] = []
    references: set[object] = set()
    may_match = terminology.may_match if indexed else lambda _: True
    for resources in delivered.resources.values():
        for each in resources:
            if each.code is None:
                uncoded.append(each)
            elif may_match(each.code):
                coded.append(each)
            if type(each.subject) is Reference and type(each.subject.reference) is str:
                references.add(each.subject.reference)
            if type(each.patient) is Reference and type(each.patient.reference) is str:
                references.add(each.patient.reference)
    owners = {bare_id(reference) for reference in references}
    owners |= {each.id for each in uncoded if each.resource_type == "Patient" and type(each.id) is str}
    return _Survey(coded, uncoded, owners)


def _is_current(resource: Resource, encounter_id: str | None) -> bool:
    return resource.resource_type == "Encounter" and (encounter_id is None or bare_id(resource.id) == encounter_id)


def _file(resource: Resource, chart: Chart, encounter_id: str | None, current: set[str | None]) -> None:
    if not isinstance(resource.code, Concept):
        return
    if resource.resource_type == "Condition" and counts(resource):
        chart.problems.append(problem_of(resource, label(resource), _origin(resource, encounter_id, current)))
    elif resource.resource_type == "Observation":
        chart.labs.extend(labs_of(resource, label(resource)))


def _refuse_other_patients(patient_id: str, owners: set[str | None]) -> None:
    if owners - {patient_id, None}:
        raise BadRequest("The call holds data of a patient other than context.patientId. Nothing was evaluated.")


def _referred(value: object) -> str | None:
    """Return the id a Reference, or an R5 CodeableReference, points to."""
    inner = value.reference if isinstance(value, (Reference, Concept)) else None
    return bare_id(inner.reference if isinstance(inner, Reference) else inner)


def _current_conditions(encounter: Resource | None) -> set[str | None]:
    if encounter is None:
        return set()
    diagnoses = many(encounter.diagnosis, EncounterDiagnosis)
    found = {_referred(concept) for each in diagnoses for concept in many(each.condition, Concept)}
    return found | {_referred(each) for each in many(encounter.reason_reference, Reference)}


def _origin(condition: Resource, encounter_id: str | None, current: set[str | None]) -> str:
    ids = {_referred(condition.encounter), _referred(condition.context)} - {None}
    is_current = (encounter_id in ids) or (isinstance(condition.id, str) and condition.id in current)
    return "encounter" if is_current else "code"


def _encounter_reasons(encounter: Resource | None) -> list[Problem]:
    if encounter is None:
        return []
    concepts = [*many(encounter.reason_code, Concept), *_concepts_of(encounter.reason)]
    return [Problem(label(encounter), concept, origin="encounter") for concept in concepts]


def _concepts_of(value: object) -> list[Concept]:
    """Return the CodeableConcepts of STU3 reasons, R5 CodeableReferences, and R5 Encounter.reason.value."""
    found: list[Concept] = []
    for each in many(value, Concept):
        inner = many(each.value, Concept)
        found += _concepts_of(inner) if inner else [each.concept if isinstance(each.concept, Concept) else each]
    return found


def read_order(order: Resource, request: HookRequest) -> Order:
    """Return what is ordered: code and route, with a Medication looked up where the order only refers to one.

    Raises BadRequest (400) when the order is for another patient.
    """
    subject = order.subject.reference if isinstance(order.subject, Reference) else None
    _refuse_other_patients(request.patient_id, {bare_id(subject)})
    codes = [each for each in _ordered_codes(order) if isinstance(each, Concept)]
    for reference in (order.medication_reference, order.medication):
        codes += [each.code for each in _medications(order, request, reference) if isinstance(each.code, Concept)]
    routes = [each.route for each in many(order.dosage_instruction, Dosage) if isinstance(each.route, Concept)]
    return Order(
        label(order),
        str(order.resource_type),
        order.status,
        order.do_not_perform,
        order.modifier_extension,
        codes,
        routes,
        _name(codes),
    )


def _ordered_codes(order: Resource) -> list[object]:
    given = [order.medication_codeable_concept, order.medication, order.code]
    return [each.concept if isinstance(each, Concept) and each.concept is not None else each for each in given]


def _medications(order: Resource, request: HookRequest, reference: object) -> list[Resource]:
    wanted = _referred(reference)
    if wanted is None:
        return []
    delivered = [each for value in request.prefetch.values() for each in entries(value)]
    known = [*many(order.contained, Resource), *request.drafts, *delivered]
    return [each for each in known if each.resource_type == "Medication" and bare_id(each.id) == wanted][:1]


def _name(codes: list[Concept]) -> str:
    """Return what the order calls its drug, without what Markdown or HTML would make something of."""
    names = [text for concept in codes for text in texts_of(concept)]
    names += [
        code for concept in codes for coding in many(concept.coding, Coding) if isinstance(code := coding.code, str)
    ]
    plain = (" ".join(MARKUP.sub(" ", name).split()) for name in names)
    return next((name for name in plain if name), "")[:LONGEST_NAME]


def to_facts(
    source: Resource, order: Order, request: HookRequest, chart: Chart, delivered: Delivered, today: Partial
) -> Facts:
    """Return the facts of one order: the chart, with the order's own reasons among the problems."""
    wanted = {_referred(each) for each in many(source.reason_reference, Reference)}
    wanted |= {_referred(each) for each in many(source.reason, Concept)}
    own = [each for each in (*many(source.contained, Resource), *request.drafts) if each.resource_type == "Condition"]
    problems = [_as_reason(each) if bare_id(each.label) in wanted - {None} else each for each in chart.problems]
    problems += [problem_of(each, label(each), "reason") for each in own if bare_id(each.id) in wanted and counts(each)]
    reasons = [*many(source.reason_code, Concept), *_concepts_of(source.reason)]
    problems += [Problem(order.label, each, origin="reason") for each in reasons]
    unavailable = {name for key in READ_FROM if key not in delivered.resources for name in READ_FROM[key]}
    return Facts(
        order,
        chart.patient,
        problems,
        chart.labs,
        order_date(source.authored_on, today),
        today,
        frozenset(unavailable),
        delivered.not_checked,
    )


def _as_reason(problem: Problem) -> Problem:
    return replace(problem, origin="reason")


def with_index(facts: Facts, terminology: Terminology) -> Facts:
    """Return the facts with the index of their records by value set."""
    facts.hits = hits(facts.problems, facts.observations, terminology)
    return facts
