"""Prefetch that did not come -> queries of the EHR's FHIR server (CDS Hooks 2.0, FHIR Resource Access)."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from cds_service.core.plan import Prefetch
from cds_service.core.resources import Reference, Resource, entries
from cds_service.fhir.access import Access, parse_access
from cds_service.fhir.client import FhirClient
from cds_service.fhir.query import fill
from cds_service.fhir.task import Fetched
from cds_service.hooks.prefetch import Fetch
from cds_service.hooks.references import owner
from cds_service.hooks.request import HookRequest, bare_id

Count = Callable[[Mapping[str, str]], object]


def make_fetch(client: FhirClient, count: Count) -> Fetch:
    """Return how a call fetches what did not come; `count` is told the outcome of each key that was asked for."""

    def fetch(request: HookRequest, absent: list[Prefetch], pages: dict[str, str]) -> Mapping[str, Fetched]:
        access = parse_access(request.fhir_server, request.fhir_authorization, request.patient_id)
        if access == "absent":
            return {}
        if isinstance(access, str):
            found = {key: Fetched(access) for key in (*(each.key for each in absent), *pages)}
        else:
            found = _fetch(client, access, request, absent, pages)
        count({key: each.outcome for key, each in found.items()})
        return found

    return fetch


def _fetch(
    client: FhirClient, access: Access, request: HookRequest, absent: list[Prefetch], pages: dict[str, str]
) -> dict[str, Fetched]:
    values = _values(request)
    queries = {each.key: query for each in absent if (query := fill(each.query, values)) is not None}
    found = client.fetch(access, queries, pages)
    return {key: _without_others(each, request.patient_id) for key, each in found.items()}


def _values(request: HookRequest) -> dict[str, str | None]:
    """Return the value of each prefetch token (CDS Hooks 2.0, Prefetch tokens)."""
    user = request.user_id if isinstance(request.user_id, str) else ""
    kind, _, identifier = user.rpartition("/")
    return {
        "context.patientId": request.patient_id,
        "context.encounterId": request.encounter_id,
        "context.userId": user or None,
        "userPractitionerId": identifier if kind.endswith("Practitioner") else None,
    }


def _without_others(fetched: Fetched, patient_id: str) -> Fetched:
    """Return what was fetched, or nothing of it when a record in it is about another patient."""
    resources = [resource for page in fetched.pages for resource in entries(page)]
    owners = {owner(each) or _patient_of(each) for each in resources}
    return replace(fetched, outcome="foreign-patient", pages=()) if owners - {patient_id, None} else fetched


def _patient_of(resource: Resource) -> str | None:
    if resource.resource_type == "Patient":
        return bare_id(resource.id)
    return bare_id(resource.patient.reference) if isinstance(resource.patient, Reference) else None
