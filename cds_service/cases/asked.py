"""Which concepts answer the questions that a case asks: a terminology that notes by what it finds a record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from cds_service.cases.removal import Member
from cds_service.core.coding import Code, keys
from cds_service.core.index import Match
from cds_service.core.resources import Concept
from cds_service.core.text import Reading
from cds_service.core.units import Unit, Units
from cds_service.core.valueset import Terminology, ValueSet
from cds_service.knowledge.load import KnowledgeBase
from cds_service.knowledge.units import UNITS

Seen = set[Member]
Value = TypeVar("Value")


def watching(knowledge: KnowledgeBase, seen: Seen) -> KnowledgeBase:
    """Return knowledge that answers the same, and adds to `seen` each concept by which a question found a record.

    The questions are those of conditions and of the reading of doses. It is to be asked without the index, which looks
    records up in all value sets before any question is asked.
    """
    return replace(knowledge, terminology=_Watching(knowledge.terminology, seen))


class _Watching(Terminology):
    def __init__(self, known: Terminology, seen: Seen) -> None:
        sets = [_Watched(each.url, each.version, each.names_of, seen) for each in known.value_sets.values()]
        super().__init__(sets, known.systems, _watched_units(known, seen))
        self._seen = seen

    def members(self, concept: Concept, local_names: bool = False) -> Mapping[str, Match]:
        return _Asked(super().members(concept, local_names), lambda url, found: self._note(url, found.code))

    def mentions(self, value: Concept | str, url: str, distancing: str) -> Match | None:
        found = super().mentions(value, url, distancing)
        if found:
            self._note(url, found.code)
        else:
            self._note_distance(value, url, distancing)
        return found

    def _note_distance(self, value: Concept | str, url: str, distancing: str) -> None:
        """Note the words that hold a name off: without them the text would name it."""
        for reading in map(Reading, self._telling_texts(value)):
            named = [phrase for phrase in self.value_sets[url].phrases if reading.names(phrase, ())]
            for words, code in self.value_sets[distancing].phrases.items() if named else ():
                if any(not reading.names(phrase, [words]) for phrase in named):
                    self._note(distancing, code)

    def _note(self, url: str, code: Code) -> None:
        self._seen.add(Member(url, _listed(self.value_sets[url], code)))


@dataclass(frozen=True)
class _Watched(ValueSet):
    seen: Seen

    def member(self, concept: Concept, systems: Mapping[str, str], local_names: bool = False) -> Match | None:
        found = super().member(concept, systems, local_names)
        if found:
            self.seen.add(Member(self.url, _listed(self, found.code)))
        return found


def _listed(value_set: ValueSet, code: Code) -> Code:
    """Return a code as its value set writes it, which for the codes of products may be otherwise than the record."""
    if code in value_set.names_of:
        return code
    return next(value_set.by_key[code.system, key] for key in keys(*code[:2]) if (code.system, key) in value_set.by_key)


class _Asked(dict[str, Value]):
    """A mapping that tells each value that is asked for and found."""

    def __init__(self, content: Mapping[str, Value], tell: Any) -> None:
        super().__init__(content)
        self._tell = tell

    def get(self, key: str, default: Any = None) -> Any:
        found = super().get(key, default)
        if found is not default:
            self._tell(key, found)
        return found

    def __contains__(self, key: object) -> bool:
        is_there = super().__contains__(key)
        if is_there:
            self._tell(key, self[key])  # type: ignore[index]
        return is_there


def _watched_units(known: Terminology, seen: Seen) -> Units:
    listed = known.value_sets.get(UNITS)
    codes = {code.code: code for code in listed.names_of} if listed else {}

    def tell(_: str, unit: Unit) -> None:
        if unit.code in codes:
            seen.add(Member(UNITS, codes[unit.code]))

    return Units(_Asked(known.units.by_code, tell), _Asked(known.units.by_spelling, tell))
