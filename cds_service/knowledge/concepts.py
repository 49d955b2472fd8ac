"""Where a ValueSet holds its codes: listed in compose, or in the expansion that is stored of its filters."""

import hashlib
from collections.abc import Iterator, Mapping, Set
from typing import Any, NamedTuple

import msgspec

COMPOSE_DIGEST = "compose-digest"  # the parameter of an expansion that says to which compose it belongs
_CONCEPT, _CONTAINED = frozenset({"code", "display", "designation"}), frozenset({"system"})


class Concepts(NamedTuple):
    """One list of codes: its path, the system of all (None: each names its own), the elements that are interpreted."""

    path: str
    system: str | None
    elements: Set[str]
    concepts: list[Mapping[str, Any]]


def listed(source: Mapping[str, Any]) -> Iterator[Concepts]:
    """Return the lists of compose."""
    for i, include in enumerate(source.get("compose", {}).get("include", [])):
        if concepts := include.get("concept"):
            yield Concepts(f"compose.include[{i}].concept", include.get("system", ""), _CONCEPT, concepts)


def expanded(source: Mapping[str, Any]) -> Concepts:
    """Return the list of the stored expansion, which may be empty."""
    concepts = source.get("expansion", {}).get("contains", [])
    return Concepts("expansion.contains", None, _CONCEPT | _CONTAINED, concepts)


def every(source: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Return path, system and concept of every code."""
    for each in (*listed(source), expanded(source)):
        for i, concept in enumerate(each.concepts):
            yield f"{each.path}[{i}]", concept.get("system", "") if each.system is None else each.system, concept


def is_intensional(source: Mapping[str, Any]) -> bool:
    """Return whether a value set is described by a filter, so that its codes are in an expansion."""
    return any(include.get("filter") for include in source.get("compose", {}).get("include", []))


def compose_digest(compose: Mapping[str, Any]) -> str:
    """Return 12 hexadecimal digits that are others when anything in compose is."""
    return hashlib.sha256(msgspec.json.encode(compose, order="deterministic")).hexdigest()[:12]


def parameters(source: Mapping[str, Any], name: str) -> list[object]:
    """Return the values of the parameters of that name of the stored expansion."""
    found = [each for each in source.get("expansion", {}).get("parameter", []) if each.get("name") == name]
    return [value for each in found for key, value in each.items() if key.startswith("value")]
