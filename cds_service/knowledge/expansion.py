"""What must hold of value sets that are described by filters: nothing is expanded while serving."""

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.knowledge.concepts import COMPOSE_DIGEST, compose_digest, expanded, is_intensional, parameters

OPERATORS = frozenset("= is-a descendent-of is-not-a regex in not-in generalizes exists".split())
ELEMENTS = frozenset({"identifier", "timestamp", "total", "parameter", "contains"})
FIX = "store one with: cds-service codes expand."
Breach = tuple[str, str, str]


def check_filters(path: str, include: Mapping[str, Any]) -> Iterator[Breach]:
    """Return what is wrong with the filters of an include."""
    if not include.get("system"):
        yield path, "the include names no system.", "add the system's URI."
    if include.get("concept"):
        yield path, "an include lists codes or filters, not both.", "make two includes of it."
    for i, each in enumerate(include["filter"]):
        for name in sorted(each.keys() - {"property", "op", "value"}):
            yield f"{path}.filter[{i}].{name}", "not interpreted.", "remove it."
        if each.get("op") not in OPERATORS:
            reason = f"{each.get('op')} is no operator of a filter."
            yield f"{path}.filter[{i}].op", reason, f"use one of {', '.join(sorted(OPERATORS))}."


def check_expansion(source: Mapping[str, Any]) -> Iterator[Breach]:
    """Return what is wrong with the expansion of a value set, as far as its single codes do not matter."""
    expansion = source.get("expansion")
    if not is_intensional(source):
        if expansion is not None:
            yield "expansion", "not interpreted: compose has no filter and lists all codes itself.", "remove it."
        return
    if expansion is None:
        yield "expansion", "compose has a filter, and no expansion of it is stored.", FIX
        return
    if parameters(source, COMPOSE_DIGEST) != [compose_digest(source["compose"])]:
        yield "expansion", "the stored expansion belongs to another compose.", FIX
    for name in sorted(expansion.keys() - ELEMENTS):
        yield f"expansion.{name}", "not interpreted.", FIX
    number = len(expanded(source).concepts)
    if not number:
        yield "expansion.contains", "the stored expansion is empty.", "correct the filter, and expand it again."
    elif expansion.get("total", number) != number:
        yield "expansion.total", f"the stored expansion is partial: {number} of {expansion['total']} codes.", FIX
