"""A CDS Hooks call: body bytes -> HookRequest, or a clear 400 / 413 (CDS Hooks 2.0, Calling a CDS Service).

Messages name fields, never their values: a value may be about a patient.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from cds_service.core.hook import HOOKS
from cds_service.core.resources import ABSENT, Coding, Concept, Entry, Junk, Resource, many
from cds_service.errors import BadRequest, TooLarge

ORDER_TYPES = frozenset({"MedicationRequest", "ServiceRequest"})
NOT_TO_BE_GIVEN = ("cancelled", "entered-in-error", "stopped", "completed", "ended", "revoked", "aborted", "rejected")


class Context(msgspec.Struct, rename="camel"):
    """The context of order-select and order-sign (CDS Hooks library, 1.0 of each)."""

    user_id: Any = None
    patient_id: Any = None
    encounter_id: Any = None
    selections: Any = None
    draft_orders: msgspec.Raw = ABSENT


class Body(msgspec.Struct, rename="camel"):
    """The fields of a call that are read."""

    hook: Any = None
    hook_instance: Any = None
    fhir_server: Any = None
    fhir_authorization: dict[str, Any] | Junk = None
    context: Context | Junk = None
    prefetch: dict[str, Resource | Junk] | Junk = None


_DECODER = msgspec.json.Decoder(Body)
_DRAFTS = msgspec.json.Decoder(Resource | Junk)


@dataclass(frozen=True)
class Limits:
    """How much one call may hold: bytes of the body, entries of one Bundle, orders, and orders times records."""

    body_bytes: int = 10_000_000
    entries: int = 20_000
    orders: int = 100
    work: int = 250_000


@dataclass(frozen=True)
class HookRequest:
    """A valid call: ids without their type, the orders in scope, the entries of the draft Bundle, the prefetch.

    `written_drafts` is the draft Bundle as it came; `fhir_server` and `fhir_authorization` are as they came, unchecked.
    """

    hook: str
    user_id: object
    patient_id: str
    encounter_id: str | None
    fhir_server: object
    fhir_authorization: object = field(repr=False)
    orders: list[Resource]
    drafts: list[Entry]
    prefetch: dict[str, Resource | Junk]
    written_drafts: msgspec.Raw

    @cached_property
    def medications(self) -> dict[str, Resource]:
        """Return the Medications among the drafts and in the prefetch, by id and by the id in their fullUrl."""
        delivered = [entry for value in self.prefetch.values() for entry in _entries(value) or [Entry(None, value)]]
        found: dict[str, Resource] = {}
        for entry in (*self.drafts, *delivered):
            resource = entry.resource
            if isinstance(resource, Resource) and resource.resource_type == "Medication":
                for name in (bare_id(resource.id), bare_id(entry.full_url)):
                    found.setdefault(name or "", resource)
        return found

    @cached_property
    def ordered(self) -> frozenset[tuple[object, object]]:
        """Return the (system, code) pairs that the draft ServiceRequests ask for."""
        drafts = [entry.resource for entry in self.drafts if isinstance(entry.resource, Resource)]
        codes = [each.code for each in drafts if each.resource_type == "ServiceRequest"]
        concepts = [
            code.concept if isinstance(code.concept, Concept) else code for code in codes if type(code) is Concept
        ]
        codings = [coding for concept in concepts for coding in many(concept.coding, Coding)]
        return frozenset((each.system, each.code) for each in codings if isinstance(each.code, str))


def bare_id(reference: object) -> str | None:
    """Return the id of 'Patient/1', 'http://server/fhir/Patient/1', 'urn:uuid:1' or '1'; None for anything else."""
    if not isinstance(reference, str) or not reference.strip():
        return None
    last = reference.strip().partition("/_history/")[0].rstrip("/").rpartition("/")[2]
    return last.removeprefix("urn:uuid:").removeprefix("#") or None


def parse_request(body: bytes, limits: Limits) -> HookRequest:
    """Return the call that a body holds.

    Raises BadRequest (400) naming every missing or ill-typed field, TooLarge (413) over a limit.
    """
    if len(body) > limits.body_bytes:
        raise too_large(limits)
    with refuse_unreadable():
        decoded = _DECODER.decode(body)
        context = decoded.context
        drafts = _DRAFTS.decode(context.draft_orders) if isinstance(context, Context) else None
    if problems := _problems(decoded, drafts):
        raise BadRequest("Not a CDS Hooks order request: " + "; ".join(problems) + ".")
    assert isinstance(context, Context)  # noqa: S101  (_problems has said so)
    prefetch = decoded.prefetch if isinstance(decoded.prefetch, dict) else {}
    for bundle in (drafts, *prefetch.values()):
        _cap(bundle, limits)
    orders = _in_scope(decoded.hook, context, drafts)
    if len(orders) > limits.orders:
        raise TooLarge(f"More than {limits.orders} orders are in scope. Send fewer at a time.")
    return HookRequest(
        hook=decoded.hook,
        user_id=context.user_id,
        patient_id=bare_id(context.patient_id) or "",
        encounter_id=bare_id(context.encounter_id),
        fhir_server=decoded.fhir_server,
        fhir_authorization=decoded.fhir_authorization,
        orders=orders,
        drafts=_entries(drafts),
        prefetch={key: _unwrapped(value) for key, value in prefetch.items()},
        written_drafts=context.draft_orders,
    )


def too_large(limits: Limits) -> TooLarge:
    """Return the error for a body over the limit."""
    return TooLarge(f"The body is larger than {limits.body_bytes} bytes. Send less prefetch data.")


@contextmanager
def refuse_unreadable() -> Iterator[None]:
    """Answer what cannot be decoded with BadRequest (400) or TooLarge (413).

    Elements that are kept as bytes are decoded after the body, and may still hold a number that no double can, or bytes
    that are not UTF-8.
    """
    try:
        yield
    except RecursionError:
        raise TooLarge("The body is nested too deeply. FHIR resources need a few dozen levels at most.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        reason = "The body is not a JSON object in UTF-8, or holds a number out of range."
        raise BadRequest(f"{reason} Send one CDS Hooks request as JSON.") from None


def _problems(body: Body, drafts: Resource | Junk) -> list[str]:
    context = body.context
    named = {"hook": body.hook, "hookInstance": body.hook_instance}
    found = [f"{name} must be a string" for name, value in named.items() if not _is_text(value)]
    if not isinstance(context, Context):
        return [*found, "context must be an object"]
    if bare_id(context.patient_id) is None:
        found.append("context.patientId must be a string")
    if _has_selections(body.hook) and not isinstance(context.selections, list):
        found.append("context.selections must be a list of references into draftOrders")
    if not isinstance(drafts, Resource) or drafts.resource_type not in (None, "Bundle"):
        found.append("context.draftOrders must be a Bundle")
    if body.prefetch is not None and not isinstance(body.prefetch, dict):
        found.append("prefetch must be an object")
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _entries(bundle: Resource | Junk) -> list[Entry]:
    return many(bundle.entry, Entry) if isinstance(bundle, Resource) else []


def _cap(bundle: Resource | Junk, limits: Limits) -> None:
    if isinstance(bundle, Resource) and isinstance(bundle.entry, list) and len(bundle.entry) > limits.entries:
        raise TooLarge(f"A Bundle has more than {limits.entries} entries. Narrow the query that fills it.")


def _has_selections(hook: object) -> bool:
    known = HOOKS.get(hook) if isinstance(hook, str) else None
    return known is None or known.has_selections


def _in_scope(hook: object, context: Context, drafts: Resource | Junk) -> list[Resource]:
    """Return the orders that a hook is about: those that are selected, or every draft."""
    given = [(entry, entry.resource) for entry in _entries(drafts)]
    orders = [(entry, each) for entry, each in given if isinstance(each, Resource) and _is_to_be_given(each)]
    if not _has_selections(hook):
        return [order for _, order in orders]
    wanted = {tuple(item.strip().split("/")[-2:]) for item in context.selections if isinstance(item, str)}
    return [order for entry, order in orders if not wanted.isdisjoint(_names(entry, order))]


def _names(entry: Entry, order: Resource) -> set[tuple[str, ...]]:
    names: set[tuple[str, ...]] = set()
    if order.id is not None:
        names.add((str(order.resource_type), str(order.id)))
    if isinstance(entry.full_url, str):
        names |= {tuple(entry.full_url.split("/")[-2:]), (str(order.resource_type), bare_id(entry.full_url) or "")}
    return names


def _is_to_be_given(order: Resource) -> bool:
    known = isinstance(order.resource_type, str) and order.resource_type in ORDER_TYPES
    return known and order.do_not_perform in (None, False, "false") and order.status not in NOT_TO_BE_GIVEN


def _unwrapped(value: Resource | Junk) -> Resource | Junk:
    """Return the resource of a pre-1.0 prefetch wrapper {"response": .., "resource": ..}, else the value itself."""
    if isinstance(value, Resource) and value.resource_type is None and isinstance(value.resource, Resource):
        return value.resource
    return value
