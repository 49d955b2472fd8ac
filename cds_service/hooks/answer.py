"""One call of a service, from body to cards: the data path without HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import orjson
from msgspec import Raw

from cds_service.core.apply import Advice, apply_plan
from cds_service.core.card import Card, to_cards
from cds_service.core.facts import Facts
from cds_service.core.topic import Answered, Topic
from cds_service.errors import UnknownService
from cds_service.hooks.drafts import draft_of
from cds_service.hooks.facts import with_index
from cds_service.hooks.prefetch import Delivered, Fetch
from cds_service.hooks.reading import InScope, deliver, read_call, read_facts, read_orders
from cds_service.hooks.repeats import Repeats, Told, tell
from cds_service.hooks.request import HookRequest, Limits, refuse_unreadable
from cds_service.knowledge.load import KnowledgeBase, Service

NewUuid = Callable[[], str]


@dataclass(frozen=True)
class Answer:
    """The cards of a call with what each is about, and the advice on each order that led to them.

    `missing` are the prefetch keys that were not available, `repeated` the number of cards that were given at an
    earlier hook and are left out, `remembered` the hashes of those that are given, with the seconds that they count.
    """

    given: list[tuple[Card, Topic]]
    advice: list[tuple[Facts, list[Advice]]]
    missing: tuple[str, ...] = ()
    repeated: int = 0
    remembered: tuple[tuple[frozenset[bytes], int], ...] = ()

    @property
    def cards(self) -> list[Card]:
        """Return the cards."""
        return [card for card, _ in self.given]

    def to_json(self) -> bytes:
        """Return the CDS Hooks response; `{"cards": []}` means: evaluated, nothing to say."""
        return orjson.dumps({"cards": self.cards}, default=_verbatim)


def _verbatim(value: object) -> orjson.Fragment:
    """Return JSON that is written as it is: a draft that is given back keeps its bytes."""
    if isinstance(value, Raw):
        return orjson.Fragment(bytes(value))
    raise TypeError(type(value).__name__)


def find_service(knowledge: KnowledgeBase, service_id: str) -> Service:
    """Return the service of that id; raises UnknownService (404)."""
    service = knowledge.services.get(service_id)
    if service is None:
        raise UnknownService("No such CDS service. GET /cds-services lists them.")
    return service


def answer(
    knowledge: KnowledgeBase,
    service: Service,
    body: bytes,
    today: date,
    new_uuid: NewUuid,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
    indexed: bool = True,
    fetch: Fetch | None = None,
    repeats: Repeats | None = None,
) -> Answer:
    """Return the answer of a service to one call.

    `today` is the day of the call where the hospital is. `fetch` brings prefetch that did not come, `repeats` knows
    the advice of earlier hooks; without them nothing is fetched, and all advice is given. Raises RequestError: 400, 412
    or 413. `indexed=False` evaluates every condition on every record; the answer is the same.
    """
    request = read_call(service, body, limits)
    ours = [each for each in read_orders(knowledge, service, request) if each.concerned]
    if not ours:
        return Answer([], [])
    delivered = deliver(request, service, ours, limits, fetch)
    answers = _evaluate(knowledge, service, request, ours, delivered, today, indexed)
    with refuse_unreadable():
        cards = to_cards(answers, service.writer, new_uuid)
        told = tell(cards, request, service, repeats) if repeats else Told(cards)
    advised = [(each.facts, each.advice) for each in answers]
    return Answer(told.cards, advised, delivered.missing, len(cards) - len(told.cards), told.remembered)


def _evaluate(
    knowledge: KnowledgeBase,
    service: Service,
    request: HookRequest,
    ours: list[InScope],
    delivered: Delivered,
    today: date,
    indexed: bool,
) -> list[Answered]:
    known = read_facts(knowledge, request, ours, delivered, today, indexed)
    answers = []
    for facts, each in zip(known.facts, ours, strict=True):
        facts = with_index(facts, knowledge.terminology) if indexed else facts
        advice = apply_plan(service.content, facts, knowledge.terminology, knowledge.library, each.concerned)
        draft = draft_of(each.source, facts.order.place, request)
        answers.append(Answered(facts, draft, known.unread, advice))
    return answers
