"""The changes of one artifact, told as they are found; what no words are known for is told as it stands."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cds_service.changes.change import Change, Kind
from cds_service.changes.differences import ABSENT, canonical, differences, differs, moved, pairs
from cds_service.changes.names import Names

Teller = Callable[["About", Any, Any], Iterable[Change]]
Tellers = Mapping[str, Teller]


@dataclass(frozen=True)
class About:
    """Which artifact is spoken of, what it and others are called, and where in it: an action, an element's path."""

    artifact: str
    title: str
    names: Names
    place: str = ""
    path: str = ""

    def change(self, kind: Kind, what: str, old: str | None = None, new: str | None = None) -> Change:
        """Return a change of the place that is spoken of."""
        return Change(self.artifact, self.title, kind, f"{what}{self.place}", old, new)

    def within(self, path: str, place: str | None = None) -> "About":
        """Return what speaks of an element further in, and of another place where one is given."""
        return replace(self, path=f"{self.path}.{path}".lstrip("."), place=self.place if place is None else place)

    def as_it_stands(self, old: Any, new: Any, kind: Kind = Kind.OTHER) -> Iterator[Change]:
        """Return every difference by the path of its element."""
        for path, one, other in differences(old, new, self.path):
            yield Change(self.artifact, self.title, kind, path, *_texts(one, other))

    def tell(self, teller: Teller | None, old: Any, new: Any) -> list[Change]:
        """Return what a teller says of two values; where it says nothing of values that differ, how they stand."""
        if not differs(old, new):
            return []
        return self._said(teller, old, new) or list(self.as_it_stands(old, new))

    def _said(self, teller: Teller | None, old: Any, new: Any) -> list[Change]:
        try:
            return list(teller(self, old, new)) if teller else []
        except (AttributeError, KeyError, TypeError):  # an element of another type than FHIR gives it
            return []

    def elements(self, tellers: Tellers, old: Any, new: Any) -> Iterator[Change]:
        """Return the changes of two objects, element by element."""
        before, after = (each if isinstance(each, dict) else {} for each in (old, new))
        for name in dict.fromkeys((*before, *after)):
            values = before.get(name, ABSENT), after.get(name, ABSENT)
            yield from self.within(name).tell(tellers.get(name), *values)

    def each_item(self, teller: Teller, old: Any, new: Any, order: str | None = None) -> Iterator[Change]:
        """Return the changes of two lists, item by item, and that those in both stand in another order.

        `order` says what another order means, where it changes what is advised.
        """
        before, after = (each if isinstance(each, list) else [] for each in (old, new))
        for name, one, other in pairs(before, after):
            yield from replace(self, path=f"{self.path}[{name}]").tell(teller, one, other)
        for path, one, other in moved(before, after, self.path):
            texts = ", ".join(one), ", ".join(other)
            yield self.change(Kind.PLAN, order, *texts) if order else self.change(Kind.OTHER, path, *texts)


def saying(kind: Kind, what: str, words: Callable[[Names, Any], str | None] | None = None) -> Teller:
    """Return a teller of one value: in `words` where they are given, else as text."""

    def teller(about: About, old: Any, new: Any) -> Iterator[Change]:
        said = list(_texts(old, new))
        if words:
            said = [None if each is ABSENT else words(about.names, each) for each in (old, new)]
        if said[0] != said[1]:
            yield about.change(kind, what, *(each or "none" for each in said))

    return teller


def item(kind: Kind, what: str, words: Callable[[Names, Any], str | None]) -> Teller:
    """Return a teller of one item of a list: added, removed or changed."""

    def teller(about: About, old: Any, new: Any) -> Iterator[Change]:
        if old is ABSENT or new is ABSENT:
            deed = "added" if old is ABSENT else "removed"
            said = [None if each is ABSENT else words(about.names, each) or canonical(each) for each in (old, new)]
            yield about.change(kind, f"{what} {deed}", *said)
        elif (one := words(about.names, old)) != (other := words(about.names, new)):
            yield about.change(kind, what, one, other)

    return teller


def _texts(old: Any, new: Any) -> tuple[str | None, str | None]:
    """Return two values as text; where two texts would be the same, as JSON."""
    plain = [str(each) for each in (old, new)]
    is_plain = plain[0] != plain[1]
    one, other = (
        None if each is ABSENT else each if isinstance(each, str) and is_plain else canonical(each)
        for each in (old, new)
    )
    return one, other
