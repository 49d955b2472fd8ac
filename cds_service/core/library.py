"""The plans that can be referred to, and an index of which of them a patient's records can wake.

The index is derived from the conditions' needs and is only an optimisation: a plan it leaves asleep would have
evaluated to FALSE. A test proves that switching it off changes no card.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Set

from cds_service.core.facts import Facts
from cds_service.core.plan import Plan

Pair = tuple[str, str]


def _pairs(plan: Plan) -> set[Pair]:
    conditions = [action.condition for action in plan.actions if action.condition]
    return {pair for condition in conditions for clause in condition.needs for pair in clause}


class Library:
    """Plans by url, and how doses are read."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        self.plans: Mapping[str, Plan] = {plan.url: plan for plan in plans}
        rules = [action.dose_rules for plan in self.plans.values() for action in plan.walk() if action.dose_rules]
        self.dose_rules = next(iter(rules), None)
        self._always: set[str] = set()
        self._by_pair: dict[Pair, set[str]] = {}
        self._by_variable: dict[str, set[str]] = {}
        named = Counter(pair for plan in self.plans.values() for pair in _pairs(plan))
        for plan in self.plans.values():
            self._add(plan, named)

    def _add(self, plan: Plan, named: Counter[Pair]) -> None:
        for action in plan.actions:
            clauses = action.condition.needs if action.condition else ()
            if not clauses:
                self._always.add(plan.url)
                continue
            rarest = min(clauses, key=lambda clause: max((named[pair] for pair in clause), default=0))
            for variable, value_set in rarest:
                self._by_pair.setdefault((variable, value_set), set()).add(plan.url)
                self._by_variable.setdefault(variable, set()).add(plan.url)

    def awake(self, facts: Facts) -> Set[str]:
        """Return the urls of the plans that can fire on these facts; all of them without the index of records."""
        if facts.hits is None:
            return self.plans.keys()
        found = set(self._always)
        for pair in facts.hits:
            found |= self._by_pair.get(pair, set())
        for variable in facts.unavailable:
            found |= self._by_variable.get(variable, set())
        return found
