"""What of the prefetch is there (CDS Hooks 2.0, Prefetch Template).

A key may be delivered, `null` (the record has none), or not available: absent, or an OperationOutcome in its place. A
required key that is not available is a 412; an optional one is named on the card as not checked.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cds_service.core.plan import Prefetch
from cds_service.core.resources import Junk, Link, Resource, entries, many
from cds_service.errors import PreconditionFailed
from cds_service.hooks.request import HookRequest

ENCOUNTER_TOKEN = "{{context.encounterId}}"  # noqa: S105  (a CDS Hooks prefetch token)


@dataclass(frozen=True)
class Delivered:
    """The resources of each delivered key, and what to say on a card of those that did not come."""

    resources: dict[str, list[Resource]]
    not_checked: tuple[str, ...]


def check_delivered(request: HookRequest, templates: Iterable[Prefetch]) -> Delivered:
    """Return what came for each template key.

    Raises PreconditionFailed (412) naming every required key that is not available.
    """
    resources: dict[str, list[Resource]] = {}
    not_checked, lost = [], []
    for template in templates:
        value = request.prefetch.get(template.key, ...)
        if _is_available(value):
            resources[template.key] = entries(value)  # type: ignore[arg-type]
            not_checked += [f"{template.key} (only the first page came)"] if _has_more(value) else []
            continue
        lost += [template.key] if template.required else []
        if ENCOUNTER_TOKEN not in template.query or request.encounter_id:
            not_checked.append(template.key)
    if lost:
        raise PreconditionFailed(f"Required prefetch is not available: {', '.join(lost)}. Send it with the call.")
    return Delivered(resources, tuple(not_checked))


def _is_available(value: object) -> bool:
    return value is None or (isinstance(value, Resource) and value.resource_type != "OperationOutcome")


def _has_more(value: Resource | Junk | object) -> bool:
    return isinstance(value, Resource) and any(link.relation == "next" for link in many(value.link, Link))
