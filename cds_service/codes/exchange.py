"""Value sets out to a sheet, and a sheet back into the value sets it changes."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from cds_service.codes.change import Change
from cds_service.codes.edit import expanded, renewed
from cds_service.codes.merge import merge_rows
from cds_service.codes.parse_sheet import Known, parse_sheet
from cds_service.codes.rows import Row, to_rows
from cds_service.codes.sets import open_set, value_sets
from cds_service.codes.systems import systems_of
from cds_service.codes.table import Table, cells_of
from cds_service.errors import EditError, Problem
from cds_service.knowledge.load import Sources
from cds_service.knowledge.read import Artifact


def export_rows(artifacts: Iterable[Artifact]) -> list[Row]:
    """Return the rows of value sets."""
    return [row for each in artifacts for row in to_rows(each.source)]


def import_table(table: Table, sources: Sources, folder: Path, today: date) -> list[Change]:
    """Return the changes of the value sets in `folder` that a sheet makes; none where it says what they say.

    A value set without a row is left as it is. Raises EditError with every cell, set or file that does not allow it.
    """
    known = value_sets(sources)
    rows = parse_sheet(table, Known(known, systems_of(sources.terms)))
    if not rows:
        raise EditError([Problem("the sheet", "-", "it has no rows.", "export the value sets again, and edit that.")])
    of_sets: dict[str, list[Row]] = {}
    for row in rows:
        of_sets.setdefault(row.value_set, []).append(row)
    changes: list[Change] = []
    problems: list[Problem] = []
    for name, own in of_sets.items():
        try:
            changes += _change(known[name], own, folder, today)
        except EditError as error:
            problems += error.problems
    if problems:
        raise EditError(problems)
    return changes


def unnamed(table: Table, sources: Sources) -> list[str]:
    """Return the ids of the value sets that have rows, and of which a sheet has none."""
    named = {cells["value set"] for _, cells in cells_of(table)}
    return [name for name, each in value_sets(sources).items() if name not in named and to_rows(each.source)]


def _change(artifact: Artifact, rows: Sequence[Row], folder: Path, today: date) -> list[Change]:
    new = merge_rows(artifact.source, rows)
    if new == artifact.source:
        return []
    if problems := expanded(artifact.file, artifact.source):
        raise EditError(problems)
    return [Change(open_set(folder, artifact), renewed(artifact.file, new, today))]
