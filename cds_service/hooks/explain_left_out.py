"""Records that came with a call and were left out, and why.

The rules are asked, not repeated: a record is read by `read_chart` as it came, and again without the elements that can
rule it out. What of these, alone, still keeps it from being read is the reason.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from cds_service.core.explain.records import TEXT, day, describe, sets_of, unknown_systems, written_code
from cds_service.core.explain.values import LeftOut, Seen
from cds_service.core.inbound import status_codes
from cds_service.core.records import Record
from cds_service.core.resources import ABSENT, Resource
from cds_service.core.units import NO_UNITS
from cds_service.core.valueset import Terminology
from cds_service.hooks.chart import MEDICATION_TYPES, read_chart
from cds_service.hooks.facts import READ_FROM
from cds_service.hooks.prefetch import Delivered
from cds_service.hooks.references import label
from cds_service.hooks.request import HookRequest, bare_id, refuse_unreadable

ABATEMENT = tuple(name for name in Resource.__struct_fields__ if name.startswith("abatement_"))
RULING_OUT: Mapping[str, Mapping[str, Any]] = {
    "modifierExtension": {"modifier_extension": None},
    "verificationStatus": {"verification_status": ABSENT},
    "clinicalStatus": {"clinical_status": ABSENT} | dict.fromkeys(ABATEMENT),
    "status": {"status": None},
    "doNotPerform": {"do_not_perform": None},
}
KEYS = dict.fromkeys(MEDICATION_TYPES, "medications") | {
    "Condition": "conditions",
    "Observation": "observations",
    "AllergyIntolerance": "allergies",
    "Procedure": "procedures",
    "Immunization": "immunizations",
    "ImmunizationRecommendation": "immunizations",
}
NEEDED_ONLY = frozenset({"Patient", "Encounter", "Medication"})
OTHER_TYPE = "resources of its type are not read"
NO_CODE = "it has no code or text that is read"
NOT_DUE = "no vaccine in it is due"
OTHER_ENCOUNTER = "it is not the encounter of the call"


def left_out(request: HookRequest, delivered: Delivered, terminology: Terminology) -> tuple[LeftOut, ...]:
    """Return the records of the prefetch and the other drafts that do not count; first those that a value set holds."""
    in_scope = {id(each) for each in request.orders}
    drafts = [each.resource for each in request.drafts if isinstance(each.resource, Resource)]
    others = [each for each in drafts if each.resource_type == "MedicationRequest" and id(each) not in in_scope]
    reader = _Reader(request, terminology)
    with refuse_unreadable():
        found = [each for resources in (*delivered.resources.values(), others) for each in reader.left_out(resources)]
    return tuple(sorted(dict.fromkeys(found), key=lambda each: not each.value_sets))


class _Reader:
    """Reads one resource at a time, as if nothing else had come."""

    def __init__(self, request: HookRequest, terminology: Terminology) -> None:
        self.request, self.terminology = request, terminology

    def left_out(self, resources: Iterable[Resource]) -> Iterable[LeftOut]:
        for each in resources:
            if each.resource_type == "Encounter":
                yield from self._of_encounter(each)
            elif each.resource_type not in NEEDED_ONLY and not self._records(each):
                yield self._told(each)

    def _records(self, resource: Resource) -> list[Record]:
        of_nobody = replace(resource, subject=None, patient=None)  # whose the drafts are is not asked of a call either
        chart = read_chart(self.request, Delivered({"": [of_nobody]}, ()), self.terminology, indexed=False)
        coded = (chart.medications, chart.allergies, chart.procedures, chart.immunizations)
        return [*chart.problems, *chart.labs, *(record for records in coded for record in records)]

    def _of_encounter(self, encounter: Resource) -> Iterable[LeftOut]:
        wanted = self.request.encounter_id
        if wanted and bare_id(encounter.id) != wanted and self._records(replace(encounter, id=wanted)):
            yield LeftOut(Seen(label(encounter)), READ_FROM["conditions"], OTHER_ENCOUNTER)

    def _told(self, resource: Resource) -> LeftOut:
        kind = resource.resource_type
        if kind not in KEYS:
            named = written_code(kind, NO_UNITS) != TEXT
            return LeftOut(Seen(label(resource) if named else "Resource"), (), OTHER_TYPE)
        whole = replace(resource, **{name: value for each in RULING_OUT.values() for name, value in each.items()})
        variables, records = READ_FROM[KEYS[kind]], self._records(whole)
        if not records:
            because = NOT_DUE if kind == "ImmunizationRecommendation" else NO_CODE
            return LeftOut(Seen(label(resource)), variables, because)
        because = ", ".join(_said(name, resource) for name in RULING_OUT if self._rules_out(name, resource, whole))
        seen = [describe(each, self.terminology.units) for each in records]
        codes = tuple(dict.fromkeys(code for each in seen for code in each.codes))
        sets = dict.fromkeys(url for each in records for url in sets_of(each, self.terminology))
        one = seen[0]._replace(codes=codes)
        return LeftOut(one, variables, because, tuple(sets), unknown_systems(one, self.terminology))

    def _rules_out(self, name: str, resource: Resource, whole: Resource) -> bool:
        """Return whether what one element says keeps a record, that would count without, from being read."""
        return not self._records(replace(whole, **{each: getattr(resource, each) for each in RULING_OUT[name]}))


def _said(name: str, resource: Resource) -> str:
    """Return an element and what it says."""
    if name == "modifierExtension":
        return "modifierExtension, which may reverse its meaning"
    if name == "clinicalStatus" and not status_codes(resource.clinical_status):
        ended = next(each for each in (getattr(resource, name) for name in ABATEMENT) if each not in (None, False))
        return f"abatement {day(ended) or 'given'}"
    if name in {"clinicalStatus", "verificationStatus"}:
        said = status_codes(resource.clinical_status if name == "clinicalStatus" else resource.verification_status)
        return f"{name} {', '.join(sorted(dict.fromkeys(written_code(each, NO_UNITS) for each in said)))}"
    value = resource.status if name == "status" else resource.do_not_perform
    return f"{name} {'true' if value is True else written_code(value, NO_UNITS)}"
