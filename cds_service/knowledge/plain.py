"""Plain concepts: codes with names and nothing else, of which it is seen at a glance that they are valid FHIR.

A value set may hold some hundred thousand, so they are looked at column by column. What passes here also passes
fhir.resources, which a test proves; what does not pass is left to fhir.resources, which says why.
"""

from collections.abc import Mapping, Set
from itertools import chain
from typing import Any, NamedTuple


class _Kind(NamedTuple):
    """What a plain element may hold: the part it must have, its tokens (code, uri), its texts, its own elements."""

    required: str
    tokens: Set[str]
    texts: Set[str]
    parts: Mapping[str, "_Kind"]


LISTS = frozenset({"designation"})
_USE = _Kind("code", {"system", "code"}, {"display"}, {})
_DESIGNATION = _Kind("value", {"language"}, {"value"}, {"use": _USE})
_CONCEPT = _Kind("code", {"code"}, {"display"}, {"designation": _DESIGNATION})
_CONTAINED = _CONCEPT._replace(tokens={"system", "code"})


def without_plain(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ValueSet with only the first concept of each list of plain ones: it is as valid as the whole."""
    reduced = dict(source)
    compose, expansion = source.get("compose"), source.get("expansion")
    if isinstance(compose, dict) and isinstance(compose.get("include"), list):
        includes = [_reduced(include, "concept", _CONCEPT) for include in compose["include"]]
        reduced["compose"] = compose | {"include": includes}
    if isinstance(expansion, dict):
        reduced["expansion"] = _reduced(expansion, "contains", _CONTAINED)
    return reduced


def _reduced(holder: Any, name: str, kind: _Kind) -> Any:
    rows = holder.get(name) if isinstance(holder, dict) else None
    return holder | {name: rows[:1]} if type(rows) is list and _are_plain(rows, kind) else holder


def _are_plain(rows: list[Any], kind: _Kind) -> bool:
    if set(map(type, rows)) != {dict}:
        return False
    names = set().union(*rows)
    if not names <= {*kind.tokens, *kind.texts, *kind.parts}:
        return False
    columns = {name: [row[name] for row in rows if name in row] for name in {kind.required, *names}}
    return len(columns[kind.required]) == len(rows) and all(_is_plain(columns[name], name, kind) for name in names)


def _is_plain(column: list[Any], name: str, kind: _Kind) -> bool:
    """Return whether all values of one element are plain."""
    types = set(map(type, column))
    if name not in kind.parts:
        return types == {str} and all(column) and _is_readable("".join(column), name in kind.texts)
    if name in LISTS:
        return types == {list} and all(column) and _are_plain(list(chain.from_iterable(column)), kind.parts[name])
    return _are_plain(column, kind.parts[name])


def _is_readable(text: str, spaces: bool) -> bool:
    """Return whether a text is made of letters, signs and perhaps spaces; a token is ASCII."""
    return text.isprintable() and (spaces or (text.isascii() and " " not in text))
