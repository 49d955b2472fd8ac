"""The scope that explanations are evaluated on: without the index, and remembering what it was asked before.

One record is asked about one value set many times: by the walk, by each part of a condition, by the next action.
"""

from typing import Any

from cds_service.core.explain.records import describe
from cds_service.core.explain.values import Seen
from cds_service.core.fhirpath.scope import Scope
from cds_service.core.index import Match
from cds_service.core.resources import Concept


class Looking(Scope):
    """A scope whose facts have no index. Copies of it share what they remember."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._asked: dict[tuple[int, str, bool], tuple[Concept, Match | None]] = {}
        self._canonicals: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._seen: dict[int, tuple[Any, Seen]] = {}

    def member(self, concept: Concept, value_set: str, local_names: bool = False) -> Match | None:
        """Return why the concept is in the value set, or None, as Scope does."""
        key = (id(concept), value_set, local_names)
        known = self._asked.get(key)  # the concept is kept beside it, so that no other can take its id
        if known is None:
            known = self._asked[key] = (concept, super().member(concept, value_set, local_names))
        return known[1]

    def canonicals(self, urls: tuple[str, ...]) -> tuple[str, ...]:
        """Return the canonicals of loaded value sets, with their versions."""
        known = self._canonicals.get(urls)
        if known is None:
            known = self._canonicals[urls] = tuple(self.terminology.value_sets[url].canonical for url in urls)
        return known

    def describe(self, item: Any) -> Seen:
        """Return what may be told of an item of a variable."""
        known = self._seen.get(id(item))
        if known is None:
            known = self._seen[id(item)] = (item, describe(item, self.terminology.units))
        return known[1]
