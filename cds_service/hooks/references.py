"""Whose and which: references between resources, and the refusal of another patient's data.

Where an EHR has mixed up two records, no advice is better than advice on the wrong one.
"""

import re
from collections.abc import Iterable

from cds_service.core.resources import Concept, Entry, Reference, Resource, many
from cds_service.errors import BadRequest
from cds_service.hooks.request import bare_id

FIT_ID = re.compile(r"[\w.:-]{1,64}")


def label(resource: Resource) -> str:
    """Return 'Type/id', or the type alone where there is no id fit to be repeated in an answer."""
    kind = resource.resource_type if isinstance(resource.resource_type, str) else "Resource"
    return f"{kind}/{resource.id}" if isinstance(resource.id, str) and FIT_ID.fullmatch(resource.id) else kind


def refuse_other_patients(patient_id: str, owners: set[str | None]) -> None:
    """Raise BadRequest (400) when one of the owners is somebody else; an unknown owner (None) is let pass."""
    if owners - {patient_id, None}:
        raise BadRequest("The call holds data of a patient other than context.patientId. Nothing was evaluated.")


def owner(resource: Resource) -> str | None:
    """Return the id of the patient a resource is about."""
    return bare_id(resource.subject.reference) if isinstance(resource.subject, Reference) else None


def referred(value: object) -> str | None:
    """Return the id a Reference, or an R5 CodeableReference, points to."""
    inner = value.reference if isinstance(value, (Reference, Concept)) else None
    return bare_id(inner.reference if isinstance(inner, Reference) else inner)


def resolve(wanted: set[str | None], kind: str, source: Resource, entries: Iterable[Entry]) -> list[Resource]:
    """Return the resources of a kind that are referred to, among those contained in `source` and in entries."""
    known: list[tuple[tuple[object, ...], Resource]]
    known = [((each.id,), each) for each in many(source.contained, Resource)]
    drafted = [(entry, entry.resource) for entry in entries]
    known += [((each.id, entry.full_url), each) for entry, each in drafted if isinstance(each, Resource)]
    wanted = wanted - {None}
    found = [each for names, each in known if not wanted.isdisjoint({bare_id(name) for name in names})]
    return [each for each in found if each.resource_type == kind]


def concepts_of(value: object) -> list[Concept]:
    """Return the CodeableConcepts of STU3 reasons, R5 CodeableReferences, and R5 Encounter.reason.value."""
    found: list[Concept] = []
    for each in many(value, Concept):
        inner = many(each.value, Concept)
        found += concepts_of(inner) if inner else [each.concept if isinstance(each.concept, Concept) else each]
    return found
