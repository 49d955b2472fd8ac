"""Which records the rule on opposite directions must ask about again: it asks about 1,500 each time."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cds_service.core.coding import Code
from cds_service.core.library import Library
from cds_service.core.plan import Action, Plan
from cds_service.core.resources import Coding, Concept
from cds_service.core.valueset import Match, Terminology, ValueSet
from cds_service.knowledge.check_action import asked_sets
from cds_service.knowledge.conflict import ADULT, CHILD, _fired
from tests.mutation.swap import Touched

BLANK = Concept()


class Directions:
    """Narrows a terminology to the records about which the rule can say something new."""

    def __init__(self, terminology: Terminology) -> None:
        self.terminology = terminology
        self.shared = {
            text for text, found in terminology.texts.items() if len({m.code[:2] for m in found.values()}) > 1
        }

    def narrowed(self, touched: Touched, changed: tuple[tuple[Plan, Plan], ...]) -> "Narrowed | None":
        """Return the terminology narrowed to what was touched, or to what fires a plan that changed; None for nothing.

        The shipped knowledge breaks the rule nowhere, so only these can break it.
        """
        plans = [new for old, new in changed if _directed(old) != _directed(new)]
        plans = [each for each in plans if any(action.direction for action in each.walk())]
        firing = [self._firing(plan) for plan in plans]
        if changed and not plans and not touched.codes:
            return None
        codes = touched.codes.union(*(each for each in firing if each is not None))
        everything = frozenset(code for each in self.terminology.value_sets.values() for code in each.names_of)
        return Narrowed(self.terminology, everything if None in firing else codes, self.shared | touched.texts)

    def _firing(self, plan: Plan) -> frozenset[Code] | None:
        """Return the codes that alone fire a plan; None when it fires on a record that is in none of its value sets."""
        if self._fires(BLANK, plan):
            return None
        asked = [self.terminology.value_sets[url] for action in plan.walk() for url in asked_sets(action)]
        codes = {code for each in asked for code in each.names_of}
        return frozenset(code for code in codes if self._fires(Concept([Coding(code.system, code.code)]), plan))

    def _fires(self, concept: Concept, plan: Plan) -> bool:
        alone = [(plan, Library([plan]))]
        return any(_fired(concept, day, alone, self.terminology) for day in (ADULT, CHILD))


def _directed(plan: Plan) -> list[tuple[str, Action]]:
    """Return all that decides on what a plan fires, and in which direction."""
    silent = dict.fromkeys(("title", "description", "priority", "links", "override_reasons"))
    return [(plan.status, replace(each, **silent, notes=(), prefetch=(), suggestion=None)) for each in plan.walk()]


class Narrowed:
    """A terminology that lists only some codes and texts, and answers of all."""

    def __init__(self, whole: Terminology, codes: frozenset[Code], texts: set[str] | frozenset[str]) -> None:
        self._whole = whole
        self.value_sets = {url: _Some(each, codes) for url, each in whole.value_sets.items()}
        self.texts: Mapping[str, Mapping[str, Match]] = {
            each: whole.texts[each] for each in texts if each in whole.texts
        }

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


class _Some:
    def __init__(self, whole: ValueSet, codes: frozenset[Code]) -> None:
        self.names_of = {code: () for code in codes if code in whole.names_of}
