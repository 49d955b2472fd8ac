"""Whether a text holds expected words: as they stand, and not as a part of longer words or numbers."""

import re
from functools import lru_cache

# What makes a longer word or number of it: "IV" of "I", "10.4" and "0.45" of "0.4", "x/y/z" of "x/y".
_NOT_BEFORE = r"(?<![^\W_])(?<![^\W_][-\u2013/'\u2019])(?<!\d[.,])"
_NOT_BEHIND = r"(?![^\W_]|[-\u2013/'\u2019][^\W_]|[.,]\d)"


def holds(text: str, expected: str) -> bool:
    """Return whether a text holds the expected words, in any case of letters, not cut out of longer ones."""
    return bool(_pattern(expected).search(text.casefold()))


@lru_cache(maxsize=4096)
def _pattern(expected: str) -> re.Pattern[str]:
    plain = expected.casefold()
    before = _NOT_BEFORE if plain[:1].isalnum() else ""
    behind = _NOT_BEHIND if plain[-1:].isalnum() else ""
    return re.compile(f"{before}{re.escape(plain)}{behind}")
