"""The sheet in Markdown, for a pull request: whatever an artifact holds is text there, and never markup."""

import re
from collections.abc import Iterable, Iterator

from cds_service.changes.marks import Piece
from cds_service.changes.page import Block, Cell, Heading, Line, Row, Table

MARKUP = re.compile(r"[\\`*_{}\[\]|~!$]")
NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@<!-- -->", "#": "#<!-- -->"}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
TAGS = {"out": ("<del>", "</del>"), "in": ("<ins>", "</ins>"), "same": ("", "")}
LIMIT = 65_536  # what GitHub takes as a comment
ROWS = (None, 500, 200, 100, 50, 20, 10, 5)  # of each table, tried one after the other
SHORTENED = "Shortened to fit into a comment of GitHub: long tables say how much they leave out. --json gives all."
# The empty line behind it: text right above --- would be a heading.
ENDS = "\n**The sheet ends here: what comes after it is left out. --json gives all.**\n"
SIGNED = "\n---\n\nRead and approved by: ______________________ Date: ____________\n"


def to_markdown(blocks: Iterable[Block], limit: int = LIMIT) -> str:
    """Return the page in GitHub's Markdown, of at most `limit` bytes; what is left out is told.

    Long tables end earlier where the page is too long; where that is not enough, the page does.
    """
    page = list(blocks)
    tried = (_written(page, rows) for rows in ROWS)
    return next((text for text in tried if len(text.encode()) <= limit), None) or _cut(page, limit)


def _written(page: list[Block], rows: int | None) -> str:
    shortened = page if rows is None else [*page[:1], Line(SHORTENED, is_grave=True), *page[1:]]
    return "\n".join(line for block in shortened for line in _block(block, rows)) + SIGNED


def _cut(page: list[Block], limit: int) -> str:
    """Return the page with as many of its blocks, from the first, as there is room for."""
    lines: list[str] = []
    room = limit - len(f"\n{ENDS}{SIGNED}".encode())
    for block in (*page[:1], Line(SHORTENED, is_grave=True), *page[1:]):
        written = "\n".join(_block(block, ROWS[-1]))
        room -= len(f"{written}\n".encode())
        if room < 0:
            break
        lines.append(written)
    return "\n".join([*lines, ENDS]) + SIGNED


def _block(block: Block, rows: int | None) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"{'#' * block.level} {escaped(block.text)}\n"
    elif isinstance(block, Line):
        text = escaped(block.text)
        yield f"- **{text}**" if block.is_grave else f"- {text}"
    else:
        yield from _table(block, rows)


def _table(table: Table, rows: int | None) -> Iterator[str]:
    if table.title:
        yield f"\n**{escaped(table.title)}**\n"
    kept = table.rows[:rows]
    shown, folded = kept[: table.shown], kept[table.shown :]
    if shown:
        yield from _rows(table.header, shown)
    if folded:
        yield f"\n<details><summary>{'' if not shown else 'and '}{len(folded)} more</summary>\n"
        yield from _rows(table.header, folded)
        yield "</details>\n"
    if len(table.rows) > len(kept):
        yield f"\nand {len(table.rows) - len(kept)} more: --json gives all.\n"


def _rows(header: tuple[str, ...], rows: tuple[Row, ...]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + " --- |" * len(header)
    for row in rows:
        yield "| " + " | ".join(_cell(each) for each in row) + " |"
    yield ""


def _cell(cell: Cell) -> str:
    return "".join(_piece(each) for each in cell)


def _piece(piece: Piece) -> str:
    before, after = TAGS[piece.mark]
    return f"{before}{escaped(piece.text)}{after}"


def escaped(text: str) -> str:
    """Return text of which Markdown and HTML take nothing for markup and GitHub no mention; lines end in a tag."""
    lines = CONTROL.sub(" ", "\n".join(text.splitlines())).split("\n")
    plain = (MARKUP.sub(r"\\\g<0>", line) for line in lines)
    return "<br>".join("".join(NAMED.get(each, each) for each in line) for line in plain)
