"""A sheet as its cells, whatever kind of file it was: text, or why a cell is none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cds_service.codes.rows import COLUMNS
from cds_service.errors import Problem

SHEET = "codes"


class NoText(NamedTuple):
    """A cell that does not hold text, and what could be done."""

    reason: str
    fix: str


Cell = str | NoText


@dataclass(frozen=True)
class Table:
    """The cells of a sheet: the first row, and the others with their numbers; rows of empty cells are left out.

    `sheet` is the name of the sheet where the file may have several, and `unread` are the names of the others.
    """

    file: str
    sheet: str | None
    header: tuple[Cell, ...]
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]
    unread: tuple[str, ...] = ()

    def problem(self, row: int, column: str, reason: str, fix: str) -> Problem:
        """Return a problem of one cell."""
        sheet = f"sheet {self.sheet}, " if self.sheet else ""
        return Problem(self.file, f"{sheet}row {row}, column {column}", reason, fix)


def to_table(file: str, sheet: str | None, rows: Iterator[tuple[int, Sequence[Cell]]]) -> Table:
    """Return the table of numbered rows, of which the first is the header."""
    numbered = [(number, tuple(cells)) for number, cells in rows]
    header = numbered[0][1] if numbered else ()
    while header and not header[-1]:
        header = header[:-1]
    return Table(file, sheet, header, tuple((number, cells) for number, cells in numbered[1:] if any(cells)))


def check_header(table: Table) -> list[Problem]:
    """Return what is wrong with the first row: each column must be there once, in any order, and no other."""
    known = ", ".join(COLUMNS)
    problems = [
        table.problem(1, str(name if isinstance(name, str) else i + 1), "there is no such column.", f"use {known}.")
        for i, name in enumerate(table.header)
        if name not in COLUMNS
    ]
    for name in COLUMNS:
        count = table.header.count(name)
        if count == 0:
            problems.append(table.problem(1, name, "the column is missing.", "export again, and keep every column."))
        if count > 1:
            problems.append(table.problem(1, name, "the column is there twice.", "keep one of them."))
    return problems


def cells_of(table: Table) -> Iterator[tuple[int, dict[str, Cell]]]:
    """Return every row by the names of its columns, with its number; a cell that is not there is empty.

    What stands beside the columns has the number of its column as name.
    """
    for number, cells in table.rows:
        by_name: dict[str, Cell] = dict.fromkeys(COLUMNS, "")
        for i, cell in enumerate(cells):
            if i < len(table.header):
                by_name[str(table.header[i])] = cell
            elif cell:
                by_name[str(i + 1)] = NoText("the cell is in no column.", "delete it.")
        yield number, by_name
