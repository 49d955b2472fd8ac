"""Knowledge with one concept less, and which cases could tell: what it takes to see whether a case would miss it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from cds_service.cases.read import Case
from cds_service.core.coding import Code, keys
from cds_service.core.text import Words, without_tag, words
from cds_service.core.units import Units
from cds_service.core.valueset import Terminology, ValueSet
from cds_service.knowledge.load import KnowledgeBase
from cds_service.knowledge.units import UNITS


class Member(NamedTuple):
    """A concept as one value set lists it: the set's url, and the code."""

    value_set: str
    code: Code


def without(knowledge: KnowledgeBase, member: Member) -> KnowledgeBase:
    """Return the knowledge without a concept of one value set; a unit of measure is then not known any more."""
    known = knowledge.terminology
    changed = known.value_sets[member.value_set]
    names_of = {code: names for code, names in changed.names_of.items() if code != member.code}
    sets = known.value_sets | {changed.url: ValueSet(changed.url, changed.version, names_of)}
    units = _without_unit(known.units, member.code.code) if member.value_set == UNITS else known.units
    return replace(knowledge, terminology=Terminology(sets.values(), known.systems, units))


def _without_unit(units: Units, code: str) -> Units:
    by_code = {each: unit for each, unit in units.by_code.items() if unit.code != code}
    return Units(by_code, {each: unit for each, unit in units.by_spelling.items() if unit.code != code})


class Bearers:
    """Which cases could be answered differently without a concept: those whose request holds its code or its name.

    A case may be named that is not, but none is left out: what a request does not hold cannot have been found in it.
    Where a concept is the only one of its code system in its value set, the set knows that system by it, and every case
    with any code of the system is named. Units of measure are looked up by conditions too: `asked` names their cases.
    """

    def __init__(self, terminology: Terminology, cases: Mapping[str, Case], asked: Mapping[Member, list[str]]) -> None:
        self._asked = asked
        self._systems: dict[str, set[str]] = {}
        self._keys: dict[tuple[str, str], set[str]] = {}
        self._phrases: dict[Words, set[str]] = {}
        self._names = terminology.value_sets
        self._lengths = _lengths(terminology.value_sets.values())
        self._of_system = Counter(
            (url, code.system) for url, each in terminology.value_sets.items() for code in each.names_of
        )
        for name, case in cases.items():
            self._read(name, case.request, terminology)

    def _read(self, name: str, request: Mapping[str, Any], terminology: Terminology) -> None:
        for system, code in codings(request):
            known = terminology.systems.get(system, system)
            self._systems.setdefault(known, set()).add(name)
            for key in keys(known, code):
                self._keys.setdefault((known, key), set()).add(name)
        for text in set(strings(request)):
            for phrase in self._phrases_in(text):
                self._phrases.setdefault(phrase, set()).add(name)

    def _phrases_in(self, text: str) -> Iterator[Words]:
        spoken = words(text)
        for i, word in enumerate(spoken):
            for length in self._lengths.get(word, ()):
                yield spoken[i : i + length]

    def of(self, member: Member) -> list[str]:
        """Return the names of the cases that could miss a concept: first those that found a record by it."""
        url, code = member
        found = {name for key in keys(*code[:2]) for name in self._keys.get((code.system, key), ())}
        for text in self._names[url].names_of[code]:
            found |= self._phrases.get(words(without_tag(text)), set())
        if self._of_system[url, code.system] == 1:
            found |= self._systems.get(code.system, set())
        first = self._asked.get(member, [])
        return [*first, *sorted(found - set(first))]


def _lengths(value_sets: Iterable[ValueSet]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for each in value_sets:
        for phrase in each.phrases:
            if phrase:
                found.setdefault(phrase[0], set()).add(len(phrase))
    return found


def codings(value: Any) -> Iterator[tuple[str, str]]:
    """Return the (system, code) pairs that stand anywhere in JSON."""
    if isinstance(value, dict):
        system, code = value.get("system"), value.get("code")
        if isinstance(system, str) and isinstance(code, str):
            yield system, code
    for each in _parts(value):
        yield from codings(each)


def strings(value: Any) -> Iterator[str]:
    """Return the strings that stand anywhere in JSON, the names of elements aside."""
    if isinstance(value, str):
        yield value
    for each in _parts(value):
        yield from strings(each)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
