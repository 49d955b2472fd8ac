"""Dates of a request, moved together: intervals stay, the calendar days do not.

A whole date or time moves by as many days as the call does; a year or a month keeps its distance from the year or month
of the call. Where that changes what a limit in months or years says, the answer changes: whoever moves dates compares
the answers. Moving by whole fours of years changes none (but across 1900 and 2100).

A time of day is left out. It is read only to find the newest of several results of a day: where a request has several
times of one day, invented ones keep their order.
"""

from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from typing import Any

from cds_service.core.fhirpath.dates import Partial, parse_date, shift

UNKNOWN = "unknown"
OLDEST_MONTHS = 90 * 12
FIRST_MINUTE, MOST = 8 * 60, 16 * 60
Times = Mapping[str, tuple[datetime, ...]]
NO_TIMES: Times = {}


def times(request: Any) -> Times:
    """Return the moments of each day that stand anywhere in a request, in their order; without a zone, none is told."""
    found: dict[str, set[datetime]] = {}
    waiting = [request]
    while waiting:
        value = waiting.pop()
        if isinstance(value, (dict, list)):
            waiting += value.values() if isinstance(value, dict) else value
        elif isinstance(value, str) and (moment := _moment(value)):
            found.setdefault(value[:10], set()).add(moment)
    return {day: tuple(sorted(moments)[:MOST]) for day, moments in found.items()}


def _moment(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written) if "T" in written else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (OverflowError, ValueError):
        return None


class Move:
    """The move of a request from the day on which it was `asked` to another one, `today`.

    `times` are the moments of each day of the request, in their order.
    """

    def __init__(self, asked: date, today: date, times: Times = NO_TIMES) -> None:
        self.asked, self.today, self._times = asked, today, times
        self._by = today - asked

    def day(self, written: object) -> str | None:
        """Return a FHIR date or dateTime moved; 'unknown' for what is no date, None for nothing."""
        parts = parse_date(written)
        if parts is None or not isinstance(written, str):
            return UNKNOWN if written else None
        try:
            return self._whole(written, parts) if len(parts) == 3 else _written(self._partial(parts))
        except (OverflowError, ValueError):  # beyond the calendar
            return UNKNOWN

    def _whole(self, written: str, parts: Partial) -> str:
        day, moment = (date(*parts) + self._by).isoformat(), _moment(written)
        of_day = self._times.get(written[:10], ())
        if moment not in of_day or len(of_day) == 1:
            return day
        hours, minutes = divmod(FIRST_MINUTE + of_day.index(moment), 60)
        return f"{day}T{hours:02}:{minutes:02}:00Z"

    def _partial(self, parts: Partial) -> Partial:
        if len(parts) == 1:
            return (parts[0] + self.today.year - self.asked.year,)
        months = (parts[0] - self.asked.year + self.today.year) * 12 + parts[1] - self.asked.month + self.today.month
        return divmod(months - 1, 12)[0], (months - 1) % 12 + 1

    def birth_date(self, written: object, ordered: Iterable[date]) -> str | None:
        """Return a birth date of the same age in months on the day of the call and on the days of the orders.

        The day is another one than the patient's, but for a patient who is that many months old to the day. Who is 90
        or older becomes 90.
        """
        parts = parse_date(written)
        if parts is None or len(parts) < 3:
            return self.day(self._no_older(written, parts))
        born = [self._born(date(*parts), day) for day in (self.asked, *ordered)]
        return min(born).isoformat()

    def _no_older(self, written: object, parts: Partial | None) -> object:
        """Return a birth date without a day, of the year in which one is 90 where it was before."""
        oldest = self.asked.year - OLDEST_MONTHS // 12
        return f"{oldest}{str(written)[4:]}" if parts and parts[0] < oldest else written

    def _born(self, birth: date, day: date) -> date:
        months = min(_months(birth, day), OLDEST_MONTHS)
        limit = _earlier(day, months)
        return _earlier(day + self._by, months) - timedelta(days=birth != limit)


def _months(birth: date, day: date) -> int:
    months = (day.year - birth.year) * 12 + day.month - birth.month
    return months if birth <= _earlier(day, months) else months - 1


def _earlier(day: date, months: int) -> date:
    return date(*shift((day.year, day.month, day.day), -months, "month"))


def _written(parts: Partial) -> str:
    if not 1 <= parts[0] <= MAXYEAR:
        raise ValueError(parts)
    return "-".join([f"{parts[0]:04}", *(f"{part:02}" for part in parts[1:])])
