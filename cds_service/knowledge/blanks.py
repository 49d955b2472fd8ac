"""Blanks: texts that `cds-service new` leaves for an author to fill. Nothing that holds one is served."""

from collections.abc import Iterator

import orjson

from cds_service.errors import Problem

BLANK = "TO-FILL"


def to_blank(belongs: str) -> str:
    """Return the text that stands where an author must write, and says what belongs there."""
    return f"{BLANK}: {belongs}"


def check_blanks(file: str, source: object, root: str = "") -> list[Problem]:
    """Return every blank of a JSON value; `root` begins each path."""
    if not _may_hold_blanks(source):
        return []
    return [
        Problem(file, f"{root}{path}".removeprefix("."), "this blank is not filled.", f"write {_belongs(text)}.")
        for path, text in _texts(source, "")
        if BLANK in text
    ]


def _may_hold_blanks(source: object) -> bool:
    """Return False when the written-out value lacks the mark: quick also for a value set of many codes."""
    try:
        return BLANK.encode() in orjson.dumps(source)
    except TypeError:  # what JSON allows and orjson does not, such as a number of more than 64 bits
        return True


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
