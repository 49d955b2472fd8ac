"""Two texts -> which words were taken out and put in, with a few words around each place."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

WORD = re.compile(r"\S+\s*|\s+")
AROUND = 8
LIKE = 0.4
Mark = Literal["same", "out", "in"]


class Piece(NamedTuple):
    """A stretch of text, and whether both texts have it, only the old or only the new one."""

    mark: Mark
    text: str


def marked(old: str, new: str) -> list[Piece]:
    """Return both texts as one: what they share is shortened to the words around each difference.

    Texts that have little in common are put one after the other, whole.
    """
    before, after = WORD.findall(old), WORD.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < LIKE:
        return [Piece("out", old), Piece("in", new)]
    pieces = list(_pieces(before, after, matcher))
    last = len(pieces) - 1
    return [
        Piece("same", _shortened(each.text, is_first=i == 0, is_last=i == last)) if each.mark == "same" else each
        for i, each in enumerate(pieces)
    ]


def _pieces(old: list[str], new: list[str], matcher: "SequenceMatcher[str]") -> Iterator[Piece]:
    for tag, i, end_i, j, end_j in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(old[i:end_i]))
            continue
        if i < end_i:
            yield Piece("out", "".join(old[i:end_i]))
        if j < end_j:
            yield Piece("in", "".join(new[j:end_j]))


def _shortened(text: str, is_first: bool, is_last: bool) -> str:
    words = WORD.findall(text)
    head = [] if is_first else words[:AROUND]
    tail = [] if is_last else words[-AROUND:]
    is_whole = is_first and is_last
    return text if is_whole or len(head) + len(tail) >= len(words) else "".join([*head, "… ", *tail])
