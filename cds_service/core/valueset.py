"""Value sets, and membership that returns its evidence.

`ValueSet.member` is the plain definition. `Terminology` answers the same question for every loaded set at once from one
index (system -> code -> sets, folded text -> sets); a test proves that both agree.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from operator import itemgetter

from cds_service.core.coding import NDC, Code, keys
from cds_service.core.concept import is_coded, is_local, known_codes, texts_of
from cds_service.core.index import NOTHING, Index, Match, Part, index_codes, index_names, lengths_of
from cds_service.core.resources import Coding, Concept, Junk, many
from cds_service.core.text import Reading, Words, fold, without_tag, words
from cds_service.core.units import NO_UNITS, Units

REMEMBERED, NAME_LENGTH = 4096, 100  # names of drugs come back call after call; longer texts are not names


@dataclass(frozen=True)
class ValueSet:
    """One clinical meaning: its codes, and the names (displays and designations) of each."""

    url: str
    version: str
    names_of: Mapping[Code, tuple[str, ...]]

    @cached_property
    def by_key(self) -> Mapping[tuple[str, str], Code]:
        """Return the codes by system and each form under which they are looked up."""
        return {(code.system, key): code for code in self.names_of for key in keys(code.system, code.code)}

    @cached_property
    def by_text(self) -> Mapping[str, Code]:
        """Return the codes by their folded names, with and without semantic tag; the first code of a name counts."""
        found: dict[str, Code] = {}
        for code, texts in self.names_of.items():
            for text in texts:
                found.setdefault(fold(text), code)
                found.setdefault(fold(without_tag(text)), code)
        return found

    @cached_property
    def phrases(self) -> Mapping[Words, Code]:
        """Return the codes by the words of their names, in the order of the set; the first code of a phrase counts."""
        found: dict[Words, Code] = {}
        for code, texts in self.names_of.items():
            for text in texts:
                found.setdefault(words(without_tag(text)), code)
        return found

    @cached_property
    def ranks(self) -> Mapping[Code, int]:
        """Return the place of each code in the set."""
        return {code: rank for rank, code in enumerate(self.names_of)}

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


class Terminology:
    """All loaded value sets, one index over them, and the units of measure.

    A set may hold some hundred thousand codes: all names of a code share its entry, by their folded form.
    """

    def __init__(self, value_sets: Iterable[ValueSet], aliases: Mapping[str, str], units: Units = NO_UNITS) -> None:
        self.units = units
        self.value_sets = {each.url: each for each in value_sets}
        self._drawn = {url: frozenset(map(itemgetter(0), each.names_of)) for url, each in self.value_sets.items()}
        used = frozenset().union(*self._drawn.values())
        self.systems = dict(zip(used, used, strict=True)) | {name: of for name, of in aliases.items() if of in used}
        self._ndc = frozenset({NDC, *(alias for alias, system in self.systems.items() if system == NDC)})
        self._by_code = {system: Index(by_text=False) for system in used}
        self._phrases, self._tagged = Index(by_text=True), Index(by_text=True)
        self._lengths: dict[str, set[int]] = {}
        self._read_before: dict[str, Set[str]] = {}
        for value_set in self.value_sets.values():
            self._index(value_set)
        self._codes = frozenset().union(*(each.parts for each in self._by_code.values()))
        self._by_code |= {alias: self._by_code[system] for alias, system in self.systems.items()}

    def _index(self, value_set: ValueSet) -> None:
        url, canonical = value_set.url, value_set.canonical
        for system, codes in index_codes(value_set.names_of).items():
            written = codes if system != NDC else {key: codes[each] for each in codes for key in keys(NDC, each)}
            self._by_code[system].merge(Part(url, canonical, written))
        phrases, tagged = index_names(value_set.names_of)
        for first, further in lengths_of(phrases):
            self._lengths.setdefault(first, set()).add(further + 1)
        self._tagged.shared |= (tagged.keys() & self._phrases.parts.keys()) | (
            phrases.keys() & self._tagged.parts.keys()
        )
        self._phrases.merge(Part(url, canonical, phrases))
        self._tagged.merge(Part(url, canonical, tagged))

    def members(self, concept: Concept, local_names: bool = False) -> Mapping[str, Match]:
        """Return, by value set url, why the concept is in each set that holds it; `local_names` as in ValueSet."""
        found: Mapping[str, Match] = NOTHING
        for coding in many(concept.coding, Coding):
            if sets := self.sets_of(coding.system, coding.code):
                found = {**sets, **found} if found else sets
        if found or (is_coded(concept) and not (local_names and is_local(concept, self.systems))):
            return found
        return self._members_by_text(concept)

    def sets_of(self, system: object, code: object) -> Mapping[str, Match]:
        """Return, by value set url, the match of one code of a system in each set that holds it."""
        if type(system) is not str or type(code) is not str:
            return NOTHING
        if system not in self._ndc:
            return self._by_code[system][code] if system in self._by_code else NOTHING
        found: dict[str, Match] = {}
        for key in keys(NDC, code) if NDC in self._by_code else ():
            for url, match in self._by_code[NDC][key].items():
                found.setdefault(url, match._replace(code=match.code._replace(code=code)))
        return found

    def combinations(self) -> dict[tuple[str, ...], Code]:
        """Return one code for every combination of value sets that some code is in."""
        shared = (by_code[key] for by_code in self._by_code.values() for key in by_code.shared)
        found = {tuple(sets): next(iter(sets.values())).code for sets in shared}
        for value_set in self.value_sets.values():
            held = ((tuple(self.sets_of(code.system, code.code)), code) for code in value_set.names_of)
            found |= dict(islice(((urls, code) for urls, code in held if len(urls) == 1), 1))
        return found

    def _members_by_text(self, concept: Concept) -> dict[str, Match]:
        found: dict[str, Match] = {}
        for text in texts_of(concept):
            for url, match in self.sets_named(fold(text)).items():
                found.setdefault(url, match)
        return found

    def sets_named(self, name: str) -> Mapping[str, Match]:
        """Return, by value set url, what the first code of that folded name matches, in each set that has one."""
        bare, tagged = self._phrases[name], self._tagged[name]
        if not (bare and tagged):
            return bare or tagged
        return {url: tagged.get(url) or bare[url] for url in self.value_sets if url in tagged or url in bare}

    def shared_names(self) -> set[str]:
        """Return the folded names that are in several value sets."""
        return self._phrases.shared | self._tagged.shared

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
        found = {url for phrase in self._phrases_in(words(text)) for url in self._phrases[phrase]}
        if len(self._read_before) < REMEMBERED and len(text) <= NAME_LENGTH:
            self._read_before[text] = found
        return found

    def _phrases_in(self, spoken: Words) -> Iterator[str]:
        for i, word in enumerate(spoken):
            for length in self._lengths.get(word, ()):
                phrase = " ".join(spoken[i : i + length])
                if phrase in self._phrases.parts:
                    yield phrase

    def shares_system(self, concept: Concept, url: str) -> bool:
        """Return whether the concept has a code of a system that the value set `url` draws from."""
        return any(system in self._drawn[url] for system, _ in known_codes(concept, self.systems))

    def may_match(self, concept: Concept | Junk, local_names: bool = False) -> bool:
        """Return False only when no set can hold the concept: the quick test for long lists of records."""
        codes, ndc, systems = self._codes, self._ndc, self.systems
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
        apart, ranks = tuple(self.value_sets[distancing].phrases), self.value_sets[url].ranks
        for reading in map(Reading, self._telling_texts(value)):
            found = sorted(self._phrases_of(url, reading).items(), key=lambda pair: ranks[pair[1].code])
            for phrase, match in found:  # the first that is not held off counts, and looking on would take time
                if reading.names(tuple(phrase.split()), apart):
                    return match
        return None

    def _phrases_of(self, url: str, reading: Reading) -> dict[str, Match]:
        """Return the phrases of a value set that stand in a text, with what they match."""
        clauses = [clause for sentence in reading.sentences for clause in sentence]
        phrases = [(each, self._phrases[each].get(url)) for clause in clauses for each in self._phrases_in(clause)]
        return {phrase: match for phrase, match in phrases if match}

    def _telling_texts(self, value: Concept | str) -> list[str]:
        if isinstance(value, str):
            return [value]
        own = {fold(match.code.display) for match in self.members(value).values() if not match.by_text}
        return [text for text in texts_of(value) if fold(text) not in own]
