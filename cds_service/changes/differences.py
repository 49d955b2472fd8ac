"""Where two JSON values differ, whatever they are: what no other module has words for is found here."""

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import Enum
from typing import Any, Final, NamedTuple


class Absent(Enum):
    """What stands for an element that is not there; null is something else."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
KEYS = ("id", "code", "url", "value")


class Difference(NamedTuple):
    """A place, and what stood and stands there: JSON, or ABSENT."""

    path: str
    old: Any
    new: Any


def canonical(value: Any) -> str:
    """Return the JSON of a value: the same text for the same value, and another for any other.

    True is not 1, and 1.0 is not 1: FHIR reads the precision of a decimal.
    """
    return "" if value is ABSENT else json.dumps(value, sort_keys=True, ensure_ascii=False)


def differs(old: Any, new: Any) -> bool:
    """Return whether two values are not the same JSON."""
    return old is not new and canonical(old) != canonical(new)


def differences(old: Any, new: Any, path: str = "") -> Iterator[Difference]:
    """Return every place where two values differ; none only when they are the same JSON."""
    if not differs(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from differences(old.get(name, ABSENT), new.get(name, ABSENT), f"{path}.{name}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list):
        for name, one, other in pairs(old, new):
            yield from differences(one, other, f"{path}[{name}]")
        yield from moved(old, new, path)
    else:
        yield Difference(path, old, new)


def pairs(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[str, Any, Any]]:
    """Return the items of two lists that belong together, each pair with a name; ABSENT where an item has no other.

    Items are told apart by their own key where each has one, else by what they hold.
    """
    key = key_of(old, new)
    if key is None:
        yield from _aligned(old, new)
        return
    before, after = ({str(each[key]): each for each in items} for items in (old, new))
    for name in dict.fromkeys((*before, *after)):
        yield name, before.get(name, ABSENT), after.get(name, ABSENT)


def key_of(old: Sequence[Any], new: Sequence[Any]) -> str | None:
    """Return the element that tells the items of both lists apart; None when there is none."""
    for key in KEYS:
        if all(_tells_apart(items, key) for items in (old, new)):
            return key
    return None


def _tells_apart(items: Sequence[Any], key: str) -> bool:
    values = [each.get(key) if isinstance(each, dict) else None for each in items]
    return all(isinstance(each, str) for each in values) and len(set(values)) == len(values)


def _aligned(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[str, Any, Any]]:
    before, after = ([canonical(each) for each in items] for items in (old, new))
    for _, i, end_i, j, end_j in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        for k in range(max(end_i - i, end_j - j)):
            one = old[i + k] if i + k < end_i else ABSENT
            other = new[j + k] if j + k < end_j else ABSENT
            yield str((j if other is not ABSENT else i) + k), one, other


def moved(old: Sequence[Any], new: Sequence[Any], path: str) -> Iterator[Difference]:
    """Return that the items which both lists hold stand in another order; nothing when they do not."""
    key = key_of(old, new)
    if key is None:
        return
    before, after = ([each[key] for each in items] for items in (old, new))
    kept = [each for each in before if each in after], [each for each in after if each in before]
    if kept[0] != kept[1]:
        yield Difference(f"{path} (order)", *kept)


def at(value: Any, *path: str | int) -> Any:
    """Return what stands at a place inside a value; None where there is no such place."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def items(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; none where it is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
