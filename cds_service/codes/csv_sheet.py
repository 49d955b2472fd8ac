"""The sheet as CSV: UTF-8 with a byte order mark, by which spreadsheet programs know the encoding.

A spreadsheet program that opens CSV takes 0123, 1E10, 1-2 and =A1 for numbers, dates and formulas. So a cell that does
not begin with a letter is written with an apostrophe in front, which keeps it text in there and is taken off again
when the sheet is read; an apostrophe that belongs to the text gets another one. Semicolons and tabs are read as well as
commas, because programs of some countries write them.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from cds_service.codes.rows import COLUMNS, Row
from cds_service.codes.table import Cell, Table, to_table
from cds_service.errors import EditError, Problem

GUARD = "'"
SEPARATORS = (",", ";", "\t")


def to_csv(rows: Iterable[Row]) -> bytes:
    """Return the sheet of the rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def parse_csv(raw: bytes, file: str) -> Table:
    """Return the cells of a sheet; raises EditError when it is no CSV in UTF-8."""
    try:
        text = raw.decode("utf-8-sig")
        return to_table(file, None, _rows(text))
    except UnicodeDecodeError:
        fix = "save it as 'CSV UTF-8', or use xlsx."
        raise EditError([Problem(file, "-", "the file is not written in UTF-8.", fix)]) from None
    except csv.Error as error:
        raise EditError([Problem(file, "-", f"not readable as CSV: {error}.", "save it as CSV again.")]) from None


def _rows(text: str) -> Iterator[tuple[int, Sequence[Cell]]]:
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1):
        yield number, [cell.removeprefix(GUARD) for cell in cells]


def _guarded(cell: str) -> str:
    return cell if not cell or cell[0].isalpha() else GUARD + cell
