"""The plans that can be referred to, and an index of which of them a patient's records can wake.

The index is derived from the conditions' needs and is only an optimisation: a plan it leaves asleep would have
evaluated to FALSE. A test proves that switching it off changes no card.
"""

from collections.abc import Iterable, Mapping, Set

from cds_service.core.facts import Facts
from cds_service.core.plan import Plan


class Library:
    """Plans by url."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        self.plans: Mapping[str, Plan] = {plan.url: plan for plan in plans}
        self._always: set[str] = set()
        self._by_pair: dict[tuple[str, str], set[str]] = {}
        self._by_variable: dict[str, set[str]] = {}
        for plan in self.plans.values():
            self._add(plan)

    def _add(self, plan: Plan) -> None:
        for action in plan.actions:
            clauses = action.condition.needs if action.condition else ()
            if not clauses:
                self._always.add(plan.url)
                continue
            for variable, value_set in min(clauses, key=len):
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
