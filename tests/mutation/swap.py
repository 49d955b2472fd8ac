"""Value sets changed inside a loaded terminology, and back: a whole new one for each mutant would cost too much."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from cds_service.core.coding import Code
from cds_service.core.valueset import Match, Terminology, ValueSet


class Touched(NamedTuple):
    """What a swap changed: codes, folded texts, and words of names."""

    codes: frozenset[Code]
    texts: frozenset[str]


def is_simple(old: ValueSet, new: ValueSet) -> bool:
    """Return whether a set can be swapped: same name, version and systems. Else the terminology is built anew."""
    return old.canonical == new.canonical and _systems(old) == _systems(new)


def _systems(value_set: ValueSet) -> set[str]:
    return {code.system for code in value_set.names_of}


@contextmanager
def swapped(terminology: Terminology, sets: Iterable[ValueSet]) -> Iterator[Touched]:
    """Put the sets in the place of those of the same url; the terminology is as before when the block ends."""
    pairs = [(terminology.value_sets[each.url], each) for each in sets]
    touched = [_swap(terminology, old, new) for old, new in pairs]
    codes = frozenset(code for each in touched for code in each.codes)
    try:
        yield Touched(codes, frozenset(text for each in touched for text in each.texts))
    finally:
        for old, new in reversed(pairs):
            _swap(terminology, new, old)


def _swap(terminology: Terminology, old: ValueSet, new: ValueSet) -> Touched:
    terminology.value_sets[new.url] = new
    terminology._read_before.clear()
    rank = {url: i for i, url in enumerate(terminology.value_sets)}
    keys = _differing(old.by_key, new.by_key)
    for system, key in keys:
        match = _match(new, new.by_key.get((system, key)), by_text=False)
        by_system = terminology.codes.setdefault(key, {})
        for alias in terminology._aliases[system]:
            _put(by_system, alias, new.url, match, rank)
        if not by_system:
            del terminology.codes[key]
    texts = _differing(old.by_text, new.by_text)
    for text in texts:
        _put(terminology.texts, text, new.url, _match(new, new.by_text.get(text), by_text=True), rank)
    _swap_phrases(terminology, old, new)
    changed = {code for pair in keys for code in (old.by_key.get(pair), new.by_key.get(pair)) if code}
    return Touched(frozenset(changed), frozenset(texts))


def _differing(old: Mapping[Any, Code], new: Mapping[Any, Code]) -> list[Any]:
    return [each for each in {**old, **new} if old.get(each) != new.get(each)]


def _match(value_set: ValueSet, code: Code | None, by_text: bool) -> Match | None:
    return None if code is None else Match(value_set.canonical, code, by_text)


def _put(held: dict[str, dict[str, Match]], name: str, url: str, match: Match | None, rank: Mapping[str, int]) -> None:
    """Set or take out the match of one set, in the order of the sets; an index entry that is empty goes."""
    matches = {**held.get(name, {})}
    matches.pop(url, None)
    if match:
        matches[url] = match
    held[name] = dict(sorted(matches.items(), key=lambda pair: rank[pair[0]]))
    if not matches:
        del held[name]


def _swap_phrases(terminology: Terminology, old: ValueSet, new: ValueSet) -> None:
    """Lengths of names are only added to: one too many is looked for in vain."""
    before, after = {phrase for phrase, _ in old.phrases if phrase}, {phrase for phrase, _ in new.phrases if phrase}
    for phrase in before - after:
        terminology._phrases[phrase].discard(new.url)
        if not terminology._phrases[phrase]:
            del terminology._phrases[phrase]
    for phrase in after - before:
        terminology._phrases.setdefault(phrase, set()).add(new.url)
        terminology._lengths.setdefault(phrase[0], set()).add(len(phrase))
