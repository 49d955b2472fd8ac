"""The names and codes that people type or paste, and what in them nobody sees.

It comes with text copied from pages, papers and cells. What means a plain space is taken as one; what may mean anything
is refused.
"""

import unicodedata
from collections.abc import Iterator

from cds_service.core.concept import LONGEST_TEXT

_SPACES = frozenset("\u00a0\u2007\u202f")  # they only say that a line is not broken there
_UNSEEN = frozenset("\u00ad\u200b\ufeff")  # soft hyphen, spaces of no width: they part a word when it is looked up
_BROKEN = frozenset("\n\r\v\f\u0085\u2028\u2029")


def plain(name: str) -> str:
    """Return a name with plain spaces, and none before and after it."""
    return "".join(" " if each in _SPACES else each for each in name).strip(" ")


def faults(text: str) -> Iterator[tuple[str, str]]:
    """Return what is wrong with a code or a plain name: the reason, and what to do."""
    if _BROKEN & {*text}:
        yield "the text has several lines.", "write it in one line."
    elif unseen := next(filter(_is_unseen, text), None):
        yield f"the text holds a character that is not seen (U+{ord(unseen):04X}).", "write it anew."
    if len(text) > LONGEST_TEXT:
        reason = f"the text has {len(text)} characters, and of a record no more than {LONGEST_TEXT} are read."
        yield reason, "shorten it."


def _is_unseen(character: str) -> bool:
    return character in _UNSEEN or character in _SPACES or unicodedata.category(character) == "Cc"
