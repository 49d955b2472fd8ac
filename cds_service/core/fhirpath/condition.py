"""A condition of an action: its text, its predicate, and what it asks for."""

from dataclasses import dataclass
from functools import lru_cache

from cds_service.core.fhirpath.compiler import compile_predicate
from cds_service.core.fhirpath.needs import Needs, needs, units, value_sets
from cds_service.core.fhirpath.parser import Node, parse_fhirpath
from cds_service.core.fhirpath.scope import Predicate

REMEMBERED = 2048


@dataclass(frozen=True)
class Condition:
    """A compiled condition; the rest is derived from its text."""

    text: str
    node: Node
    predicate: Predicate
    needs: Needs
    value_sets: frozenset[str]
    units: frozenset[str]


@lru_cache(REMEMBERED)
def compile_condition(text: str) -> Condition:
    """Return the condition of a FHIRPath text; raises FhirPathError with what is wrong and where.

    A text is parsed once: knowledge that is loaded again, or held against an older one, shares most conditions.
    """
    node = parse_fhirpath(text)
    return Condition(text, node, compile_predicate(node), needs(node), value_sets(node), units(node))
