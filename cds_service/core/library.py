"""The plans that can be referred to, and an index of which actions a patient's records can wake.

The index is derived from the conditions' needs and is only an optimisation: an action it leaves asleep would have
evaluated to FALSE. A test proves that switching it off changes no card.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Set

from cds_service.core.facts import Facts
from cds_service.core.plan import Action, Plan

Pair = tuple[str, str]
Key = int | str
NONE: frozenset[Key] = frozenset()


def _pairs(action: Action) -> set[Pair]:
    return {pair for clause in action.condition.needs for pair in clause} if action.condition else set()


class Library:
    """Plans by url, and how doses are read."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        self.plans: Mapping[str, Plan] = {plan.url: plan for plan in plans}
        actions = [action for plan in self.plans.values() for action in plan.walk()]
        self.dose_rules = next((action.dose_rules for action in actions if action.dose_rules), None)
        self._always: set[Key] = set()
        self._by_pair: dict[Pair, set[Key]] = {}
        self._by_variable: dict[str, set[Key]] = {}
        named = Counter(pair for action in actions for pair in _pairs(action))
        for plan in self.plans.values():
            for action in plan.walk():
                self._add(action, {id(action), plan.url} if action in plan.actions else {id(action)}, named)

    def _add(self, action: Action, keys: set[Key], named: Counter[Pair]) -> None:
        clauses = action.condition.needs if action.condition else ()
        if not clauses:
            self._always |= keys
            return
        rarest = min(clauses, key=lambda clause: max((named[pair] for pair in clause), default=0))
        for variable, value_set in rarest:
            self._by_pair.setdefault((variable, value_set), set()).update(keys)
            self._by_variable.setdefault(variable, set()).update(keys)

    def awake(self, facts: Facts) -> Set[Key] | None:
        """Return what can apply to these facts: actions by id, and the urls of the plans that such an action begins.

        None means all of them: the facts have no index of records.
        """
        if facts.hits is None:
            return None
        found = set(self._always)
        for pair in facts.hits:
            found |= self._by_pair.get(pair, NONE)
        for variable in facts.unavailable:
            found |= self._by_variable.get(variable, NONE)
        return found
