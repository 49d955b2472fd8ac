"""What every condition was asked on in the golden cases, so that a changed one can be asked the same again.

The answer to a case depends on a condition by its verdicts only. A condition that gives the verdicts of the original
wherever that was asked leaves every case as it is: what differs must be run.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import replace
from typing import Any, NamedTuple

from cds_service.core.fhirpath.condition import Condition
from cds_service.core.fhirpath.needs import ANYTHING
from cds_service.core.fhirpath.scope import Scope, Verdict
from cds_service.core.plan import Action, Plan

Gate = tuple[str, str, int]
ACTION = -1


class Asked(NamedTuple):
    """A case, what a condition was asked on there, and its verdict."""

    case: str
    scope: Scope
    verdict: Verdict


class Recorder:
    """Plans whose conditions note what they are asked on. A gate is a plan, an action and the number of a note."""

    def __init__(self) -> None:
        self.case = ""
        self.asked: dict[Gate, list[Asked]] = defaultdict(list)
        self._copies: dict[tuple[int, int, int, bool], tuple[Scope, Scope]] = {}

    def recording(self, plan: Plan) -> Plan:
        """Return the plan with conditions that record; none is skipped by what it needs."""
        return replace(plan, actions=tuple(self._action(plan.id, each) for each in plan.actions))

    def _action(self, plan: str, action: Action) -> Action:
        notes = tuple(
            replace(note, condition=self._condition((plan, action.id, i), note.condition))
            for i, note in enumerate(action.notes)
        )
        children = tuple(self._action(plan, each) for each in action.children)
        condition = action.condition and self._condition((plan, action.id, ACTION), action.condition)
        return replace(action, condition=condition, notes=notes, children=children)

    def _condition(self, gate: Gate, condition: Condition) -> Condition:
        def predicate(scope: Scope, item: Any) -> Verdict:
            verdict = condition.predicate(scope, item)
            self.asked[gate].append(Asked(self.case, self._copy(scope), verdict))
            return verdict

        return replace(condition, predicate=predicate, needs=ANYTHING)

    def _copy(self, scope: Scope) -> Scope:
        """Return the scope as it is now: what is recommended later does not count."""
        lists = [scope._variables[name] or [] for name in ("recommendations", "notices")]
        key = (id(scope), len(lists[0]), len(lists[1]), "dose" in vars(scope))
        if key not in self._copies:
            kept = copy(scope)
            kept._variables = {**scope._variables, "recommendations": [*lists[0]], "notices": [*lists[1]]}
            self._copies[key] = (kept, scope)
        return self._copies[key][0]

    def differing(self, gate: Gate, condition: Condition, on_unknown: bool, was_on_unknown: bool) -> Iterator[str]:
        """Return the cases in which a condition is not as the original was at this gate."""
        for case, scope, before in self.asked.get(gate, ()):
            now = condition.predicate(scope, None)
            if _effect(now, on_unknown) != _effect(before, was_on_unknown):
                yield case


def _effect(verdict: Verdict, on_unknown: bool) -> tuple[bool, tuple[object, ...]]:
    holds = on_unknown if verdict.truth is None else verdict.truth
    return holds, verdict.evidence if holds else ()


def gates(old: Action, new: Action) -> Iterable[tuple[int, Condition, Condition, bool, bool]] | None:
    """Return what two actions ask where that differs, if they differ in nothing else."""
    bare = {"condition": None, "applies_on_unknown": False, "notes": (), "children": ()}
    if replace(old, **bare) != replace(new, **bare) or (old.condition is None) != (new.condition is None):
        return None
    if [each.text for each in old.notes] != [each.text for each in new.notes]:
        return None
    found = []
    if old.condition and new.condition:
        found.append((ACTION, old.condition, new.condition, old.applies_on_unknown, new.applies_on_unknown))
    notes = zip(old.notes, new.notes, strict=True)
    found += [(i, a.condition, b.condition, a.on_unknown, b.on_unknown) for i, (a, b) in enumerate(notes)]
    return [each for each in found if each[1] != each[2] or each[3] != each[4]]
