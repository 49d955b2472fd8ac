"""What a call is about: the orders of the service, what came with them, and the facts of each. Answers begin here."""

from datetime import date
from typing import NamedTuple

from cds_service.core.apply import concerning
from cds_service.core.facts import Facts
from cds_service.core.plan import Action
from cds_service.core.records import Order
from cds_service.core.resources import Resource
from cds_service.errors import BadRequest, TooLarge
from cds_service.hooks.chart import read_chart
from cds_service.hooks.drugs import drafted_drugs
from cds_service.hooks.facts import read_order, to_facts
from cds_service.hooks.prefetch import Delivered, Fetch, collect
from cds_service.hooks.request import HookRequest, Limits, parse_request, refuse_unreadable
from cds_service.knowledge.load import KnowledgeBase, Service


class InScope(NamedTuple):
    """An order in scope: as it came, as it is read, and the actions of the service that are about it."""

    source: Resource
    order: Order
    concerned: list[Action]


class Known(NamedTuple):
    """The facts of each order, in their order, and the number of records that could not be read."""

    facts: list[Facts]
    unread: int


def read_call(service: Service, body: bytes, limits: Limits) -> HookRequest:
    """Return the call that a body holds; raises BadRequest (400) or TooLarge (413)."""
    request = parse_request(body, limits)
    if request.hook != service.hook:
        raise BadRequest(f"This service answers the hook {service.hook}. Post the call to a service of its own hook.")
    return request


def read_orders(knowledge: KnowledgeBase, service: Service, request: HookRequest) -> list[InScope]:
    """Return the orders in scope; those whose `concerned` is empty are not the service's."""
    with refuse_unreadable():
        orders = [(source, read_order(source, request, knowledge.terminology)) for source in request.orders]
    return [InScope(*each, concerning(service.content, each[1], knowledge.terminology)) for each in orders]


def deliver(
    request: HookRequest, service: Service, ours: list[InScope], limits: Limits, fetch: Fetch | None
) -> Delivered:
    """Return the prefetch of a call on the service's orders; raises PreconditionFailed (412) or TooLarge (413)."""
    delivered = collect(request, service.prefetch, fetch)
    if len(ours) * sum(map(len, delivered.resources.values())) > limits.work:
        raise TooLarge(f"Orders times records are more than {limits.work}. Send fewer orders, or narrow the queries.")
    return delivered


def read_facts(
    knowledge: KnowledgeBase,
    request: HookRequest,
    ours: list[InScope],
    delivered: Delivered,
    today: date,
    indexed: bool,
) -> Known:
    """Return the facts of the service's orders, still without their index.

    With `indexed`, records that no value set can hold are passed over. Raises BadRequest (400) for another patient's.
    """
    day = (today.year, today.month, today.day)
    with refuse_unreadable():
        chart = read_chart(request, delivered, knowledge.terminology, indexed)
        drafts = drafted_drugs(request)
        facts = [to_facts(each.source, each.order, request, chart, drafts, delivered, day) for each in ours]
    return Known(facts, len(chart.unread))
