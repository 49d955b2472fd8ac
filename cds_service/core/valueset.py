"""Value sets, and membership that returns its evidence.

`ValueSet.member` is the plain definition. `Terminology` answers the same question for every loaded set at once from one
index (code -> system -> sets, folded text -> sets); a test proves that both agree.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from cds_service.core.coding import NDC, Code, keys
from cds_service.core.resources import Coding, Concept, Junk, many
from cds_service.core.text import Reading, Words, fold, without_tag, words
from cds_service.core.units import NO_UNITS, Units


class Match(NamedTuple):
    """Why a concept is in a value set: the set's canonical with version, the code, and whether text decided."""

    value_set: str
    code: Code
    by_text: bool


NOTHING: Mapping[str, Any] = MappingProxyType({})
NO_SETS: frozenset[str] = frozenset()
LONGEST_TEXT = 2000
REMEMBERED, NAME_LENGTH = 4096, 100  # names of drugs come back call after call; longer texts are not names


@dataclass(frozen=True)
class ValueSet:
    """One clinical meaning: its codes, and the names (displays and designations) of each."""

    url: str
    version: str
    names_of: Mapping[Code, tuple[str, ...]]
    by_key: Mapping[tuple[str, str], Code] = field(init=False, repr=False)
    by_text: Mapping[str, Code] = field(init=False, repr=False)
    phrases: tuple[tuple[Words, Code], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_key = {(code.system, key): code for code in self.names_of for key in keys(code.system, code.code)}
        by_text: dict[str, Code] = {}
        phrases: dict[Words, Code] = {}
        for code, texts in self.names_of.items():
            for text in texts:
                by_text.setdefault(fold(text), code)
                by_text.setdefault(fold(without_tag(text)), code)
                phrases.setdefault(words(without_tag(text)), code)
        object.__setattr__(self, "by_key", by_key)
        object.__setattr__(self, "by_text", by_text)
        object.__setattr__(self, "phrases", tuple(phrases.items()))

    @property
    def canonical(self) -> str:
        """Return url|version."""
        return f"{self.url}|{self.version}"

    def member(self, concept: Concept, systems: Mapping[str, str], local_names: bool = False) -> Match | None:
        """Return why the concept is in this set, or None.

        `systems` maps every system URI that any loaded set uses, and its aliases, to the preferred URI. A concept
        without any code is compared by its whole text; with `local_names`, so is one that has only codes of systems
        that are not loaded, such as a laboratory's own.
        """
        for system, code in known_codes(concept, systems):
            for key in keys(system, code):
                if (system, key) in self.by_key:
                    return Match(self.canonical, self.by_key[system, key]._replace(code=code), by_text=False)
        if is_coded(concept) and not (local_names and is_local(concept, systems)):
            return None
        for text in texts_of(concept):
            if fold(text) in self.by_text:
                return Match(self.canonical, self.by_text[fold(text)], by_text=True)
        return None


def is_coded(concept: Concept) -> bool:
    """Return whether a concept carries any code, of whatever system."""
    return any(coding.code for coding in many(concept.coding, Coding))


def is_local(concept: Concept | Junk, systems: Mapping[str, str]) -> bool:
    """Return whether none of the concept's codes is of a system that some loaded set uses."""
    codings = many(concept.coding, Coding) if isinstance(concept, Concept) else []
    return not any(isinstance(coding.system, str) and coding.system in systems for coding in codings)


def known_codes(concept: Concept, systems: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the (preferred system, code) pairs of a concept whose system some loaded set uses."""
    return [
        (systems[coding.system], coding.code)
        for coding in many(concept.coding, Coding)
        if isinstance(coding.system, str) and isinstance(coding.code, str) and coding.system in systems
    ]


def texts_of(concept: Concept) -> list[str]:
    """Return the texts of a concept: its own, then the displays of its codings; the beginning of an endless one."""
    texts = [concept.text, *(coding.display for coding in many(concept.coding, Coding))]
    return [text[:LONGEST_TEXT] for text in texts if isinstance(text, str)]


class Terminology:
    """All loaded value sets, one index over them, and the units of measure."""

    def __init__(self, value_sets: Iterable[ValueSet], aliases: Mapping[str, str], units: Units = NO_UNITS) -> None:
        self.units = units
        self.value_sets = {value_set.url: value_set for value_set in value_sets}
        used = {code.system for value_set in self.value_sets.values() for code in value_set.names_of}
        self.systems = {system: system for system in used}
        self.systems |= {alias: system for alias, system in aliases.items() if system in used}
        self._aliases = {system: [alias for alias in self.systems if self.systems[alias] == system] for system in used}
        self._ndc = frozenset({NDC, *self._aliases.get(NDC, [])})
        self.codes: dict[str, dict[str, dict[str, Match]]] = {}
        self.texts: dict[str, dict[str, Match]] = {}
        self._phrases: dict[Words, set[str]] = {}
        self._read_before: dict[str, Set[str]] = {}
        self._lengths: dict[str, set[int]] = {}
        for value_set in self.value_sets.values():
            self._index(value_set)

    def _index(self, value_set: ValueSet) -> None:
        for (system, key), code in value_set.by_key.items():
            match = Match(value_set.canonical, code, by_text=False)
            by_system = self.codes.setdefault(key, {})
            for alias in self._aliases[system]:
                by_system.setdefault(alias, {})[value_set.url] = match
        for text, code in value_set.by_text.items():
            self.texts.setdefault(text, {})[value_set.url] = Match(value_set.canonical, code, by_text=True)
        for phrase, _ in value_set.phrases:
            if phrase:
                self._phrases.setdefault(phrase, set()).add(value_set.url)
                self._lengths.setdefault(phrase[0], set()).add(len(phrase))

    def members(self, concept: Concept, local_names: bool = False) -> Mapping[str, Match]:
        """Return, by value set url, why the concept is in each set that holds it; `local_names` as in ValueSet."""
        found: Mapping[str, Match] = NOTHING
        for coding in many(concept.coding, Coding):
            if sets := self._sets_of(coding.system, coding.code):
                found = {**sets, **found} if found else sets
        if found or (is_coded(concept) and not (local_names and self.is_local(concept))):
            return found
        return self._members_by_text(concept)

    def is_local(self, concept: Concept | Junk) -> bool:
        """Return whether none of the concept's codes is of a loaded system."""
        return is_local(concept, self.systems)

    def _sets_of(self, system: object, code: object) -> Mapping[str, Match]:
        if type(system) is not str or type(code) is not str:
            return NOTHING
        if system not in self._ndc:
            return self.codes.get(code, NOTHING).get(system, NOTHING)
        found: dict[str, Match] = {}
        for key in keys(NDC, code):
            for url, match in self.codes.get(key, NOTHING).get(NDC, NOTHING).items():
                found.setdefault(url, match._replace(code=match.code._replace(code=code)))
        return found

    def _members_by_text(self, concept: Concept) -> dict[str, Match]:
        found: dict[str, Match] = {}
        for text in texts_of(concept):
            for url, match in self.texts.get(fold(text), {}).items():
                found.setdefault(url, match)
        return found

    def naming(self, concept: Concept) -> Set[str]:
        """Return the urls of the sets of which a designation stands in the concept's texts as whole words."""
        texts = dict.fromkeys(texts_of(concept))
        return (
            frozenset().union(*(self._named_in(text) for text in texts)) if len(texts) != 1 else self._named_in(*texts)
        )

    def _named_in(self, text: str) -> Set[str]:
        known = self._read_before.get(text)
        if known is not None:
            return known
        found: set[str] = set()
        spoken = words(text)
        for i, word in enumerate(spoken):
            for length in self._lengths.get(word, ()):
                found |= self._phrases.get(spoken[i : i + length], NO_SETS)
        if len(self._read_before) < REMEMBERED and len(text) <= NAME_LENGTH:
            self._read_before[text] = found
        return found

    def shares_system(self, concept: Concept, url: str) -> bool:
        """Return whether the concept has a code of a system that the value set `url` draws from."""
        drawn = {code.system for code in self.value_sets[url].names_of}
        return any(system in drawn for system, _ in known_codes(concept, self.systems))

    def may_match(self, concept: Concept | Junk, local_names: bool = False) -> bool:
        """Return False only when no set can hold the concept: the quick test for long lists of records."""
        codes, ndc, systems = self.codes, self._ndc, self.systems
        coded = known = False
        try:
            for coding in concept.coding:  # type: ignore[union-attr]
                code, system = coding.code, coding.system  # type: ignore[union-attr]
                if code in codes or system in ndc:
                    return True
                coded = coded or bool(code)
                known = known or system in systems
        except (TypeError, AttributeError):
            return True
        return not coded or (local_names and not known)

    def mentions(self, value: Concept | str, url: str, distancing: str) -> Match | None:
        """Return which designation of the set `url` a text names, unless words of the set `distancing` hold it off.

        A text that is only the name of the record's own code says nothing more than the code and is not read.
        """
        apart = [phrase for phrase, _ in self.value_sets[distancing].phrases]
        value_set = self.value_sets[url]
        for reading in map(Reading, self._telling_texts(value)):
            for phrase, code in value_set.phrases:
                if reading.names(phrase, apart):
                    return Match(value_set.canonical, code, by_text=True)
        return None

    def _telling_texts(self, value: Concept | str) -> list[str]:
        if isinstance(value, str):
            return [value]
        own = {fold(match.code.display) for match in self.members(value).values() if not match.by_text}
        return [text for text in texts_of(value) if fold(text) not in own]
