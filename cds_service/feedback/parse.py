"""The body of a feedback call -> events, or a 400 that lists all that is wrong (CDS Hooks 2.0, Feedback).

One bad item refuses the whole call, so that the client can mend it and send everything again. Messages name the place
and never a value. What an outcome does not use is not looked at, such as the reason of an acceptance.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from cds_service.errors import BadRequest, TooLarge
from cds_service.store.rows import Event

ITEMS, COMMENT_LENGTH, CODE_LENGTH, SYSTEM_LENGTH = 1000, 2000, 128, 256
_UUID = re.compile(r"(?:urn:uuid:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_CODE = re.compile(r"\S+( \S+)*")  # FHIR R4, datatype code
_PLAIN_CODE = re.compile(r"[\w.:/|#-]{1,64}", re.ASCII)
_PLAIN_SYSTEM = re.compile(r"[A-Za-z][\w+.-]*:[^\s]+")  # an absolute URI
Complain = Callable[[str, str], None]


def parse_feedback(body: bytes, keep_comments: bool) -> list[Event]:
    """Return the events of a body, in its order; comments are left out unless they are kept.

    Raises BadRequest (400) naming every field that is missing or wrong, TooLarge (413) for more than ITEMS items.
    """
    items = _items(body)
    problems: list[str] = []
    events = [_event(f"feedback[{at}]", item, keep_comments, problems) for at, item in enumerate(items)]
    if problems:
        raise BadRequest("Not CDS Hooks feedback, nothing was stored: " + "; ".join(problems) + ".")
    return [event for event in events if event]


def _items(body: bytes) -> list[Any]:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise BadRequest("The body is not readable as JSON in UTF-8.") from None
    items = decoded.get("feedback") if isinstance(decoded, dict) else None
    if not isinstance(items, list) or not items:
        raise BadRequest("Not CDS Hooks feedback: the body must be an object with a list feedback that is not empty.")
    if len(items) > ITEMS:
        raise TooLarge(f"More than {ITEMS} items of feedback. Send them in several calls.")
    return items


def _event(place: str, item: Any, keep_comments: bool, problems: list[str]) -> Event | None:
    """Return the event of one item, or None after telling what is wrong with it."""
    before = len(problems)

    def complain(field: str, reason: str) -> None:
        problems.append(f"{place}{field} {reason}")

    if not isinstance(item, dict):
        complain("", "must be an object")
        return None
    card = _uuid(item.get("card"), ".card", complain)
    outcome_at = _instant(item.get("outcomeTimestamp"), complain)
    outcome = item.get("outcome")
    reason: tuple[str | None, str | None, str | None] = (None, None, None)
    if outcome == "accepted":
        _check_suggestions(item.get("acceptedSuggestions"), complain)
    elif outcome == "overridden":
        reason = _override_reason(item.get("overrideReason"), keep_comments, complain)
    else:
        complain(".outcome", "must be accepted or overridden")
    return Event(card, outcome, outcome_at, *reason) if len(problems) == before else None  # type: ignore[arg-type]


def _uuid(value: Any, field: str, complain: Complain) -> str:
    """Return a uuid in its usual form; RFC 4122 lets it be in capitals or a URN, too."""
    found = _UUID.fullmatch(value.lower()) if isinstance(value, str) else None
    if not found:
        complain(field, "must be a uuid")
        return ""
    return found[1]


def _instant(value: Any, complain: Complain) -> datetime:
    """Return an RFC 3339 date and time in UTC; a leap second is the first of the next minute."""
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    try:
        if found and found[2] <= "60":
            minute = datetime.fromisoformat(found[1].upper() + found[4].upper())
            fraction = timedelta(seconds=int(found[2]), microseconds=int((found[3] or "0")[:6].ljust(6, "0")))
            return (minute + fraction).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    complain(".outcomeTimestamp", "must be a date and time with a zone, as in RFC 3339")
    return datetime.min.replace(tzinfo=UTC)


def _check_suggestions(value: Any, complain: Complain) -> None:
    if not isinstance(value, list) or not value:
        complain(".acceptedSuggestions", "must be a list of one suggestion or more when the outcome is accepted")
        return
    for at, each in enumerate(value):
        found = each.get("id") if isinstance(each, dict) else None
        _uuid(found, f".acceptedSuggestions[{at}].id", complain)


def _override_reason(value: Any, keep_comments: bool, complain: Complain) -> tuple[str | None, str | None, str | None]:
    """Return system and code of the reason, and the comment; each may be missing."""
    if value is None:
        return None, None, None
    found = value if isinstance(value, dict) else {}
    reason, comment = found.get("reason"), found.get("userComment")
    if reason is None and comment is None:
        complain(".overrideReason", "must be an object with a reason or a userComment, or be left out")
    system, code = _coding(reason, complain) if reason is not None else (None, None)
    return system, code, _comment(comment, complain) if keep_comments and comment is not None else None


def _coding(value: Any, complain: Complain) -> tuple[str | None, str | None]:
    """Return system and code; neither where they could be more than a code."""
    found = value if isinstance(value, dict) else {}
    system, code = _line(found.get("system"), SYSTEM_LENGTH), _line(found.get("code"), CODE_LENGTH)
    if not _CODE.fullmatch(code):
        complain(".overrideReason.reason.code", f"must be a code of at most {CODE_LENGTH} characters")
    if not system or " " in system:
        complain(".overrideReason.reason.system", f"must be a URI of at most {SYSTEM_LENGTH} characters")
    # FHIR lets a code have spaces, and so be a sentence about a patient: such a one is taken and not kept
    return (system, code) if _PLAIN_CODE.fullmatch(code) and _PLAIN_SYSTEM.fullmatch(system) else (None, None)


def _comment(value: Any, complain: Complain) -> str | None:
    if not isinstance(value, str) or len(value) > COMMENT_LENGTH or "\0" in value:
        complain(".overrideReason.userComment", f"must be a text of at most {COMMENT_LENGTH} characters")
        return None
    return value or None


def _line(value: Any, length: int) -> str:
    """Return a text of one line; nothing for what is too long or has control characters, a risk to terminals."""
    return value if isinstance(value, str) and len(value) <= length and value.isprintable() else ""
