"""What an order is for: its own codes, or those of the Medication it refers to."""

from cds_service.core.inbound import medications_of
from cds_service.core.records import Medication
from cds_service.core.resources import Concept, Reference, Resource
from cds_service.hooks.references import label, referred, resolve
from cds_service.hooks.request import HookRequest

Drafted = list[tuple[Resource, list[Medication]]]


def ordered_concepts(order: Resource, request: HookRequest) -> list[Concept]:
    """Return every concept that says what an order is for: its own, and that of the Medication it refers to."""
    codes = [each for each in _own_codes(order) if isinstance(each, Concept)]
    wanted = {referred(order.medication_reference), referred(order.medication)} - {None}
    if wanted:
        codes += [each.code for each in _medications(wanted, order, request) if isinstance(each.code, Concept)]
    return codes


def _own_codes(order: Resource) -> list[object]:
    given = [order.medication_codeable_concept, order.medication, order.code]
    return [each.concept if isinstance(each, Concept) and each.concept is not None else each for each in given]


def _medications(wanted: set[str | None], order: Resource, request: HookRequest) -> list[Resource]:
    contained = resolve(wanted, "Medication", order, [])
    return contained[:1] or [request.medications[name] for name in wanted if name in request.medications][:1]


def drugs_of(resource: Resource, request: HookRequest) -> list[Medication]:
    """Return the drugs of an order; by the name in its reference, where what it refers to did not come."""
    codes = ordered_concepts(resource, request)
    named = resource.medication_reference
    if not codes and isinstance(named, Reference) and isinstance(named.display, str):
        codes = [Concept(text=named.display)]
    return medications_of(resource, label(resource), codes)


def drafted_drugs(request: HookRequest) -> Drafted:
    """Return each draft MedicationRequest with the drugs that it is for."""
    drafts = [entry.resource for entry in request.drafts if isinstance(entry.resource, Resource)]
    return [(each, drugs_of(each, request)) for each in drafts if each.resource_type == "MedicationRequest"]
