"""The cells of a sheet -> rows, or every cell that cannot be taken, with its row, column and reason."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from cds_service.codes.edit import concepts_of
from cds_service.codes.plain import faults, plain
from cds_service.codes.rows import COLUMNS, DESIGNATION, DISPLAY, SHOWN, Row, to_rows
from cds_service.codes.sets import near_names
from cds_service.codes.systems import Systems
from cds_service.codes.table import Cell, NoText, Table, cells_of, check_header
from cds_service.core.text import fold
from cds_service.errors import EditError
from cds_service.knowledge.read import Artifact
from cds_service.knowledge.systems import is_code_of

NEEDED = ("value set", "system", "code", "kind", "name")
KEPT_DIGITS = 15
_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[Ee][+-]?[0-9]{1,4})?")
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?E[+-][0-9]+")
Breach = tuple[str, str, str]


class Line(NamedTuple):
    """A row of the sheet and its number."""

    number: int
    row: Row


@dataclass(frozen=True)
class Known:
    """What the cells may name: the value sets by id, and the systems."""

    value_sets: Mapping[str, Artifact]
    systems: Systems


def parse_sheet(table: Table, known: Known) -> list[Row]:
    """Return the rows of a sheet; raises EditError with every cell that cannot be taken, in the order of the rows."""
    if problems := check_header(table):
        raise EditError(problems)
    breaches: list[tuple[int, Breach]] = []
    good: list[Line] = []
    wrong: list[Line] = []
    held = Counter(_said(row) for each in known.value_sets.values() for row in to_rows(each.source))
    concepts = {row.concept for row in held}
    for number, cells in cells_of(table):
        row = _row(cells, known.systems)
        row = row if _said(row) in held else row._replace(name=plain(row.name))
        found = [*_wrong(cells, known), *(_unfit(row, concepts) if _said(row) not in held else ())]
        breaches += [(number, each) for each in found]
        (wrong if found else good).append(Line(number, row))
    of_lines = [*_undisplayed(good, wrong), *_repeated(good, held), *_numbers(good, known)]
    breaches += [(line.number, breach) for line, breach in of_lines]
    if breaches:
        raise EditError([table.problem(number, *breach) for number, breach in sorted(breaches)])
    return [each.row for each in good]


def _row(cells: Mapping[str, Cell], systems: Systems) -> Row:
    row = Row(*(str(cells[name]) for name in COLUMNS))
    return row._replace(system=systems.resolve(row.system) or row.system)


def _wrong(cells: Mapping[str, Cell], known: Known) -> Iterator[Breach]:
    """Return what is wrong with the cells of one row, each taken alone."""
    text = {name: cell for name, cell in cells.items() if isinstance(cell, str)}
    yield from ((name, *cell) for name, cell in cells.items() if isinstance(cell, NoText))
    for name in NEEDED:
        if name in text and not text[name].strip():
            is_display = name == "name" and text.get("kind") == DISPLAY
            yield name, "the cell is empty.", "write the display." if is_display else "fill it, or delete the row."
            del text[name]
    yield from _unknown(text, known)
    yield from _unnamed(text)


def _unfit(row: Row, concepts: set[tuple[str, str, str]]) -> Iterator[Breach]:
    """Return what nobody sees in the name of a row that is new, and in its code where that is new."""
    for column, text in (("code", row.code), ("name", row.name)):
        if column == "name" or row.concept not in concepts:
            yield from ((column, *each) for each in faults(text))


def _unknown(text: Mapping[str, str], known: Known) -> Iterator[Breach]:
    name, system = text.get("value set"), text.get("system")
    value_set = known.value_sets.get(name) if name else None
    if name and not value_set:
        yield "value set", f"there is no value set {name!r}.", near_names(name, known.value_sets)
    for column in ("title", "version") if value_set else ():
        now = str(value_set.source.get(column, "")) if value_set else ""
        if text.get(column) not in (None, "", now):
            yield column, f"the set has {now!r} here, and the sheet {text[column]!r}.", "export again, edit that."
    uri = known.systems.resolve(system) if system else None
    if system and not uri:
        near = known.systems.near(system)
        yield "system", f"no value set draws from {system!r}.", f"use one that is in use: {near}."
    if uri and "code" in text and not is_code_of(uri, text["code"]):
        yield "code", f"{text['code']!r} is no code of {uri}.", "correct it; mind spaces before and after."


def _unnamed(text: Mapping[str, str]) -> Iterator[Breach]:
    kind = text.get("kind")
    if kind not in (DISPLAY, DESIGNATION, None):
        yield "kind", f"{kind!r} is no kind of name.", f"use {DISPLAY} or {DESIGNATION}."
    if kind == DISPLAY:
        for name in ("language", "more"):
            if text.get(name):
                yield name, "a display has none here.", "empty the cell."
    elif text.get("more") and not _is_more(text["more"]):
        yield "more", "not a JSON object without value and language.", "export again, or empty the cell."
    if kind == DESIGNATION and "name" in text and not fold(text["name"]):
        yield "name", "the designation holds no letter or digit.", "write it in words, or delete the row."


def _is_more(text: str) -> bool:
    try:
        more = json.loads(text)
    except ValueError:
        return False
    return isinstance(more, dict) and bool(more) and not SHOWN & set(more)


def _undisplayed(lines: Sequence[Line], wrong: Sequence[Line]) -> Iterator[tuple[Line, Breach]]:
    """Return, once for a code, the name of a code that no row gives a display.

    One of the rows with `wrong` cells may be the display that is missed, so the name is not blamed for it.
    """
    displayed = {line.row.concept for line in lines if line.row.kind == DISPLAY}
    unsure = {line.row.code.strip() for line in wrong}
    for line in lines:
        if line.row.concept not in displayed and line.row.code not in unsure:
            yield line, ("code", "no row gives this code a display.", "add its display row, or delete this one.")
        displayed.add(line.row.concept)


def _repeated(lines: Sequence[Line], held: Counter[Row]) -> Iterator[tuple[Line, Breach]]:
    """Return the rows that are there more than once, and more often than in the value set; and second displays."""
    count: Counter[Row] = Counter()
    displayed: dict[tuple[str, str, str], int] = {}
    for line in lines:
        said = _said(line.row)
        count[said] += 1
        first = displayed.get(line.row.concept)
        if count[said] > max(1, held[said]):
            yield line, ("name", "the row is there twice.", "delete one of them.")
        elif line.row.kind == DISPLAY and first:
            yield line, ("code", f"row {first} gives this code a display already.", f"make it a {DESIGNATION}.")
        if line.row.kind == DISPLAY:
            displayed.setdefault(line.row.concept, line.number)


def _said(row: Row) -> Row:
    return row._replace(title="", version="")


def _numbers(lines: Sequence[Line], known: Known) -> Iterator[tuple[Line, Breach]]:
    """Return the codes of which a spreadsheet program has made numbers: shortened, or equal to one that is missed."""
    sets = {line.row.value_set for line in lines}
    held = {(name, system, concept["code"]) for name in sets for system, concept in _concepts(known, name)}
    there = {line.row.concept for line in lines}
    missed = {(name, system, _number(code)): code for name, system, code in held - there if _number(code)}
    for line in lines:
        row = line.row
        if row.concept in held or row.kind != DISPLAY:
            continue
        code = missed.get((row.value_set, row.system, _number(row.code)))
        if code is not None or _SHORTENED.fullmatch(row.code):
            was = f", which was {code!r}" if code is not None else ""
            fix = "write the code again in a cell formatted as text; to rename one: codes add, codes remove."
            yield line, ("code", f"{row.code!r} is a number that a spreadsheet program made{was}.", fix)


def _concepts(known: Known, name: str) -> Iterator[tuple[str, dict[str, str]]]:
    yield from concepts_of(known.value_sets[name].source)


def _number(code: str) -> str | None:
    """Return the number that a code would be taken for, by the 15 digits that spreadsheet programs keep of it."""
    if not _NUMBER.fullmatch(code):
        return None
    number = Decimal(code.replace(",", "."))
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    return f"{'-' if number < 0 else ''}{digits[:KEPT_DIGITS].rstrip('0')}E{number.adjusted() if digits else 0}"
