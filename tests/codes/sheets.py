"""Value sets and sheets made up for tests."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

from openpyxl import Workbook

from cds_service.codes.csv_sheet import parse_csv, to_csv
from cds_service.codes.parse_sheet import Known, parse_sheet
from cds_service.codes.rows import COLUMNS, Row
from cds_service.codes.systems import systems_of
from cds_service.codes.table import Table
from cds_service.knowledge.read import Artifact

SYSTEM = "http://example.org/codes"


def value_set(name: str, *includes: dict[str, Any], **more: Any) -> Artifact:
    source = {"resourceType": "ValueSet", "id": name, "version": "2026.1", "title": f"The {name}", **more}
    source["compose"] = {"include": [*includes]}
    return Artifact(f"valuesets/{name}.json", "ValueSet", source, is_valid=True)


def include(*codes: str, system: str = SYSTEM) -> dict[str, Any]:
    return {"system": system, "concept": [{"code": code, "display": f"Display {code}"} for code in codes]}


def known(*artifacts: Artifact) -> Known:
    return Known({each.id: each for each in artifacts}, systems_of(artifacts))


def row(value_set: str, code: str, kind: str = "display", **cells: str) -> Row:
    given = {"title": f"The {value_set}", "version": "2026.1", "system": SYSTEM, "name": f"Display {code}", **cells}
    return Row(value_set, code=code, kind=kind, **given)


def table(rows: list[Row]) -> Table:
    return parse_csv(to_csv(rows), "s.csv")


def taken(rows: list[Row], *artifacts: Artifact) -> list[Row]:
    """Return the rows as they come back from a sheet."""
    return parse_sheet(table(rows), known(*artifacts))


def emptied(source: dict[str, Any]) -> dict[str, Any]:
    return {**source, "compose": {"include": []}}


def without_order(source: dict[str, Any]) -> Any:
    """Return JSON in which the order of elements (not of lists) says nothing."""
    return json.loads(json.dumps(source, sort_keys=True))


def workbook(cells: list[list[Any]], sheet: str = "codes") -> bytes:
    """Return a workbook as a person's program writes it: a cell has the type that its value has."""
    book = Workbook()
    book.active.title = sheet
    for line in cells:
        book.active.append(line)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def rewritten(raw: bytes, edit: Callable[[dict[str, str]], None]) -> bytes:
    """Return a workbook of which the parts, by name, were edited."""
    with zipfile.ZipFile(io.BytesIO(raw)) as old:
        parts = {name: old.read(name).decode() for name in old.namelist()}
    edit(parts)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as new:
        for name, part in parts.items():
            new.writestr(name, part.encode())
    return written.getvalue()


def with_shared_strings(raw: bytes) -> bytes:
    """Return a workbook with its texts where other programs put them: in a table of their own (ECMA-376, 18.4)."""
    texts: list[str] = []

    def shared(found: re.Match[str]) -> str:
        texts.append(found[1])
        return f' t="s"><v>{len(texts) - 1}</v></c>'

    def edit(parts: dict[str, str]) -> None:
        parts[FIRST] = re.sub(r' t="inlineStr"><is>(.*?)</is></c>', shared, parts[FIRST], flags=re.DOTALL)
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{"".join(f"<si>{text}</si>" for text in texts)}</sst>'
        override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TABLE}"/></Types>'
        parts[TYPES] = parts[TYPES].replace("</Types>", override)

    made = rewritten(raw, edit)
    assert texts
    return made


FIRST, TYPES = "xl/worksheets/sheet1.xml", "[Content_Types].xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TABLE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
HEADER = [*COLUMNS]
