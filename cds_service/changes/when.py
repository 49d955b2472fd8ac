"""The condition of an action or note: which parts of it differ, and both expressions as they stand."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from cds_service.changes.about import About
from cds_service.changes.change import Change, Kind
from cds_service.changes.condition import compare_conditions
from cds_service.changes.differences import at
from cds_service.changes.phrases import phrase
from cds_service.core.fhirpath.condition import compile_condition
from cds_service.core.fhirpath.parser import FhirPathError, Node, parse_fhirpath

ON_UNKNOWN_WORDS = {"apply": "it applies all the same", "withhold": "it is left out"}
REMEMBERED = 512


def compare_when(about: About, old: Any, new: Any) -> Iterator[Change]:
    """Return the changes of the condition of two actions."""
    yield from compare_expressions(
        about, "Condition", *(at(each, 0, "expression", "expression") for each in (old, new))
    )


def compare_expressions(about: About, name: str, old: Any, new: Any) -> Iterator[Change]:
    """Return the changes of two FHIRPath texts; None: there is none."""
    if old == new:
        return
    before, after = _tree(old), _tree(new)
    if before and after:
        parts = compare_conditions(before, after, about.names)
        for each in parts:
            of = f" (of: {each.of})" if each.of else ""
            yield about.change(Kind.CONDITION, f"{name}, {each.what}{of}", each.old, each.new)
        if not parts:
            yield about.change(Kind.CONDITION, f"{name} written otherwise, and asks the same")
    else:
        said = (None if each is None else phrase(each, about.names) for each in (before, after))
        deed = "added" if old is None else "removed" if new is None else "changed"
        yield about.change(Kind.CONDITION, f"{name} {deed}", *said)
    yield about.change(
        Kind.EXPRESSION, f"{name} as it stands", *(None if each is None else str(each) for each in (old, new))
    )


@lru_cache(REMEMBERED)
def _tree(text: Any) -> Node | None:
    """Return the syntax tree of a condition; None of a text that is none."""
    try:
        compile_condition(text)
        return parse_fhirpath(text)
    except (FhirPathError, AttributeError):  # AttributeError: the text is no text
        return None
