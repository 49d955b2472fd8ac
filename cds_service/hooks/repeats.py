"""Advice that was given already, known by keyed hashes: nothing of a patient can be read from what is remembered.

A card is remembered as one hash of its text and one of each of its suggestions, for each order that it is about. The
hash is an HMAC-SHA256 over the caller, the patient, the order, what the order asks for, and what was said of it.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from cds_service.core.card import Card
from cds_service.core.suggestion import Draft
from cds_service.core.topic import Topic
from cds_service.hooks.request import HookRequest

ASKED_FOR = (
    "medicationCodeableConcept",
    "medicationReference",
    "medication",
    "contained",
    "code",
    "dosageInstruction",
    "quantityQuantity",
    "quantityRange",
    "quantityRatio",
    "occurrenceTiming",
)


@dataclass(frozen=True)
class Repeats:
    """What is known of advice given before: who is calling, the key of the hashes, and which of some were given."""

    caller: str
    key: bytes = field(repr=False)
    given: Callable[[Collection[bytes]], Collection[bytes]]


class Told(NamedTuple):
    """The cards that are given, and the hashes by which they are known when they would be given again."""

    cards: list[tuple[Card, Topic]]
    fingerprints: frozenset[bytes] = frozenset()


def tell(cards: list[tuple[Card, Topic]], request: HookRequest, repeats: Repeats, again: bool) -> Told:
    """Return what is given of the cards of a call: all of them to be remembered, or, unless told `again`, the new ones.

    A card is new when it says anything that was not said before of one of its orders.
    """
    hashed = [(pair, _fingerprints(*pair, request, repeats)) for pair in cards]
    every = frozenset(each for _, found in hashed for each in found)
    if again:
        return Told(cards, every)
    known = frozenset(repeats.given(every)) if every else every
    return Told([pair for pair, found in hashed if not found <= known])


def _fingerprints(card: Card, topic: Topic, request: HookRequest, repeats: Repeats) -> frozenset[bytes]:
    """Return the hashes of what a card says of each of its orders."""
    where = [repeats.caller, request.fhir_server if isinstance(request.fhir_server, str) else "", request.patient_id]
    drafts = {id(each.draft): each.draft for each in topic.answered}.values()
    begun = [hmac.new(repeats.key, _written([*where, *_order(draft)]), hashlib.sha256) for draft in drafts]
    said = [_written(each) for each in _said(card)]
    return frozenset(_finished(each, words) for each in begun for words in said)


def _said(card: Card) -> Iterable[list[Any]]:
    yield [card["summary"], card["indicator"], card["detail"]]
    for suggestion in card.get("suggestions", []):
        yield [suggestion["label"], [action["type"] for action in suggestion["actions"]]]


def _order(draft: Draft) -> list[Any]:
    fields = {name: orjson.loads(bytes(draft.fields[name])) for name in ASKED_FOR if name in draft.fields}
    return [draft.resource_type, draft.id, fields]


def _written(content: list[Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def _finished(begun: hmac.HMAC, words: bytes) -> bytes:
    whole = begun.copy()
    whole.update(words)
    return whole.digest()
