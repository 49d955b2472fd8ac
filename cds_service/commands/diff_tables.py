"""The sign-off sheet in a terminal, by rich (the extra 'authoring')."""

import re
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from cds_service.changes.page import Block, Cell, Heading, Line, Table

STYLES = {"same": "", "out": "red strike", "in": "green bold"}
HEADINGS = {1: "bold underline", 2: "bold reverse", 3: "bold"}
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def print_page(blocks: Iterable[Block]) -> None:
    """Print the page; what was taken out is struck through in red, what was put in is green, where there is colour."""
    console = Console(highlight=False)
    for block in blocks:
        for each in _rendered(block):
            console.print(each)


def _rendered(block: Block) -> Iterable[RenderableType]:
    if isinstance(block, Heading):
        yield Text(f"\n{_plain(block.text)}", HEADINGS[block.level])
    elif isinstance(block, Line):
        yield Text(_plain(block.text), "bold" if block.is_grave else "")
    else:
        yield _grid(block)


def _grid(table: Table) -> Grid:
    grid = Grid(*table.header, title=table.title or None, title_justify="left", show_lines=True)
    shown = table.rows[: table.shown or None]
    for row in shown:
        grid.add_row(*(_cell(each) for each in row))
    if more := len(table.rows) - len(shown):
        grid.caption = f"and {more} more: --json gives all."
    return grid


def _cell(cell: Cell) -> Text:
    text = Text(overflow="fold")
    for each in cell:
        text.append(_plain(each.text), STYLES[each.mark])
    return text


def _plain(text: str) -> str:
    """Return text without what a terminal would obey."""
    return CONTROL.sub("�", text)
