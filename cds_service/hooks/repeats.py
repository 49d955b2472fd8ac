"""Advice that was given already, known by keyed hashes: nothing of a patient can be read from what is remembered.

A card is remembered as one hash of what it says and one of each of its suggestions, for each order that it is about.
The hash is an HMAC-SHA256 over the service that would repeat it, the knowledge, caller, user and patient, the order
and what it asks for, and what was said of it. Where that cannot be told, as of an order without an id, a card is new.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from cds_service.core.card import Card, records_behind
from cds_service.core.card_text import MATCHED_ON
from cds_service.core.topic import Answered, Topic
from cds_service.hooks.request import HookRequest
from cds_service.knowledge.load import Service

ASKED_FOR = ("dosageInstruction", "quantityQuantity", "quantityRange", "quantityRatio", "occurrenceTiming")
Given = tuple[Card, Topic]
Digests = frozenset[bytes]


@dataclass(frozen=True)
class Repeats:
    """What is known of advice given before.

    Who is calling, the key of the hashes, the digest of the knowledge, the services that leave out what was given
    before, and which of some hashes were given.
    """

    caller: str
    key: bytes = field(repr=False)
    knowledge: str
    readers: tuple[Service, ...]
    given: Callable[[Collection[bytes]], Collection[bytes]]


class Told(NamedTuple):
    """The cards that are given, and the hashes to remember them by, with the seconds for which each set counts."""

    cards: list[Given]
    remembered: tuple[tuple[Digests, int], ...] = ()


def tell(cards: list[Given], request: HookRequest, service: Service, repeats: Repeats) -> Told:
    """Return what is given of the cards of a call.

    A service that repeats nothing gives the cards that say anything that was not said before of one of their orders.
    Another gives all of them, to be remembered for the services that say the same.
    """
    if service.not_repeated_s:
        begun = _Begun(request, service, repeats)
        hashed = [(pair, _fingerprints(*pair, begun)) for pair in cards]
        every = {each for _, found in hashed for each in found or ()}
        known = set(repeats.given(every)) if every else every
        return Told([pair for pair, found in hashed if found is None or not found <= known])
    readers = [each for each in repeats.readers if each.content is service.content]
    return Told(cards, tuple((_all(cards, _Begun(request, each, repeats)), each.not_repeated_s) for each in readers))


class _Begun:
    """The beginning of the hashes of each order of a call, computed once however many cards are about it."""

    def __init__(self, request: HookRequest, reader: Service, repeats: Repeats) -> None:
        self._request, self._key = request, repeats.key
        self._about = [reader.plan.id, repeats.knowledge, repeats.caller, *_whose(request)]
        self._known: dict[int, hmac.HMAC | None] = {}

    def of(self, answered: Answered) -> hmac.HMAC | None:
        """Return the hash of what does not depend on the card; None when the order cannot be told from others."""
        number = id(answered.draft)
        if number not in self._known:
            self._known[number] = self._begin(answered)
        return self._known[number]

    def _begin(self, answered: Answered) -> hmac.HMAC | None:
        try:
            order = _order(answered, self._request)
            return hmac.new(self._key, _written([*self._about, order]), hashlib.sha256) if order else None
        except RecursionError:
            return None


def _all(cards: list[Given], begun: _Begun) -> Digests:
    return frozenset(each for pair in cards for each in _fingerprints(*pair, begun) or ())


def _fingerprints(card: Card, topic: Topic, begun: _Begun) -> Digests | None:
    """Return the hashes of what a card says of each of its orders; None when they cannot be told."""
    orders = [begun.of(each) for each in _each_once(topic.answered)]
    said = [_written(each) for each in _said(card, topic)]
    found = frozenset(_finished(each, words) for each in orders if each for words in said)
    return None if None in orders else found


def _whose(request: HookRequest) -> list[Any]:
    server = request.fhir_server.rstrip("/") if isinstance(request.fhir_server, str) else ""
    return [server, request.user_id if isinstance(request.user_id, str) else "", request.patient_id]


def _each_once(answered: Iterable[Answered]) -> Iterable[Answered]:
    return {id(each.draft): each for each in answered}.values()


def _order(answered: Answered, request: HookRequest) -> list[Any] | None:
    """Return which order it is, its drug, and the elements of its dose; None for an order that has no name."""
    order, draft = answered.facts.order, answered.draft
    name = draft.id or request.drafts[order.place].full_url
    if not isinstance(name, str) or not name:
        return None
    fields = {each: msgspec.json.decode(draft.fields[each]) for each in ASKED_FOR if each in draft.fields}
    return [draft.resource_type, name, order.code, fields]


def _said(card: Card, topic: Topic) -> Iterable[list[Any]]:
    """Yield what a card says: its words but how each record was matched, the records; and each suggestion."""
    paragraphs = [each for each in card["detail"].split("\n\n") if not each.startswith(MATCHED_ON)]
    own = {each.facts.order.label for each in topic.answered}
    records = records_behind(topic)
    codes = {code for label, code in records if label not in own}
    told = sorted(each for each in records if each[0] not in own or each[1] not in codes)
    yield [card["indicator"], card["summary"], paragraphs, told]
    for suggestion in card.get("suggestions", []):
        yield [suggestion["label"], [action["type"] for action in suggestion["actions"]]]


def _written(content: list[Any]) -> bytes:
    return msgspec.json.encode(content, order="deterministic")


def _finished(begun: hmac.HMAC, words: bytes) -> bytes:
    whole = begun.copy()
    whole.update(words)
    return whole.digest()
