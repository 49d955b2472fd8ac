"""A request in a file: its bytes, or what is wrong with the file. Unlike a client, its author can look at it.

Messages say where something is, never what: a request may be about a patient.
"""

import re
import sys
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from json import JSONDecodeError, JSONDecoder
from pathlib import Path

from cds_service.errors import BadRequest

SEND = "Give one CDS Hooks request: one JSON object in UTF-8."
UNFINISHED = re.compile(r"(?:-|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?|u[0-9A-Fa-f]{0,3})\Z")


def read_request_file(file: Path) -> bytes:
    """Return the bytes of a file without a byte order mark; '-' is standard input.

    Raises BadRequest with what is wrong, when they are not one JSON object in UTF-8.
    """
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    if why := why_unreadable(raw):
        raise BadRequest(f"{why} {SEND}")
    return raw.removeprefix(BOM_UTF8)


def why_unreadable(raw: bytes) -> str | None:
    """Return why bytes are not one JSON object in UTF-8; None when they are, or that cannot be told."""
    if raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "The file is in UTF-16. Save it as UTF-8."
    raw = raw.removeprefix(BOM_UTF8)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return _cut(raw)
        line = raw.count(b"\n", 0, error.start) + 1
        return f"The file is not in UTF-8: line {line} holds other bytes. Save it as UTF-8."
    return _why_no_object(text) if text.strip() else "The file is empty."


def _why_no_object(text: str) -> str | None:
    start = len(text) - len(text.lstrip())
    try:
        value, end = JSONDecoder().raw_decode(text, start)
    except JSONDecodeError as error:
        return _cut(text) if _is_cut(text, error) else f"The file is not readable as JSON at {_place(error)}."
    except RecursionError:
        return None  # the service says it
    if rest := text[end:].strip():
        line = text.count("\n", 0, end + len(text[end:]) - len(text[end:].lstrip())) + 1
        if rest[0] in '{["':
            return f"The file holds several JSON values, and the second begins in line {line}."
        return f"The file is no JSON: more follows the JSON in line {line}."
    return None if isinstance(value, dict) else f"The file holds a JSON {_kind(value)}."


def _is_cut(text: str, error: JSONDecodeError) -> bool:
    """Return whether the text would go on where it is wrong."""
    rest = text[error.pos :].strip()
    return not rest or error.msg.startswith("Unterminated string") or bool(UNFINISHED.match(rest))


def _cut(written: str | bytes) -> str:
    lines = len(written.rstrip().splitlines())
    return f"The file ends in the middle of the JSON, in line {lines}: something is missing at its end."


def _place(error: JSONDecodeError) -> str:
    return f"line {error.lineno}, column {error.colno}"


def _kind(value: object) -> str:
    return "list" if isinstance(value, list) else "string" if isinstance(value, str) else "value that is no object"
