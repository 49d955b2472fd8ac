"""A JSON file as its author formatted it, so that an edit changes what it is about and nothing else."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.errors import EditError, Problem
from cds_service.knowledge.read import parse_json

BOM = b"\xef\xbb\xbf"
_INDENT = re.compile(r"[\[{]\r?\n([ \t]*)\S")
_SEPARATORS = ((",", ": "), (", ", ": "), (",", ":"))
FIX = "rewrite it once with one indentation (python -m json.tool --indent 2 --no-ensure-ascii FILE), then edit."


@dataclass(frozen=True)
class Layout:
    """How a JSON file is formatted: its indentation (None: one line), separators, escapes, line ends."""

    indent: str | None
    separators: tuple[str, str]
    is_ascii: bool
    newline: str
    ending: str
    mark: bytes

    def to_bytes(self, source: object) -> bytes:
        """Return JSON in this format."""
        text = json.dumps(source, indent=self.indent, separators=self.separators, ensure_ascii=self.is_ascii)
        return self.mark + (text.replace("\n", self.newline) + self.ending).encode()


@dataclass(frozen=True)
class Written:
    """A file of one resource: what messages call it, where it is, its bytes, its JSON and how that is formatted."""

    file: str
    path: Path
    raw: bytes
    source: dict[str, Any]
    layout: Layout


def load_written(path: Path, file: str) -> Written:
    """Return a file; raises EditError when it cannot be read or is formatted in a way that could not be kept."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise EditError(
            [Problem(file, "-", f"cannot be read ({type(error).__name__}).", "look at the file.")]
        ) from None
    return parse_written(raw, path, file)


def parse_written(raw: bytes, path: Path, file: str) -> Written:
    """Return the file of these bytes; raises EditError when it is no JSON, or its format could not be kept."""
    problems: list[Problem] = []
    source = parse_json(raw, file, problems)
    if problems:
        raise EditError(problems)
    layout = next((each for each in _layouts(raw) if each.to_bytes(source) == raw), None)
    if layout is None:
        reason = "the file is formatted by hand, and an edit would change more of it than the edit."
        raise EditError([Problem(file, "-", reason, FIX)])
    return Written(file, path, raw, source, layout)


def _layouts(raw: bytes) -> list[Layout]:
    """Return the formats that the file may be in; an encoding other than UTF-8 is none of them."""
    mark = BOM if raw.startswith(BOM) else b""
    text = raw.removeprefix(BOM).decode("utf-8", "replace")
    found = _INDENT.match(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    ending = newline if text.endswith(newline) else ""
    return [
        Layout(found and found[1], separators, is_ascii, newline, ending, mark)
        for separators in (_SEPARATORS[:1] if found else _SEPARATORS[1:])
        for is_ascii in (False, True)
    ]
