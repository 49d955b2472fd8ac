"""Prefetch -> Chart: what it says of the patient, common to all orders of a call."""

from dataclasses import dataclass, field
from typing import NamedTuple

from cds_service.core.inbound import allergies_of, immunizations_of, labs_of, problems_of, procedures_of
from cds_service.core.records import Allergy, Immunization, Lab, Medication, Problem, Procedure
from cds_service.core.resources import ABSENT, Concept, EncounterDiagnosis, Reference, Resource, many
from cds_service.core.valueset import Terminology
from cds_service.hooks.drugs import drugs_of
from cds_service.hooks.prefetch import Delivered
from cds_service.hooks.references import concepts_of, label, referred, refuse_other_patients, resolve
from cds_service.hooks.request import HookRequest, bare_id

MEDICATION_TYPES = frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration"})
NAMED_TYPES = MEDICATION_TYPES | {"AllergyIntolerance", "Procedure", "Immunization"}


@dataclass(frozen=True)
class Chart:
    """What the prefetch says of the patient, common to all orders; `unread` are records that carry a modifier."""

    patient: Resource | None = None
    problems: list[Problem] = field(default_factory=list)
    labs: list[Lab] = field(default_factory=list)
    medications: list[Medication] = field(default_factory=list)
    allergies: list[Allergy] = field(default_factory=list)
    procedures: list[Procedure] = field(default_factory=list)
    immunizations: list[Immunization] = field(default_factory=list)
    unread: list[Resource] = field(default_factory=list)


def read_chart(request: HookRequest, delivered: Delivered, terminology: Terminology, indexed: bool = True) -> Chart:
    """Return the chart. With `indexed`, records that no value set can hold are passed over.

    Raises BadRequest (400) when the prefetch holds another patient's data.
    """
    survey = _survey(delivered, terminology, indexed)
    refuse_other_patients(request.patient_id, survey.owners)
    patient = next((each for each in survey.others if each.resource_type == "Patient"), None)
    encounter = next((each for each in survey.others if _is_current(each, request.encounter_id)), None)
    current = _current_conditions(encounter)
    chart = Chart(patient, _encounter_reasons(encounter))
    for each in survey.coded:
        if not each.modifier_extension:
            _file(each, chart, request.encounter_id, current)
        elif terminology.may_match(each.code):
            chart.unread.append(each)
    for each in survey.others:
        _file_other(each, chart, request)
    return chart


class _Survey(NamedTuple):
    """One look at each record: diagnoses and results whose code may matter, all other types, and whose they are."""

    coded: list[Resource]
    others: list[Resource]
    owners: set[str | None]


def _survey(delivered: Delivered, terminology: Terminology, indexed: bool) -> _Survey:
    coded: list[Resource] = []
    others: list[Resource] = []
    references: set[object] = set()
    may_match = terminology.may_match if indexed else lambda *_: True
    for resources in delivered.resources.values():
        for each in resources:
            kind = each.resource_type
            if kind != "Condition" and kind != "Observation":
                others.append(each)
            elif each.component is not ABSENT or (
                each.code is not None and may_match(each.code, kind == "Observation")
            ):
                coded.append(each)
            if type(each.subject) is Reference and type(each.subject.reference) is str:
                references.add(each.subject.reference)
            if type(each.patient) is Reference and type(each.patient.reference) is str:
                references.add(each.patient.reference)
    owners = {bare_id(reference) for reference in references}
    owners |= {each.id for each in others if each.resource_type == "Patient" and type(each.id) is str}
    return _Survey(coded, others, owners)


def _file_other(resource: Resource, chart: Chart, request: HookRequest) -> None:
    kind = resource.resource_type
    if not isinstance(kind, str):
        return
    if kind in MEDICATION_TYPES:
        chart.medications.extend(drugs_of(resource, request))
    elif kind == "AllergyIntolerance":
        chart.allergies.extend(allergies_of(resource, label(resource)))
    elif kind == "Procedure":
        chart.procedures.extend(procedures_of(resource, label(resource)))
    elif kind in {"Immunization", "ImmunizationRecommendation"}:
        chart.immunizations.extend(immunizations_of(resource, label(resource)))
    if kind in NAMED_TYPES and resource.modifier_extension:
        chart.unread.append(resource)


def _is_current(resource: Resource, encounter_id: str | None) -> bool:
    return resource.resource_type == "Encounter" and (encounter_id is None or bare_id(resource.id) == encounter_id)


def _file(resource: Resource, chart: Chart, encounter_id: str | None, current: set[str | None]) -> None:
    if not isinstance(resource.code, Concept):
        return
    if resource.resource_type == "Condition":
        chart.problems.extend(problems_of(resource, label(resource), _origin(resource, encounter_id, current)))
    elif resource.resource_type == "Observation":
        chart.labs.extend(labs_of(resource, label(resource)))


def _diagnosed(encounter: Resource) -> list[Concept]:
    diagnoses = many(encounter.diagnosis, EncounterDiagnosis)
    return [concept for each in diagnoses for concept in many(each.condition, Concept)]


def _current_conditions(encounter: Resource | None) -> set[str | None]:
    if encounter is None:
        return set()
    reasons = [referred(each) for each in many(encounter.reason_reference, Reference)]
    return {*(referred(each) for each in _diagnosed(encounter)), *reasons} - {None}


def _origin(condition: Resource, encounter_id: str | None, current: set[str | None]) -> str:
    ids = {referred(condition.encounter), referred(condition.context)} - {None}
    is_current = (encounter_id in ids) or (isinstance(condition.id, str) and condition.id in current)
    return "encounter" if is_current else "code"


def _encounter_reasons(encounter: Resource | None) -> list[Problem]:
    if encounter is None:
        return []
    diagnosed = [each.concept for each in _diagnosed(encounter) if isinstance(each.concept, Concept)]
    concepts = [*many(encounter.reason_code, Concept), *concepts_of(encounter.reason), *diagnosed]
    own = resolve(_current_conditions(encounter), "Condition", encounter, [])
    problems = [problem for each in own for problem in problems_of(each, label(encounter), "encounter")]
    return problems + [Problem(label(encounter), concept, origin="encounter") for concept in concepts]
