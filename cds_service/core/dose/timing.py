"""FHIR Timing -> schedule: how many infusions, how often, over how many days (FHIR R4, Timing).

What a timing says beyond that (times of day, days of the week, a most frequent use) leaves the number of infusions open
rather than be passed over. Numbers that no calendar holds are not read.
"""

import math
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from msgspec import Struct

from cds_service.core.fhirpath.dates import parse_date
from cds_service.core.resources import Junk, Period, Quantity
from cds_service.core.units import HAIR, Amount, Units, is_number

LONGEST_DAYS = 36_600.0
MOST_INFUSIONS = 10_000


class Repeat(Struct, gc=False, rename="camel"):
    """Timing.repeat."""

    bounds_duration: Quantity | Junk = None
    bounds_period: Period | Junk = None
    bounds_range: Any = None
    count: Any = None
    count_max: Any = None
    duration: Any = None
    duration_max: Any = None
    duration_unit: Any = None
    frequency: Any = None
    frequency_max: Any = None
    period: Any = None
    period_max: Any = None
    period_unit: Any = None
    day_of_week: Any = None
    time_of_day: Any = None
    when: Any = None

    @property
    def is_open(self) -> bool:
        """Return whether it says something of the number of infusions that is not reckoned with."""
        return any((self.bounds_range, self.frequency_max, self.day_of_week, self.time_of_day, self.when))


class Timing(Struct, gc=False):
    """A FHIR Timing."""

    event: Any = None
    repeat: Repeat | Junk = None


class Span(NamedTuple):
    """The least and the most of something."""

    low: float
    high: float


class Schedule(NamedTuple):
    """How one instruction is repeated.

    Infusions (None: not said); every how many days; over how many days one of them is spread; how long it takes in
    days and parts of them (None: not said); how often in one period; the longest time between two listed dates.
    """

    infusions: int | None
    every: Span | None
    days: Span
    length: Span | None = None
    times: int = 1
    apart: float = 0.0


NOT_SAID = Schedule(None, None, Span(1, 1))
ONCE = NOT_SAID._replace(infusions=1)


def read_schedule(timing: object, units: Units) -> Schedule:
    """Return how an instruction is repeated; without a timing nothing is said of the number of infusions."""
    if not isinstance(timing, Timing):
        return NOT_SAID
    if not isinstance(timing.repeat, Repeat):
        return _listed(timing.event)
    repeat = timing.repeat
    every, length = _every(repeat, units), _length(repeat, units)
    days = Span(math.ceil(max(1, length.low)), math.ceil(max(1, length.high))) if length else Span(1, 1)
    if repeat.is_open or timing.event:
        count = int(repeat.count) if _counts(repeat.count) and not timing.event else None
        return Schedule(count, None, days, length)
    return Schedule(_infusions(repeat, every, units), every, days, length, _times(repeat))


def _listed(events: object) -> Schedule:
    """Return how often an instruction with listed dates is given, if all of them are whole dates."""
    days = [parse_date(each) for each in events] if isinstance(events, list) else []
    full = sorted(date(*day) for day in days if day and len(day) == 3)
    if not full or len(full) < len(days):
        return NOT_SAID
    return NOT_SAID._replace(infusions=len(full), apart=max(((b - a).days for a, b in pairwise(full)), default=0))


def _every(repeat: Repeat, units: Units) -> Span | None:
    period = _days(repeat.period, repeat.period_unit, units)
    return Span(period, _days(repeat.period_max, repeat.period_unit, units) or period) if period else None


def _length(repeat: Repeat, units: Units) -> Span | None:
    length = _days(repeat.duration, repeat.duration_unit, units)
    return Span(length, _days(repeat.duration_max, repeat.duration_unit, units) or length) if length else None


def _infusions(repeat: Repeat, every: Span | None, units: Units) -> int | None:
    if _counts(repeat.count):
        return int(max(repeat.count, repeat.count_max if _counts(repeat.count_max) else 0))
    bounds = _bounds(repeat, units)
    if bounds is None or every is None:
        return None
    number = max(1, math.ceil(bounds / every.low - HAIR)) * _times(repeat)
    return number if number <= MOST_INFUSIONS else None


def _times(repeat: Repeat) -> int:
    return int(repeat.frequency) if _counts(repeat.frequency) else 1


def _counts(value: object) -> bool:
    return is_number(value) and 1 <= value <= MOST_INFUSIONS  # type: ignore[operator]


def _bounds(repeat: Repeat, units: Units) -> float | None:
    if isinstance(repeat.bounds_duration, Quantity):
        length, day = units.amount(repeat.bounds_duration), units.find("d")
        days = length.to(day) if length and day else None
        return days if days and 0 < days <= LONGEST_DAYS else None
    period = repeat.bounds_period if isinstance(repeat.bounds_period, Period) else Period()
    start, end = parse_date(period.start), parse_date(period.end)
    if start and end and len(start) == len(end) == 3 and start <= end:
        return (date(*end) - date(*start)).days + 1.0
    return None


def _days(number: object, unit: object, units: Units) -> float | None:
    """Return a time in days; None when it is not given, not positive or beyond any calendar."""
    found, day = units.find(unit), units.find("d")
    if not is_number(number) or found is None or day is None:
        return None
    days = Amount(float(number), found).to(day)  # type: ignore[arg-type]
    return days if days and 1e-5 < days <= LONGEST_DAYS else None
