"""Case files -> Case. A key that is not of the format is refused, so that a misspelt expectation cannot pass."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec

from cds_service.errors import Problem
from cds_service.knowledge.blanks import check_blanks

SCHEMA = "case.schema.json"


class Why(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The source of the expectation: statement or rule, section, and what it says in our words."""

    statement: str
    section: str
    says: str


class ExpectedMatch(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A record the recommendation is matched on; `code` is left out where only its text was given."""

    resource: str
    how: str
    code: str | None = None


class ExpectedRecommendation(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="camel"):
    """A recommendation; a key that is left out must be absent from the answer."""

    disorder: str
    stance: str
    guideline: str
    matched: tuple[ExpectedMatch, ...]
    evidence_class: str | None = None
    evidence_from: str | None = None


class ExpectedSuggestion(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A suggestion: its CDS Hooks action type, words of its label, and what its resource must hold at least."""

    type: Literal["create", "update", "delete"]
    label: tuple[str, ...] = ()
    resource: dict[str, Any] | None = None


class ExpectedCard(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A card: recommendations, warnings and notice exactly; `summary` and `detail` hold words that must occur.

    Suggestions are compared exactly where they are given.
    """

    indicator: str
    recommendations: tuple[ExpectedRecommendation, ...] = ()
    warnings: tuple[str, ...] = ()
    notice: str | None = None
    summary: tuple[str, ...] = ()
    detail: tuple[str, ...] = ()
    suggestions: tuple[ExpectedSuggestion, ...] | None = None


class ExpectedError(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An error: its HTTP status, and words its text must hold."""

    status: int
    mentions: tuple[str, ...] = ()


class Case(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One case: exactly one of `cards` and `error` is expected; `silent` names plans that must not fire."""

    title: str
    why: Why
    today: date
    request: dict[str, Any]
    cards: tuple[ExpectedCard, ...] | None = None
    error: ExpectedError | None = None
    silent: tuple[str, ...] = ()


def read_cases(folder: Path) -> tuple[dict[str, Case], list[Problem]]:
    """Return the cases of a folder by 'service/name', the service being the subfolder, and every problem."""
    cases, problems = {}, []
    files = sorted(path for path in folder.rglob("*.json") if path.name != SCHEMA)
    if not files:
        problems.append(Problem(str(folder), "-", "no case found.", "name a folder that holds <service>/<case>.json."))
    for path in files:
        if path.parent.parent != folder:
            fix = "move it to <service>/<case>.json."
            problems.append(Problem(str(path.relative_to(folder)), "-", "a case lies in its service's folder.", fix))
            continue
        name = f"{path.parent.name}/{path.stem}"
        case, wrong = parse_case(path.read_bytes(), f"{name}.json")
        problems += wrong
        if case:
            cases[name] = case
    return cases, problems


def looks_like_case(raw: bytes) -> bool:
    """Return whether JSON holds a request, as a case does, and is none itself, which would name its hook."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(found, dict) and "request" in found and "hook" not in found


def parse_case(raw: bytes, file: str) -> tuple[Case | None, list[Problem]]:
    """Return the case that JSON holds, None where it cannot be read, and what is wrong with it; `file` is its name."""
    try:
        case = msgspec.json.decode(raw, type=Case)
    except msgspec.MsgspecError as error:
        return None, [Problem(file, "-", f"{error}.", "see tests/cases/case.schema.json.")]
    if unfilled := check_blanks(file, msgspec.to_builtins(case)):
        return None, unfilled
    if (case.cards is None) == (case.error is None):
        return case, [Problem(file, "cards", "expects both or neither.", "give cards or error.")]
    return case, []
