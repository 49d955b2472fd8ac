"""Texts with placeholders such as {{dose.given}}, which stand for what was found for the one order."""

import re
from collections.abc import Mapping

MARK = "{{"
DOSE_PLACEHOLDERS = frozenset(
    f"dose.{name}"
    for name in "given meant highest lowest weight regimen rate perDay adjustedWeight unreadable slip".split()
)
PLACEHOLDERS = DOSE_PLACEHOLDERS | {"order", "matched"}
_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_SENTENCE = re.compile(r".+?(?:[.!?]\s+|$)", re.DOTALL)


def names_in(text: str) -> list[str]:
    """Return the names of the placeholders of a text."""
    return _PLACEHOLDER.findall(text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its dose placeholders filled in.

    A sentence that needs a value there is none for is left out. Other placeholders are kept for whoever knows them.
    """
    kept = [sentence for sentence in _SENTENCE.findall(text) if not _lacking(sentence, values)]
    return put("".join(kept).strip(), {f"dose.{name}": value for name, value in values.items()})


def put(text: str, values: Mapping[str, str]) -> str:
    """Return the text with the named placeholders filled in."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _lacking(sentence: str, values: Mapping[str, str]) -> bool:
    wanted = [name.removeprefix("dose.") for name in names_in(sentence) if name.startswith("dose.")]
    return any(not values.get(name) for name in wanted)
