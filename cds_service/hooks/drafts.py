"""The draft orders as bytes, for suggestions that give a draft back with one element changed."""

from typing import Any

import msgspec
import orjson
from msgspec import Raw

from cds_service.core.resources import Coding, Concept, Resource, many
from cds_service.core.suggestion import Draft
from cds_service.errors import BadRequest
from cds_service.hooks.request import HookRequest


class _Entry(msgspec.Struct):
    resource: Raw


class _Bundle(msgspec.Struct):
    entry: Raw


class _Context(msgspec.Struct, rename="camel"):
    draft_orders: _Bundle


class _Body(msgspec.Struct):
    context: _Context


_BODY = msgspec.json.Decoder(_Body)
_ENTRIES = msgspec.json.Decoder(list[Raw])
_ENTRY = msgspec.json.Decoder(_Entry)


def draft_of(order: Resource, place: int, request: HookRequest, body: bytes) -> Draft:
    """Return the draft at a place among the draft orders; its bytes are cut out of the body only when asked for."""
    identity: Any = order.id
    known = identity if isinstance(identity, str) and identity else None
    return Draft(str(order.resource_type), known, request.patient_id, lambda: _cut(body, place), _ordered(request))


def _ordered(request: HookRequest) -> frozenset[tuple[object, object]]:
    drafts = [entry.resource for entry in request.drafts if isinstance(entry.resource, Resource)]
    codes = [each.code for each in drafts if each.resource_type == "ServiceRequest"]
    concepts = [code.concept if isinstance(code.concept, Concept) else code for code in codes if type(code) is Concept]
    codings = [coding for concept in concepts for coding in many(concept.coding, Coding)]
    return frozenset((each.system, each.code) for each in codings if isinstance(each.code, str))


def _cut(body: bytes, place: int) -> bytes:
    entry = _BODY.decode(body).context.draft_orders.entry
    listed = _ENTRIES.decode(entry) if bytes(entry).lstrip().startswith(b"[") else [entry]
    objects = [each for each in listed if bytes(each).lstrip().startswith(b"{")]
    draft = bytes(_ENTRY.decode(objects[place]).resource)
    try:
        orjson.loads(draft)  # what was skipped when the body was decoded must not be given back broken
    except orjson.JSONDecodeError:
        raise BadRequest("A selected draft order is not JSON in UTF-8. Send the order as it is stored.") from None
    return draft
