"""One call of a service, from body to cards: the data path without HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import orjson
from msgspec import Raw

from cds_service.core.apply import Advice, apply_plan, concerning
from cds_service.core.card import Card, to_cards
from cds_service.core.facts import Facts
from cds_service.core.topic import Answered
from cds_service.errors import BadRequest, UnknownService
from cds_service.hooks.chart import read_chart
from cds_service.hooks.drafts import draft_of
from cds_service.hooks.drugs import drafted_drugs
from cds_service.hooks.facts import read_order, to_facts, with_index
from cds_service.hooks.prefetch import check_delivered
from cds_service.hooks.request import Limits, parse_request, refuse_unreadable
from cds_service.knowledge.load import KnowledgeBase, Service

NewUuid = Callable[[], str]


@dataclass(frozen=True)
class Answer:
    """The cards of a call, and the advice on each order that led to them."""

    cards: list[Card]
    advice: list[tuple[Facts, list[Advice]]]

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
) -> Answer:
    """Return the answer of a service to one call.

    `today` is the day of the call where the hospital is. Raises RequestError: 400, 412 or 413.
    `indexed=False` evaluates every condition on every record; the answer is the same.
    """
    request = parse_request(body, limits)
    if request.hook != service.hook:
        raise BadRequest(f"This service answers the hook {service.hook}. Post the call to a service of its own hook.")
    day = (today.year, today.month, today.day)
    with refuse_unreadable():
        orders = [(source, read_order(source, request, knowledge.terminology)) for source in request.orders]
    ours = [(source, order, concerning(service.plan, order, knowledge.terminology)) for source, order in orders]
    ours = [each for each in ours if each[2]]
    if not ours:
        return Answer([], [])
    delivered = check_delivered(request, service.prefetch)
    with refuse_unreadable():
        chart = read_chart(request, delivered, knowledge.terminology, indexed)
        drafts = drafted_drugs(request)
        known = [
            (to_facts(source, order, request, chart, drafts, delivered, day), concerned, source)
            for source, order, concerned in ours
        ]
    answers = []
    for facts, concerned, source in known:
        facts = with_index(facts, knowledge.terminology) if indexed else facts
        advice = apply_plan(service.plan, facts, knowledge.terminology, knowledge.library, concerned)
        draft = draft_of(source, facts.order.place, request)
        answers.append(Answered(facts, draft, len(chart.unread), advice))
    return Answer(to_cards(answers, service.writer, new_uuid), [(each.facts, each.advice) for each in answers])
