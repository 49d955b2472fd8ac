"""The index over value sets, made column by column: a set may hold some hundred thousand codes and names."""

from collections.abc import Iterable, Mapping
from itertools import chain, compress, groupby, repeat
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from cds_service.core.coding import Code
from cds_service.core.text import cut_tags, fold_all

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Match(NamedTuple):
    """Why a concept is in a value set: the set's canonical with version, the code, and whether text decided."""

    value_set: str
    code: Code
    by_text: bool


class Part(NamedTuple):
    """What one value set has: its url, its canonical with version, and its codes by what they are looked up with."""

    url: str
    canonical: str
    codes: Mapping[str, Code]


class Index(dict[str, Mapping[str, Match]]):
    """By a code or a name, what it matches in each value set that has it, by the url of the set.

    Matches are made when they are first asked for, with `index[key]`: of a large set few ever are. `parts` tells which
    sets have a key, `shared` which keys several sets have.
    """

    def __init__(self, by_text: bool) -> None:
        super().__init__()
        self._by_text = by_text
        self.parts: dict[str, tuple[Part, ...]] = {}
        self.shared: set[str] = set()

    def __missing__(self, key: str) -> Mapping[str, Match]:
        """Return what a key matches; nothing is kept of one that no set has."""
        parts = self.parts.get(key)
        if parts is None:
            return NOTHING
        self[key] = found = {each.url: Match(each.canonical, each.codes[key], self._by_text) for each in parts}
        return found

    def merge(self, part: Part) -> None:
        """Add what one value set has."""
        known = self.parts.keys() & part.codes.keys()
        self.shared |= known
        several = {key: (*self.parts[key], part) for key in known}
        own: tuple[Part, ...] = (part,)
        fewer, more = self.parts, dict.fromkeys(part.codes, own)
        if len(fewer) > len(more):  # the fewer are put to the more: one of the two may be large
            fewer, more = more, fewer
        more |= fewer
        more |= several
        self.parts = more


def index_codes(codes: Iterable[Code]) -> dict[str, dict[str, Code]]:
    """Return the codes by what is written in a record, by system."""
    by_system: dict[str, list[Code]] = {}
    for system, group in groupby(codes, itemgetter(0)):
        by_system.setdefault(system, []).extend(group)
    return {system: dict(zip(map(itemgetter(1), group), group, strict=True)) for system, group in by_system.items()}


def index_names(names_of: Mapping[Code, tuple[str, ...]]) -> tuple[dict[str, Code], dict[str, Code]]:
    """Return the codes by their names, folded, without semantic tags; and by those that have one, with it.

    Of several codes with the same name, with a tag or without, the first counts; the second index says which, where
    both hold a name.
    """
    names = list(chain.from_iterable(names_of.values()))
    owners = list(names_of)
    if len(names) > len(owners):
        owners = list(chain.from_iterable(map(repeat, names_of, map(len, names_of.values()))))
    bare, tags = cut_tags(names)
    folded = fold_all(bare)
    phrases = dict(zip(reversed(folded), reversed(owners), strict=True))
    whole = [f"{text} {tag}" if text else tag for text, tag in zip(folded, tags, strict=True) if tag]
    full = dict(zip(reversed(whole), reversed(list(compress(owners, tags))), strict=True))
    if not phrases.keys().isdisjoint(full):
        disputed = phrases.keys() & full.keys()
        places = {code: place for place, code in enumerate(names_of)}
        full |= {text: min(phrases[text], full[text], key=places.__getitem__) for text in disputed}
    return phrases, full


def lengths_of(phrases: Iterable[str]) -> set[tuple[str, int]]:
    """Return the first word and the number of further words of each phrase."""
    firsts = map(itemgetter(0), map(str.partition, phrases, repeat(" ")))
    return set(zip(firsts, map(str.count, phrases, repeat(" ")), strict=True))
