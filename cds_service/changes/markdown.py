"""The sheet in Markdown, for a pull request: whatever an artifact holds is text there, and never markup."""

import re
from collections.abc import Iterable, Iterator

from cds_service.changes.marks import Piece
from cds_service.changes.page import Block, Cell, Heading, Line, Row, Table

MARKUP = re.compile(r"[\\`*_{}\[\]|~!$]")
NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@<!-- -->", "#": "#<!-- -->"}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
TAGS = {"out": ("<del>", "</del>"), "in": ("<ins>", "</ins>"), "same": ("", "")}
SIGNED = "\n---\n\nRead and approved by: ______________________ Date: ____________\n"


def to_markdown(blocks: Iterable[Block]) -> str:
    """Return the page in GitHub's Markdown."""
    return "\n".join(line for block in blocks for line in _block(block)) + SIGNED


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"{'#' * block.level} {escaped(block.text)}\n"
    elif isinstance(block, Line):
        text = escaped(block.text)
        yield f"- **{text}**" if block.is_grave else f"- {text}"
    else:
        yield from _table(block)


def _table(table: Table) -> Iterator[str]:
    if table.title:
        yield f"\n**{escaped(table.title)}**\n"
    shown, folded = table.rows[: table.shown], table.rows[table.shown :]
    if shown:
        yield from _rows(table.header, shown)
    if folded:
        yield f"\n<details><summary>{'' if not shown else 'and '}{len(folded)} more</summary>\n"
        yield from _rows(table.header, folded)
        yield "</details>\n"


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
