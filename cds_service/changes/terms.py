"""ValueSets, CodeSystems and NamingSystems: codes, their names and what they mean."""

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.changes.about import About, Tellers, item, saying
from cds_service.changes.change import Change, Kind
from cds_service.changes.codes import FORMS, compare_codes
from cds_service.changes.differences import ABSENT, at
from cds_service.changes.names import Names


def compare_value_sets(about: About, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Return the changes of two ValueSets: of their codes, listed and stored together, and of all else."""
    yield from compare_codes(about, old, new)
    yield from about.elements(VALUE_SET, *({k: v for k, v in each.items() if k not in FORMS} for each in (old, new)))


def _identified(_: Names, concept: Any) -> str:
    parts = [at(concept, name) for name in ("code", "display", "definition")]
    return ": ".join(str(each) for each in parts if each)


def _meaning(about: About, old: Any, new: Any) -> Iterator[Change]:
    if old is ABSENT or new is ABSENT:
        yield from item(Kind.MEANING, "Code of our own", _identified)(about, old, new)
        return
    code = at(new, "code")
    tellers = {
        "definition": saying(Kind.MEANING, f"Meaning of “{code}”"),
        "display": saying(Kind.MEANING, f"Display of “{code}”"),
    }
    yield from about.elements(tellers, old, new)


def _identifier(_: Names, value: Any) -> str:
    preferred = ", the preferred one" if at(value, "preferred") is True else ""
    return f"{at(value, 'value')} ({at(value, 'type')}{preferred})"


VERSIONS: Tellers = {
    "version": saying(Kind.VERSION, "Version"),
    "date": saying(Kind.VERSION, "Date"),
}
VALUE_SET: Tellers = {**VERSIONS, "status": saying(Kind.OTHER, "Status")}
CODE_SYSTEM: Tellers = {**VERSIONS, "concept": lambda about, old, new: about.each_item(_meaning, old, new)}
NAMING_SYSTEM: Tellers = {
    "date": saying(Kind.VERSION, "Date"),
    "uniqueId": lambda about, old, new: about.each_item(
        item(Kind.CODES, "Identifier of the code system", _identifier), old, new
    ),
}
