"""What a compiled condition is evaluated on: the facts, the terminology, and what has been recommended so far."""

from collections.abc import Callable, Mapping, Set
from functools import cached_property
from typing import Any, NamedTuple

from cds_service.core.dose.regimens import Dose
from cds_service.core.facts import Evidence, Facts
from cds_service.core.fhirpath.needs import Needs
from cds_service.core.index import Match
from cds_service.core.resources import Concept
from cds_service.core.valueset import Terminology


class Verdict(NamedTuple):
    """TRUE, FALSE or UNKNOWN (None), and the records that made it true."""

    truth: bool | None
    evidence: tuple[Evidence, ...] = ()


Predicate = Callable[["Scope", Any], Verdict]
Path = Callable[["Scope", Any], list[Any] | None]


class Incomplete(list[Any]):
    """The items of a variable of which more may exist: some came by another way, its own data did not."""


class Scope:
    """Facts and terminology for one evaluation. Without `facts.hits`, every record is tested one by one."""

    def __init__(
        self,
        facts: Facts,
        terminology: Terminology,
        recommendations: list[Any],
        notices: list[Any] | None = None,
        assess: Callable[[], Dose] = Dose,
    ) -> None:
        self.facts = facts
        self.hits = facts.hits
        self.terminology = terminology
        self._assess = assess
        self.found: dict[Path, list[Any] | None] = {}
        self._naming: dict[int, tuple[Concept, Set[str]]] = {}
        self._members: dict[tuple[int, bool], tuple[Concept, Mapping[str, Match]]] = facts.order.looked_up
        self._variables: dict[str, list[Any] | None] = {
            "order": [facts.order],
            "patient": [] if facts.patient is None else [facts.patient],
            "problems": facts.problems,
            "current": [problem for problem in facts.problems if problem.origin != "code"],
            "observations": facts.observations,
            "recommendations": recommendations,
            "notices": [] if notices is None else notices,
            "orderDate": [facts.order_date],
            **facts.named(),
        }
        for name in facts.unavailable:
            self._variables[name] = Incomplete(self._variables[name] or ()) or None

    def variable(self, name: str) -> list[Any] | None:
        """Return the items of a variable; None when its data was not available."""
        return [self.dose] if name == "dose" else self._variables[name]

    @cached_property
    def dose(self) -> Dose:
        """Return what is known of the order's dose; it is reckoned when it is first asked for."""
        return self._assess()

    def candidates(self, name: str, value_set: str) -> list[Any] | None:
        """Return the items of a variable that may be in a value set; all of them without the index."""
        everything = self._variables[name]
        if self.facts.hits is None or everything is None:
            return everything
        found: list[Any] = self.facts.hits.get((name, value_set), [])
        return Incomplete(found) if type(everything) is Incomplete else found

    def has_none(self, pair: tuple[str, str]) -> bool:
        """Return whether the index tells that a variable, whose data came, has no record in a value set."""
        return self.hits is not None and pair not in self.hits and pair[0] not in self.facts.unavailable

    def is_idle(self, needs: Needs) -> bool:
        """Return whether a value set that a condition cannot do without has no record."""
        return self.hits is not None and any(all(map(self.has_none, clause)) for clause in needs)

    def member(self, concept: Concept, value_set: str, local_names: bool = False) -> Match | None:
        """Return why the concept is in the value set, or None; `local_names` as in ValueSet."""
        if self.facts.hits is None:
            return self.terminology.value_sets[value_set].member(concept, self.terminology.systems, local_names)
        known = self._members.get((id(concept), local_names))
        if known is None:  # the concept is kept with its sets, so that no other can take its id
            known = self._members[id(concept), local_names] = (concept, self.terminology.members(concept, local_names))
        return known[1].get(value_set)

    def mentions(self, value: Concept | str, value_set: str, distancing: str) -> Match | None:
        """Return which designation of a value set a text names; with the index, only where its words stand there."""
        if isinstance(value, Concept) and self.facts.hits is not None:
            known = self._naming.get(id(value))
            if known is None:
                known = self._naming[id(value)] = (value, self.terminology.naming(value))
            if value_set not in known[1]:
                return None
        return self.terminology.mentions(value, value_set, distancing)
