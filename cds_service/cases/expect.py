"""What a new case expects: read from a file that a person wrote after the source, never from an answer.

An expectation that was copied from what the service answers proves nothing: the case would pass whatever the service
says. So what looks like an answer is refused, and so are texts that repeat at length what it says. A shorter copy
cannot be told from a phrase of the source; `why` asks its author for the place in the source.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from difflib import SequenceMatcher
from typing import Any

import msgspec
import orjson

from cds_service.cases.identity import Identity, leaves
from cds_service.cases.read import Case, parse_case
from cds_service.core.text import Words, words
from cds_service.errors import Problem

OF_ANSWERS = frozenset(
    {"uuid", "source", "extension", "links", "overrideReasons", "selectionBehavior", "systemActions"}
)
EXPECTED = ("title", "why", "cards", "error", "silent")
IS_ANSWER = "this is what a service answered, and no expectation: a case that expects it would pass whatever comes out."
LONGEST_PHRASE, SHORTEST_COPY = 20, 5
WRITE_IT = "write what the source says, with the keys of a case: title, why, cards or error, silent."


def parse_expectation(raw: bytes, file: str) -> tuple[dict[str, Any], list[Problem]]:
    """Return the keys of a case that a file gives, and what is wrong: no JSON object, an answer, or unknown keys."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}, [Problem(file, "-", "not readable as JSON.", WRITE_IT)]
    if looks_answered(found):
        return {}, [Problem(file, "cards", IS_ANSWER, WRITE_IT)]
    if not isinstance(found, dict):
        return {}, [Problem(file, "-", "no JSON object.", WRITE_IT)]
    unknown = sorted(set(found) - set(EXPECTED))
    return found, [Problem(file, each, "no part of an expectation.", WRITE_IT) for each in unknown]


def tells_who(expected: Mapping[str, Any], request: Any, identity: Identity) -> dict[str, Mapping[str, str]]:
    """Return, by place, what of an expectation tells who the request is about.

    What stands in the request of the case was looked at there: its ids are invented.
    """
    known = {text for _, text in leaves(request)}
    told = {place: identity.told_by(text) for place, text in leaves(expected) if text.rpartition("/")[2] not in known}
    return {place: found for place, found in told.items() if found}


def copied(expected: Mapping[str, Any], said: Iterable[str], file: str) -> list[Problem]:
    """Return the texts of an expectation that repeat what the service said: nearly all of a text, or a long passage.

    Phrases of one element count together, so that a text is not copied sentence by sentence.
    """
    answered = [each for each in map(words, said) if len(each) >= SHORTEST_COPY]
    by_element: dict[str, list[Words]] = {}
    for place, text in leaves(expected):
        by_element.setdefault(re.sub(r"\[\d+\]$", "", place), []).append(words(text))
    fix = (
        f"write a short phrase that the source makes you expect, such as a class, a dose or a reason: at most "
        f"{LONGEST_PHRASE} words as the card has them, and never nearly all of it. In `why`, say it in your words."
    )
    reason = "this repeats what the service answers: a case that expects it would show nothing of the source."
    found = [place for place, texts in by_element.items() if any(_repeats(texts, each) for each in answered)]
    return [Problem(file, place, reason, fix) for place in found]


def _repeats(texts: Iterable[Words], answered: Words) -> bool:
    """Return whether texts have a long passage in common with an answered one, or all of it but for a word."""
    passages = [_passage(each, answered) for each in dict.fromkeys(texts)]
    together = sum(each for each in passages if each >= SHORTEST_COPY)
    nearly_all = max(passages) >= len(answered) - 1
    return max(passages) > LONGEST_PHRASE or nearly_all or together > max(LONGEST_PHRASE, len(answered) // 2)


def _passage(text: Words, answered: Words) -> int:
    """Return how many words two texts have in common at most, one behind the other."""
    return SequenceMatcher(None, text, answered, autojunk=False).find_longest_match().size


def looks_answered(found: Any) -> bool:
    """Return whether JSON holds a card as CDS Hooks writes it, at any depth."""
    if isinstance(found, list):
        return any(looks_answered(each) for each in found)
    if not isinstance(found, dict):
        return False
    is_card = "indicator" in found or "summary" in found
    told = any(isinstance(found.get(name), str) for name in ("summary", "detail"))
    if (is_card and (told or not OF_ANSWERS.isdisjoint(found))) or "systemActions" in found:
        return True
    return any(looks_answered(found[name]) for name in set(found) - {"resource"})


def to_case(
    expected: Mapping[str, Any], request: Mapping[str, Any], today: date, file: str
) -> tuple[bytes, Case | None, list[Problem]]:
    """Return a case as the bytes of its file, as it is read from them, and what is wrong with it."""
    document = {
        "title": expected.get("title"),
        "why": expected.get("why"),
        "today": today.isoformat(),
        "request": request,
        **{name: expected[name] for name in ("cards", "error", "silent") if name in expected},
    }
    lacking = [name for name in ("title", "why") if not document[name]]
    if lacking:
        return (
            b"",
            None,
            [Problem(file, each, "missing.", "say it: a case has a title and a source.") for each in lacking],
        )
    written = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    return written, *parse_case(written, file)
