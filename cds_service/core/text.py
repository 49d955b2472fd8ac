"""Text of records: folding, and whether a text names something or keeps its distance from it.

Two rules, both deliberately strict:
- a record without a code matches when its whole text, folded, equals a display or designation;
- a coded record is told apart by its own text when that names a designation as whole words, and no distancing word
  ("no", "rule out", "history of", ..., data of a value set) stands before it in the same sentence or after it in the
  same clause.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import chain

Words = tuple[str, ...]
_SENTENCE_END = re.compile(r"[.;!?]+(?=\s|$)|[\r\n]+|\bbut\b", re.IGNORECASE)
_ASCII = bytes(ord(chr(i).lower()) if chr(i).isalnum() else ord(" ") for i in range(128)) + bytes(128)
_ASCII_LINES = _ASCII[:10] + b"\n" + _ASCII[11:]
RUN = 1000  # a run is small enough to stay near the processor while it is gone over several times
_CLAUSE_END = re.compile(r"[,()]")
_SEMANTIC_TAG = re.compile(r"\([a-z/ ]+\)$")


def fold(text: str) -> str:
    """Return text in lower case without punctuation and diacritics, words parted by one space."""
    if text.isascii():
        return b" ".join(text.encode().translate(_ASCII).split()).decode()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join(plain.split())


def fold_all(texts: Sequence[str]) -> list[str]:
    """Return each of many texts folded; those of a run that are ASCII and of one line in one go."""
    runs = (_fold_run(texts[start : start + RUN]) for start in range(0, len(texts), RUN))
    return list(chain.from_iterable(runs))


def _fold_run(texts: Sequence[str]) -> list[str]:
    joined = "\n".join(texts)
    if not joined.isascii() or joined.count("\n") != len(texts) - 1:
        return [fold(text) for text in texts]
    lines = f"\n{joined}\n".encode()
    folded = lines.translate(_ASCII_LINES)
    if b"  " in lines.translate(_ASCII):  # one look finds all that the following would
        while b"  " in folded:
            folded = folded.replace(b"  ", b" ")
        folded = folded.replace(b"\n ", b"\n").replace(b" \n", b"\n")
    return folded.decode().split("\n")[1:-1]


def words(text: str) -> Words:
    """Return the folded words of a text."""
    return tuple(fold(text).split())


def without_tag(display: str) -> str:
    """Return a SNOMED CT fully specified name without its semantic tag, anything else as it is."""
    start = display.rfind("(")
    if start < 1 or not display[start - 1].isspace() or not _SEMANTIC_TAG.match(display, start):
        return display
    return display[:start].rstrip()


def cut_tags(displays: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return many names without their semantic tags, and the tags folded; '' where there is none."""
    bare, tags = [], []
    for display in displays:
        head, tag = display, ""
        if ")" in display[-2:]:
            head, _, tail = display.rpartition(" (")
            tag = _folded_tag(tail) if head else ""
            if not tag:
                head = without_tag(display)
                tag = fold(display[len(head) :])
        bare.append(head)
        tags.append(tag)
    return bare, tags


@lru_cache(maxsize=256)
def _folded_tag(tail: str) -> str:
    return fold(tail) if _SEMANTIC_TAG.fullmatch(f"({tail}") else ""


class Reading:
    """A text, folded and cut into sentences of clauses once, so that many phrases can be looked for in it."""

    def __init__(self, text: str) -> None:
        sentences = [part for part in _SENTENCE_END.split(text) if part.strip()]
        self.sentences = [[words(clause) for clause in _CLAUSE_END.split(sentence)] for sentence in sentences]
        self.vocabulary = frozenset(word for sentence in self.sentences for clause in sentence for word in clause)

    def names(self, phrase: Words, distancing: Collection[Words]) -> bool:
        """Return whether the text holds the phrase as whole words without a distancing word about it."""
        if not phrase or not self.vocabulary.issuperset(phrase):
            return False
        return any(_affirmed(sentence, phrase, distancing) for sentence in self.sentences)


def _affirmed(sentence: list[Words], phrase: Words, distancing: Collection[Words]) -> bool:
    before: Words = ()
    for clause in sentence:
        for start in _starts(clause, phrase):
            ahead, behind = before + clause[:start], clause[start + len(phrase) :]
            if not _holds_any(ahead, distancing) and not _holds_any(behind, distancing):
                return True
        before += clause
    return False


def _starts(part: Words, phrase: Words) -> list[int]:
    size = len(phrase)
    return [i for i in range(len(part) - size + 1) if part[i : i + size] == phrase]


def _holds_any(part: Words, phrases: Collection[Words]) -> bool:
    return any(_starts(part, phrase) for phrase in phrases)
