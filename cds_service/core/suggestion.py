"""Offers -> CDS Hooks suggestions: delete, update or create resources in the shape the call uses (CDS Hooks 2.0).

A draft is changed element by element on its own bytes: whatever is not changed stays byte for byte as it came.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Raw

from cds_service.core.apply import Offer
from cds_service.core.facts import Evidence, Facts
from cds_service.core.records import Problem
from cds_service.core.template import put

Fields = dict[str, Raw]


class _Reference(msgspec.Struct):
    reference: str


_REFERENCE = msgspec.json.Decoder(_Reference)
_FIELDS = msgspec.json.Decoder(Fields)
_LIST = msgspec.json.Decoder(list[Raw])
_NUMBER = msgspec.json.Decoder(Decimal)


@dataclass
class Draft:
    """The order as it came: its resource type and id, its patient, and its bytes, which are read when needed.

    `ordered` are the (system, code) pairs of what the drafts beside it ask for.
    """

    resource_type: str
    id: str | None
    patient_id: str
    source: Callable[[], bytes]
    ordered: frozenset[tuple[object, object]] = frozenset()

    @cached_property
    def fields(self) -> Fields:
        """Return the elements of the draft, each as its bytes."""
        return _FIELDS.decode(self.source())

    @cached_property
    def release(self) -> str:
        """Return the FHIR release whose shape the draft has: R5, STU3, or R4 where nothing tells otherwise."""
        if "medication" in self.fields or _holds(self.fields.get("code"), "concept"):
            return "R5"
        instructions = _items(self.fields.get("dosageInstruction"))
        early = any(_holds(each, "doseQuantity") or _holds(each, "doseRange") for each in instructions)
        return "STU3" if early or ("context" in self.fields and self.resource_type == "MedicationRequest") else "R4"


def to_suggestion(
    offer: Offer, facts: Facts, draft: Draft, new_uuid: Callable[[], str], which: str = ""
) -> dict[str, Any] | None:
    """Return the suggestion of an offer; None when it cannot be made for this draft.

    `which` names the order where the card is about several of them.
    """
    suggestion = offer.action.suggestion
    action = _action(offer, facts, draft)
    if suggestion is None or action is None or not offer.label:
        return None
    values = {"order": facts.order.name or "the order", "matched": matched_name(offer)}
    described = {"type": suggestion.type, "description": put(offer.description, values) or put(offer.label, values)}
    label = put(offer.label, values)
    if which and suggestion.type != "create" and which not in label:
        label += f" ({which})"
    return {"label": label, "uuid": new_uuid(), "actions": [described | action]}


def _action(offer: Offer, facts: Facts, draft: Draft) -> dict[str, Any] | None:
    suggestion = offer.action.suggestion
    if suggestion is None:
        return None
    if suggestion.type == "create":
        return _created(suggestion.template, draft)
    if draft.id is None:
        return None
    if suggestion.type == "delete":
        return {"resourceId": f"{draft.resource_type}/{draft.id}"}
    changed = _with_reason(offer, draft) if suggestion.element == "reason" else _with_dose(facts, offer, draft)
    return {"resource": Raw(msgspec.json.encode(changed))} if changed else None


def _created(concept: Any, draft: Draft) -> dict[str, Any] | None:
    wanted = {(each["system"], each["code"]) for each in concept["coding"]}
    if wanted & draft.ordered or draft.release == "STU3":
        return None  # it is ordered already; and STU3 has no ServiceRequest
    code = {"concept": concept} if draft.release == "R5" else concept
    patient = {"reference": f"Patient/{draft.patient_id}"}
    request = {"resourceType": "ServiceRequest", "status": "draft", "intent": "order", "code": code, "subject": patient}
    encounter = _referred(draft.fields.get("encounter"))
    return {"resource": request | ({"encounter": {"reference": encounter}} if encounter else {})}


# The reason of an order


def _problem(offer: Offer) -> Evidence | None:
    return next(
        (each for each in offer.evidence if isinstance(each.record, Problem) and not each.record.provisional), None
    )


def matched_name(offer: Offer) -> str:
    """Return what the value set calls the diagnosis that an offer was matched on; nothing where none is certain."""
    found = _problem(offer)
    return found.match.code.display if found else ""


def _with_reason(offer: Offer, draft: Draft) -> Fields | None:
    found = _problem(offer)
    if found is None:
        return None
    kind, _, name = found.record.label.partition("/")
    is_reference = kind == "Condition" and bool(name)
    code = found.match.code
    coded = {"text": code.display} if found.by_text else {"coding": [code._asdict()], "text": code.display}
    reference = {"reference": found.record.label, "display": code.display}
    if draft.release == "R5":
        return draft.fields | {"reason": _raw([{"reference": reference} if is_reference else {"concept": coded}])}
    element, value = ("reasonReference", reference) if is_reference else ("reasonCode", coded)
    return draft.fields | {element: _raw([value])}


def _raw(value: Any) -> Raw:
    return Raw(msgspec.json.encode(value))


# The dose of an order


def _with_dose(facts: Facts, offer: Offer, draft: Draft) -> Fields | None:
    """Return the draft with every amount of the slipped instructions corrected; None when there is none to correct."""
    if offer.slip is None:
        return None
    up, down, places = offer.slip
    name = "dosageInstruction" if facts.order.dosages else "quantityQuantity"
    before = draft.fields.get(name)
    if before is None:
        return None
    if facts.order.dosages:
        after = _dosages(before, (up, down), frozenset(places))
    else:
        after = _scaled(before, (up, down)) if _has_number(before) else before
    return None if after == before else draft.fields | {name: after}


def _dosages(raw: Raw, factor: tuple[int, int], places: Set[int]) -> Raw:
    entries = _items(raw)
    objects = [i for i, each in enumerate(entries) if _is_object(each)]
    for place, i in enumerate(objects):
        if place in places:
            entries[i] = _dosage(entries[i], factor)
    return _raw(entries) if entries else raw


def _dosage(raw: Raw, factor: tuple[int, int]) -> Raw:
    fields = _amounts(_FIELDS.decode(raw), factor)
    if parts := _items(fields.get("doseAndRate")):
        changed = [_raw(_amounts(_FIELDS.decode(each), factor)) if _is_object(each) else each for each in parts]
        fields["doseAndRate"] = _raw(changed)
    return _raw(fields)


def _amounts(fields: Fields, factor: tuple[int, int]) -> Fields:
    if _has_number(fields.get("doseQuantity")):
        fields = fields | {"doseQuantity": _scaled(fields["doseQuantity"], factor)}
    if _is_object(fields.get("doseRange")):
        ends = _FIELDS.decode(fields["doseRange"])
        scaled = {name: _scaled(ends[name], factor) for name in ("low", "high") if _has_number(ends.get(name))}
        fields = fields | {"doseRange": _raw(ends | scaled)}
    return fields


def _scaled(quantity: Raw, factor: tuple[int, int]) -> Raw:
    fields = _FIELDS.decode(quantity)
    up, down = factor
    value = format((_NUMBER.decode(fields["value"]) * up / down).normalize(), "f")
    return _raw(fields | {"value": Raw(value.encode())})


def _has_number(quantity: Raw | None) -> bool:
    value = _FIELDS.decode(quantity).get("value") if quantity is not None and _is_object(quantity) else None
    return value is not None and bytes(value).lstrip()[:1] in b"-0123456789"


def _is_object(raw: Raw | None) -> bool:
    return raw is not None and bytes(raw).lstrip().startswith(b"{")


def _referred(raw: Raw | None) -> str | None:
    """Return what a Reference of the draft refers to; the rest of it may hold what an answer must not."""
    try:
        return None if raw is None else _REFERENCE.decode(raw).reference.strip()
    except (msgspec.DecodeError, RecursionError):
        return None


def _items(raw: Raw | None) -> list[Raw]:
    return _LIST.decode(raw) if raw is not None and bytes(raw).lstrip().startswith(b"[") else []


def _holds(raw: Raw | None, name: str) -> bool:
    return raw is not None and _is_object(raw) and name in _FIELDS.decode(raw)
