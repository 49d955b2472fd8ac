"""What of the prefetch is there, and what can still be fetched (CDS Hooks 2.0, Prefetch Template).

A key may be delivered, `null` (the record has none), or not available: an OperationOutcome in its place, or absent and
not to be fetched either. A required key that is not available is a 412; an optional one is named on the card as not
checked.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cds_service.core.plan import Prefetch
from cds_service.core.resources import Junk, Link, Resource, entries, many
from cds_service.errors import PreconditionFailed
from cds_service.fhir.task import Fetched
from cds_service.hooks.request import HookRequest

ENCOUNTER_TOKEN = "{{context.encounterId}}"  # noqa: S105  (a CDS Hooks prefetch token)
FIRST_PAGE = "only the first page came"
SOME_PAGES = "only the first pages came"
Fetch = Callable[[HookRequest, list[Prefetch], dict[str, str]], Mapping[str, Fetched]]


@dataclass(frozen=True)
class Delivered:
    """The resources of each key that is available, and what to say on a card of those that are not, or not whole.

    `missing` are the keys that are not available.
    """

    resources: dict[str, list[Resource]]
    not_checked: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass
class _Found:
    resources: dict[str, list[Resource]] = field(default_factory=dict)
    not_checked: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def collect(request: HookRequest, templates: Iterable[Prefetch], fetch: Fetch | None = None) -> Delivered:
    """Return what came for each template key, with what `fetch` brings of the keys and pages that did not come.

    Raises PreconditionFailed (412) naming every required key that is not available, and why it was not fetched.
    """
    templates, found = list(templates), _Found()
    absent = [each for each in templates if each.key not in request.prefetch]
    pages = {each.key: page for each in templates if (page := _next_page(request.prefetch.get(each.key)))}
    fetched = fetch(request, absent, pages) if fetch and (absent or pages) else {}
    for template in templates:
        _take(template, request, fetched.get(template.key), found)
    if found.lost:
        raise PreconditionFailed(
            f"Required prefetch is not available: {', '.join(found.lost)}. Send it with the call, "
            "or let the service fetch it.",
            tuple(found.missing),
        )
    return Delivered(found.resources, tuple(found.not_checked), tuple(found.missing))


def _take(template: Prefetch, request: HookRequest, fetched: Fetched | None, found: _Found) -> None:
    key, value = template.key, request.prefetch.get(template.key, ...)
    came = _is_available(value)
    pages = fetched.pages if fetched else ()
    if came or pages:
        found.resources[key] = entries(value) if came else []  # type: ignore[arg-type]
        found.resources[key] += [each for page in pages for each in entries(page)]
        remark = (FIRST_PAGE if came and not pages else SOME_PAGES) if _is_partial(value, fetched) else ""
        found.not_checked += [f"{key} ({remark})"] if remark else []
        return
    if template.required:
        found.lost.append(f"{key} ({fetched.outcome})" if fetched else key)
    if ENCOUNTER_TOKEN not in template.query or request.encounter_id:
        found.not_checked.append(key)
        found.missing.append(key)


def _is_partial(value: object, fetched: Fetched | None) -> bool:
    return not fetched.complete if fetched else bool(_next_links(value))


def _is_available(value: object) -> bool:
    return value is None or (isinstance(value, Resource) and value.resource_type != "OperationOutcome")


def _next_page(value: Resource | Junk | object) -> str | None:
    return next((link.url for link in _next_links(value) if isinstance(link.url, str)), None)


def _next_links(value: Resource | Junk | object) -> list[Link]:
    links = many(value.link, Link) if isinstance(value, Resource) else []
    return [link for link in links if link.relation == "next"]
