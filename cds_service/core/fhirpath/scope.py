"""What a compiled condition is evaluated on: the facts, the terminology, and what has been recommended so far."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cds_service.core.facts import Evidence, Facts
from cds_service.core.resources import Concept
from cds_service.core.valueset import Match, Terminology


class Verdict(NamedTuple):
    """TRUE, FALSE or UNKNOWN (None), and the records that made it true."""

    truth: bool | None
    evidence: tuple[Evidence, ...] = ()


Predicate = Callable[["Scope", Any], Verdict]
Path = Callable[["Scope", Any], list[Any] | None]


class Scope:
    """Facts and terminology for one evaluation. Without `facts.hits`, every record is tested one by one."""

    def __init__(self, facts: Facts, terminology: Terminology, recommendations: list[Any]) -> None:
        self.facts = facts
        self.terminology = terminology
        self._members: dict[int, tuple[Concept, Mapping[str, Match]]] = {}
        self._variables: dict[str, list[Any] | None] = {
            "order": [facts.order],
            "patient": [] if facts.patient is None else [facts.patient],
            "problems": facts.problems,
            "current": [problem for problem in facts.problems if problem.origin != "code"],
            "observations": facts.observations,
            "recommendations": recommendations,
            "orderDate": [facts.order_date],
        }
        for name in facts.unavailable:
            self._variables[name] = None

    def variable(self, name: str) -> list[Any] | None:
        """Return the items of a variable; None when its data was not available."""
        return self._variables[name]

    def candidates(self, name: str, value_set: str) -> list[Any] | None:
        """Return the items of a variable that may be in a value set; all of them without the index."""
        everything = self._variables[name]
        if self.facts.hits is None or everything is None:
            return everything
        return self.facts.hits.get((name, value_set), [])

    def member(self, concept: Concept, value_set: str, local_names: bool = False) -> Match | None:
        """Return why the concept is in the value set, or None; `local_names` as in ValueSet."""
        if self.facts.hits is None:
            return self.terminology.value_sets[value_set].member(concept, self.terminology.systems, local_names)
        known = self._members.get(id(concept))
        if known is None:  # the concept is kept with its sets, so that no other can take its id
            known = self._members[id(concept)] = (concept, self.terminology.members(concept, local_names))
        return known[1].get(value_set)
