"""A value set as rows of a sheet: one row for each name of a concept.

A concept has a display and any number of other names, each with a language. One row a concept would need a column for
each of them, as many as the richest concept has, or a cell that is a small language of its own. One row a name needs
neither: names are added, removed, sorted and filtered as rows, and every cell is one plain text. The row of kind
`display` is the concept; rows of kind `designation` are its other names, wherever they stand. What else a designation
holds (a use) stands in `more` as JSON, so that nothing is lost. Title and version are there to be read, and so that a
sheet is refused that was exported before the set changed.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from cds_service.codes.edit import concepts_of

DISPLAY, DESIGNATION = "display", "designation"
COLUMNS = ("value set", "title", "version", "system", "code", "kind", "name", "language", "more")
SHOWN = frozenset({"value", "language"})


class Row(NamedTuple):
    """One name of one concept of one value set; the cells of a sheet in the order of COLUMNS."""

    value_set: str
    title: str
    version: str
    system: str
    code: str
    kind: str
    name: str
    language: str = ""
    more: str = ""

    @property
    def concept(self) -> tuple[str, str, str]:
        """Return which concept of which set the row is about."""
        return self.value_set, self.system, self.code


def to_rows(source: dict[str, Any]) -> list[Row]:
    """Return the rows of a value set (FHIR R4 ValueSet.compose.include.concept), in its order."""
    value_set, title, version = (str(source.get(name, "")) for name in ("id", "title", "version"))
    rows = []
    for system, concept in concepts_of(source):
        which = (value_set, title, version, system, concept["code"])
        rows.append(Row(*which, DISPLAY, concept.get("display", "")))
        rows += [Row(*which, DESIGNATION, *name_of(each)) for each in concept.get("designation", [])]
    return rows


def name_of(designation: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return a designation as the cells name, language and more."""
    more = {name: value for name, value in designation.items() if name not in SHOWN}
    written = json.dumps(more, ensure_ascii=False, sort_keys=True) if more else ""
    return designation.get("value", ""), designation.get("language", ""), written


def to_designation(row: Row) -> dict[str, Any]:
    """Return the designation that a row says."""
    language = {"language": row.language} if row.language else {}
    return {"value": row.name, **language, **(json.loads(row.more) if row.more else {})}
