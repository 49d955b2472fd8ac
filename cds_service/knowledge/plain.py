"""Plain concepts: codes with names and nothing else, of which it is seen at a glance that they are valid FHIR.

A value set may hold some hundred thousand, so they are looked at column by column. What passes here also passes
fhir.resources, which a test proves; what does not pass is left to fhir.resources, which says why.
"""

from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any

import msgspec

PLAIN = "plain"  # stands for an element that is not there
CONTROLS = bytes([*range(ord(" ")), 127])


class _Use(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    code: str
    system: str = PLAIN
    display: str = PLAIN


class _Designation(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    value: str
    language: str = PLAIN
    use: _Use = _Use(PLAIN)


class _Concept(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    code: str
    display: str = PLAIN
    designation: list[_Designation] | msgspec.UnsetType = msgspec.UNSET


class _Contained(_Concept, forbid_unknown_fields=True, gc=False):
    system: str = PLAIN


def without_plain(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ValueSet with only the first concept of each list of plain ones: it is as valid as the whole."""
    reduced = dict(source)
    compose, expansion = source.get("compose"), source.get("expansion")
    if isinstance(compose, dict) and isinstance(compose.get("include"), list):
        includes = [_reduced(include, "concept", _Concept) for include in compose["include"]]
        reduced["compose"] = compose | {"include": includes}
    if isinstance(expansion, dict):
        reduced["expansion"] = _reduced(expansion, "contains", _Contained)
    return reduced


def _reduced(holder: Any, name: str, kind: type[_Concept]) -> Any:
    rows = holder.get(name) if isinstance(holder, dict) else None
    return holder | {name: rows[:1]} if rows and _are_plain(rows, kind) else holder


def _are_plain(rows: object, kind: type[_Concept]) -> bool:
    try:
        concepts: list[_Concept] = msgspec.convert(rows, list[kind])  # type: ignore[valid-type]
    except (msgspec.ValidationError, RecursionError):
        return False
    named = [each.designation for each in concepts if each.designation is not msgspec.UNSET]
    designations = list(chain.from_iterable(named))
    uses = {each.use for each in designations}
    systems = {each.system for each in concepts if isinstance(each, _Contained)}
    return (
        all(named)
        and _are_tokens([each.code for each in concepts])
        and _are_texts([each.display for each in concepts])
        and _are_texts([each.value for each in designations])
        and _are_tokens({each.language for each in designations} | systems)
        and _are_tokens([part for each in uses for part in (each.system, each.code)])
        and _are_texts([each.display for each in uses])
    )


def _are_texts(texts: Collection[str]) -> bool:
    """Return whether texts are made of letters, signs and spaces, and none is empty."""
    return all(texts) and _is_printable("".join(texts))


def _are_tokens(texts: Collection[str]) -> bool:
    """Return whether texts are ASCII without spaces, and none is empty."""
    joined = "".join(texts)
    return all(texts) and joined.isascii() and " " not in joined and _is_printable(joined)


def _is_printable(text: str) -> bool:
    return (
        text == _without_controls(text) if text.isascii() else text.isprintable()
    )  # the first is three times as quick


def _without_controls(text: str) -> str:
    return text.encode().translate(None, CONTROLS).decode()
