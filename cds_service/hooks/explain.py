"""One call of a service, from body to an explanation: every action of its plans, fired or not, and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_service.core.explain.records import describe
from cds_service.core.explain.values import LeftOut, Step
from cds_service.core.explain.walk import explain_order, explain_plan
from cds_service.core.explain.write import to_data, to_left_out, to_record, to_step
from cds_service.core.facts import Facts
from cds_service.core.records import Order
from cds_service.core.valueset import Terminology
from cds_service.errors import TooLarge
from cds_service.hooks.explain_left_out import left_out
from cds_service.hooks.prefetch import Fetch
from cds_service.hooks.reading import InScope, deliver, read_call, read_facts, read_orders
from cds_service.hooks.request import Limits
from cds_service.knowledge.load import KnowledgeBase, Service

ORDER_WORK = 120  # an order without any record takes as long as so many records, which was measured
NO_ORDER = "No draft order is in scope: an order is selected, of type MedicationRequest or ServiceRequest, to be given."


@dataclass(frozen=True)
class ExplainedOrder:
    """An order in scope and the actions of the service's content; `facts` is None for one the service is not about."""

    order: Order
    facts: Facts | None
    steps: tuple[Step, ...]

    def walk(self) -> list[Step]:
        """Return every action, parents first."""
        return [each for step in self.steps for each in step.walk()]

    def named(self, names: Collection[str]) -> list[Step]:
        """Return the actions of these names: keys, plans, ids; of an order the service is not about, its condition."""
        return (
            list(self.steps)
            if self.facts is None
            else [each for each in self.walk() if not each.names.isdisjoint(names)]
        )

    @property
    def fired(self) -> set[str]:
        """Return 'plan#action' of every action that fired."""
        return {each.name for each in self.walk() if each.outcome == "fired"}


@dataclass(frozen=True)
class Explanation:
    """Why a call is answered as it is.

    `drafts` is the number of its draft orders, `missing` are the prefetch keys that were not available, `left_out` the
    records that came and do not count; they are not looked for where no order is the service's.
    """

    service: Service
    knowledge: str
    today: date
    drafts: int
    orders: tuple[ExplainedOrder, ...]
    missing: tuple[str, ...]
    terminology: Terminology
    left_out: tuple[LeftOut, ...] = ()

    def to_json(self, only: Collection[str] = ()) -> dict[str, Any]:
        """Return the explanation as JSON (docs/integrating.md, Explanations).

        With `only`, of each order just the actions of these names, one after the other.
        """
        return {
            "service": self.service.plan.id,
            "hook": self.service.hook,
            "plan": self.service.plan.canonical,
            "knowledge": self.knowledge,
            "today": self.today.isoformat(),
            "drafts": self.drafts,
            "missing": list(self.missing),
            "leftOut": [to_left_out(each) for each in self.left_out],
            "orders": [self._order(each, only) for each in self.orders],
        }

    def _order(self, explained: ExplainedOrder, only: Collection[str]) -> dict[str, Any]:
        facts = explained.facts
        steps = explained.named(only) if only else explained.steps
        known = {"data": to_data(facts, self.terminology)} if facts else {}
        return {
            "order": to_record(describe(explained.order, self.terminology.units)),
            "concerned": facts is not None,
            "fired": sorted(explained.fired),
            **known,
            "actions": [to_step(each, whole=not only) for each in steps],
        }


def explain(
    knowledge: KnowledgeBase,
    service: Service,
    body: bytes,
    today: date,
    limits: Limits = Limits(),  # noqa: B008  (frozen)
    fetch: Fetch | None = None,
) -> Explanation:
    """Return why a service answers a call as it does; advice that an earlier hook gave is explained as if it were new.

    Arguments and errors are those of `hooks.answer.answer`. Nothing is remembered of the call.
    """
    request = read_call(service, body, limits)
    orders = read_orders(knowledge, service, request)
    ours = [each for each in orders if each.concerned]
    missing: tuple[str, ...] = ()
    ignored: tuple[LeftOut, ...] = ()
    facts: dict[int, Facts] = {}
    if ours:
        delivered = deliver(request, service, ours, limits, fetch)
        known = read_facts(knowledge, request, ours, delivered, today, indexed=False)
        _refuse_too_much(known.facts, len(request.drafts), limits)
        facts = {id(each): one for each, one in zip(ours, known.facts, strict=True)}
        missing, ignored = delivered.missing, left_out(request, delivered, knowledge.terminology)
    explained = tuple(_explain(knowledge, service, each, facts.get(id(each))) for each in orders)
    drafts, terminology = len(request.drafts), knowledge.terminology
    return Explanation(service, knowledge.digest, today, drafts, explained, missing, terminology, ignored)


def _refuse_too_much(facts: list[Facts], drafts: int, limits: Limits) -> None:
    """Refuse what would take too long: every action is asked about every record, of drafts and reasons, too.

    Drafts count once more, since those that are left out are not among the records.
    """
    records = [[each.problems, each.observations, *each.named().values()] for each in facts]
    work = drafts + sum(ORDER_WORK + sum(map(len, lists)) for lists in records)
    if work > limits.work:
        raise TooLarge(f"Explaining takes more than {limits.work} steps. Send fewer orders or records.")


def _explain(knowledge: KnowledgeBase, service: Service, each: InScope, facts: Facts | None) -> ExplainedOrder:
    content, terminology = service.content, knowledge.terminology
    if facts is None:
        return ExplainedOrder(each.order, None, explain_order(each.order, content, terminology))
    steps = explain_plan(content, facts, terminology, knowledge.library, each.concerned)
    return ExplainedOrder(each.order, facts, steps)
