"""Blanks: texts that `cds-service new` leaves for an author to fill. Nothing that holds one is served."""

from collections.abc import Iterator

from cds_service.errors import Problem

BLANK = "TO-FILL"


def to_blank(belongs: str) -> str:
    """Return the text that stands where an author must write, and says what belongs there."""
    return f"{BLANK}: {belongs}"


def check_blanks(file: str, source: object, root: str = "") -> list[Problem]:
    """Return every blank of a JSON value; `root` begins each path."""
    return [
        Problem(file, f"{root}{path}".removeprefix("."), "this blank is not filled.", f"write {_belongs(text)}.")
        for path, text in _texts(source, "")
        if BLANK in text
    ]


def _belongs(text: str) -> str:
    """Return what belongs into a blank: the words behind the mark, if they are still there."""
    return text.partition(BLANK)[2].lstrip(" :").rstrip(".") or f"what belongs there, instead of {BLANK}"


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    items: list[tuple[str, object]] = []
    if isinstance(value, dict):
        items = [(f".{name}", each) for name, each in value.items()]
    elif isinstance(value, list | tuple):
        items = [(f"[{i}]", each) for i, each in enumerate(value)]
    for name, each in items:
        yield from _texts(each, path + name)
