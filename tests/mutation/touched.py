"""What a changed value set holds otherwise: only cases with one of these codes or names can notice."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cds_service.core.coding import Code
from cds_service.core.valueset import ValueSet


class Touched(NamedTuple):
    """Codes that are there on one side only or are called otherwise, and folded names that mean another code."""

    codes: frozenset[Code] = frozenset()
    texts: frozenset[str] = frozenset()


def touched_by(pairs: Iterable[tuple[ValueSet, ValueSet]]) -> Touched:
    """Return what differs between the old and the new of some value sets."""
    codes: set[Code] = set()
    texts: set[str] = set()
    for old, new in pairs:
        codes |= {code for pair in _differing(old.by_key, new.by_key) for code in _held(pair, old, new)}
        texts |= set(_differing(old.by_text, new.by_text))
    return Touched(frozenset(codes), frozenset(texts))


def has_the_same_systems(old: ValueSet, new: ValueSet) -> bool:
    """Return whether sets differ by single concepts only: name, version and systems are the same."""
    return old.canonical == new.canonical and _systems(old) == _systems(new)


def _held(pair: tuple[str, str], old: ValueSet, new: ValueSet) -> Iterable[Code]:
    return filter(None, (old.by_key.get(pair), new.by_key.get(pair)))


def _differing(old: Mapping[Any, Code], new: Mapping[Any, Code]) -> list[Any]:
    return [each for each in {**old, **new} if old.get(each) != new.get(each)]


def _systems(value_set: ValueSet) -> set[str]:
    return {code.system for code in value_set.names_of}
