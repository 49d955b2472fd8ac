"""The sheet as a workbook (Office Open XML). Every cell is text, so that no program makes a number of a code."""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from cds_service.codes.rows import COLUMNS, Row
from cds_service.codes.table import SHEET, Cell, NoText, Table, to_table
from cds_service.errors import EditError, Problem

TEXT = "@"
WIDTHS = (28, 32, 9, 36, 20, 12, 60, 9, 12)
LONGEST = 32_767
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
)
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|x[0-9A-Fa-f]{4}_")
COPY = f"it has the columns of the sheet {SHEET}, and only that is read."
COPY_FIX = f"put the edits into the sheet {SHEET}, and delete this one."
FIX = "format the cell as text and write it again."


def to_xlsx(rows: Sequence[Row]) -> bytes:
    """Return the workbook of the rows; raises EditError naming the texts that a workbook cannot hold."""
    if problems := [problem for row in rows for problem in _unfit(row)]:
        raise EditError(problems)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    sheet.freeze_panes = "A2"
    for column, width in zip("ABCDEFGHI", WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
        sheet.column_dimensions[column].number_format = TEXT
    for cells in (COLUMNS, *rows):
        sheet.append([_text(sheet, cell) for cell in cells])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def parse_xlsx(raw: bytes, file: str) -> Table:
    """Return the cells of the sheet `codes`, and the names of the other ones.

    Raises EditError when there is none, another one has its columns as well, or this is no workbook.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what the workbook holds beside cells
            book = load_workbook(io.BytesIO(raw), read_only=True)
            if SHEET not in book.sheetnames:
                fix = f"call the sheet of the codes {SHEET!r}."
                raise EditError([Problem(file, "-", f"the workbook has no sheet {SHEET!r}.", fix)])
            if copies := [each.title for each in book.worksheets if each.title != SHEET and _is_copy(each)]:
                raise EditError([Problem(file, f"sheet {name}", COPY, COPY_FIX) for name in copies])
            others = tuple(name for name in book.sheetnames if name != SHEET)
            return replace(to_table(file, SHEET, _rows(book[SHEET])), unread=others)
    except BROKEN:
        raise EditError([Problem(file, "-", "not readable as an xlsx workbook.", "save it as .xlsx again.")]) from None


def _text(sheet: Any, value: str) -> Any:
    cell = WriteOnlyCell(sheet, value or None)
    if value:
        cell.data_type = "s"  # whatever the text looks like, such as =A1 or #N/A
    cell.number_format = TEXT
    return cell


def _unfit(row: Row) -> Iterator[Problem]:
    for column, text in zip(COLUMNS, row, strict=True):
        if _UNFIT.search(text) or len(text) > LONGEST:
            reason = "a workbook cannot hold this text: a control character, a part such as x0041_, or its length."
            yield Problem(row.value_set, f"{row.code}, {column}", reason, "export to csv.")


def _is_copy(sheet: Any) -> bool:
    """Return whether a sheet has our columns, so that its edits would be missed."""
    sheet.reset_dimensions()
    return {*COLUMNS} <= {*next(sheet.iter_rows(max_row=1, values_only=True), ())}


def _rows(sheet: Any) -> Iterator[tuple[int, Sequence[Cell]]]:
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(), 1):
        yield number, [_read(cell) for cell in cells]


def _read(cell: Any) -> Cell:
    value, kind = cell.value, cell.data_type
    if value is None:
        return ""
    if kind == "f":
        return NoText("the cell holds a formula.", "write what it shows, as text.")
    if kind == "e":
        return NoText(f"the cell holds an error, {value}.", FIX)
    if isinstance(value, str):
        return NoText("the cell holds a control character.", "write it anew.") if _UNFIT.search(value) else value
    if isinstance(value, bool):
        return NoText(f"the cell holds the truth value {str(value).upper()} and no text.", FIX)
    if isinstance(value, date | time | timedelta):
        return NoText(f"the cell holds a date or time ({value}) and no text.", FIX)
    return NoText(f"the cell holds the number {value} and no text.", FIX)
