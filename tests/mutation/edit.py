"""A changed copy of a FHIR resource; what did not change is shared with the original."""

from collections.abc import Iterator, Sequence
from typing import Any

Steps = tuple[str | int, ...]
DROPPED = object()


def edited(value: Any, path: Sequence[str | int], new: Any) -> Any:
    """Return a copy with `new` at the path; DROPPED takes the item out, and what is empty then."""
    if not path:
        return new
    head, rest = path[0], path[1:]
    copy = dict(value) if isinstance(value, dict) else list(value)
    item = edited(copy[head] if rest or not isinstance(value, dict) else copy.get(head), rest, new)
    if item is DROPPED:
        del copy[head]
    else:
        copy[head] = item
    return copy or DROPPED


def at(value: Any, path: Sequence[str | int]) -> Any:
    """Return what is at the path."""
    for step in path:
        value = value[step]
    return value


def walk(value: Any, path: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Return every node of a resource with its path, parents first."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in items:
        yield from walk(each, (*path, step))
