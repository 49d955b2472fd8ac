"""The draft orders as bytes, for suggestions that give a draft back with one element changed."""

from typing import Any

import msgspec
import orjson
from msgspec import Raw

from cds_service.core.resources import Resource
from cds_service.core.suggestion import Draft
from cds_service.errors import BadRequest
from cds_service.hooks.request import HookRequest


class _Entry(msgspec.Struct):
    resource: Raw


class _Bundle(msgspec.Struct):
    entry: Raw


_BUNDLE = msgspec.json.Decoder(_Bundle)
_ENTRIES = msgspec.json.Decoder(list[Raw])
_ENTRY = msgspec.json.Decoder(_Entry)


def draft_of(order: Resource, place: int, request: HookRequest) -> Draft:
    """Return the draft at a place among the draft orders; its bytes are cut out of the Bundle only when asked for."""
    identity: Any = order.id
    known = identity if isinstance(identity, str) and identity else None
    kind, patient = str(order.resource_type), request.patient_id
    return Draft(kind, known, patient, lambda: _cut(request.written_drafts, place), request.ordered)


def _cut(bundle: Raw, place: int) -> bytes:
    entry = _BUNDLE.decode(bundle).entry
    listed = _ENTRIES.decode(entry) if bytes(entry).lstrip().startswith(b"[") else [entry]
    objects = [each for each in listed if bytes(each).lstrip().startswith(b"{")]
    draft = bytes(_ENTRY.decode(objects[place]).resource)
    try:
        orjson.loads(draft)  # what was skipped when the body was decoded must not be given back broken
    except orjson.JSONDecodeError:
        raise BadRequest("A selected draft order is not JSON in UTF-8. Send the order as it is stored.") from None
    return draft
