"""FHIRPath dates: partial precision, undecided comparison, calendar arithmetic (FHIRPath N1, 6.2 and 6.6)."""

import calendar
import datetime
import re
from functools import lru_cache

Partial = tuple[int, ...]
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?")


def parse_date(value: object) -> Partial | None:
    """Return (year,), (year, month) or (year, month, day) of a FHIR date or dateTime, None when it is not one."""
    return _parsed(value) if isinstance(value, str) else None


@lru_cache(maxsize=2048)
def _parsed(text: str) -> Partial | None:
    found = _DATE.fullmatch(text)
    if not found:
        return None
    parts = tuple(int(part) for part in found.groups() if part)
    return parts if _exists(parts) else None


def _exists(parts: Partial) -> bool:
    year, month, day = (*parts, 1, 1)[:3]
    return year >= 1 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def compare(left: Partial, right: Partial) -> int | None:
    """Return -1, 0 or 1; None when the shorter date does not decide."""
    size = min(len(left), len(right))
    if left[:size] != right[:size]:
        return -1 if left[:size] < right[:size] else 1
    return 0 if len(left) == len(right) else None


def shift(date: Partial, number: int, unit: str) -> Partial:
    """Return the date moved by a number of years, months or days; the last day of the month where there is no such day.

    A partial date is moved by what it holds: '2008' minus 3 months stays undecided and is returned as it is.
    """
    if unit == "day":
        return _shift_days(date, number)
    if unit == "month" and len(date) == 1:
        return date
    months = number * 12 if unit == "year" else number
    if len(date) == 1:
        return (date[0] + number,)
    total = date[0] * 12 + date[1] - 1 + months
    year, month = divmod(total, 12)
    month += 1
    return (year, month, *(min(day, calendar.monthrange(year, month)[1]) for day in date[2:]))


def _shift_days(date: Partial, number: int) -> Partial:
    if len(date) < 3:
        return date
    try:
        moved = datetime.date(*date) + datetime.timedelta(days=number)
    except OverflowError:  # the calendar ends there
        return date
    return (moved.year, moved.month, moved.day)
