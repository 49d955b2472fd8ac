"""FHIR Dosage -> courses: how much, how often, over how many days (FHIR R4, Dosage and Timing).

A course is what is given without a long gap: five daily infusions are one course, an infusion every three weeks is a
course of its own each time. The knowledge says how long the gap is.
"""

import math
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from msgspec import Raw, Struct, json

from cds_service.core.fhirpath.dates import parse_date
from cds_service.core.resources import ABSENT, Concept, Junk, Period, Quantity, Scalar, many
from cds_service.core.units import Amount, Units, is_number


class Range(Struct, gc=False):
    """A FHIR Range."""

    low: Quantity | Junk = None
    high: Quantity | Junk = None


class Ratio(Struct, gc=False):
    """A FHIR Ratio."""

    numerator: Quantity | Junk = None
    denominator: Quantity | Junk = None


class DoseAndRate(Struct, gc=False, rename="camel"):
    """Dosage.doseAndRate."""

    dose_quantity: Quantity | Junk = None
    dose_range: Range | Junk = None
    rate_quantity: Quantity | Junk = None
    rate_ratio: Ratio | Junk = None


class Repeat(Struct, gc=False, rename="camel"):
    """Timing.repeat."""

    bounds_duration: Quantity | Junk = None
    bounds_period: Period | Junk = None
    count: Any = None
    count_max: Any = None
    duration: Any = None
    duration_max: Any = None
    duration_unit: Any = None
    frequency: Any = None
    period: Any = None
    period_max: Any = None
    period_unit: Any = None


class Timing(Struct, gc=False):
    """A FHIR Timing."""

    event: Any = None
    repeat: Repeat | Junk = None


class Dosage(DoseAndRate, gc=False, rename="camel"):
    """One dosage instruction; STU3 gives dose and rate on the instruction itself."""

    text: Any = None
    route: Concept | Junk = None
    timing: Timing | Junk = None
    dose_and_rate: list[DoseAndRate | Junk] | DoseAndRate | Scalar = None


_DOSAGES = json.Decoder(list[Dosage | Junk] | Dosage | Scalar)


def decode_dosages(raw: Raw) -> list[Dosage]:
    """Return the dosage instructions of an order."""
    return [] if raw == ABSENT else many(_DOSAGES.decode(raw), Dosage)


class Span(NamedTuple):
    """The least and the most of something."""

    low: float
    high: float


class Schedule(NamedTuple):
    """How one instruction is repeated: infusions (None: not said), every how many days, days of one infusion."""

    infusions: int | None
    every: Span | None
    days: Span


class Dose(NamedTuple):
    """One readable instruction: the amount of one infusion (None: not given), its rate, its schedule."""

    low: Amount
    high: Amount
    schedule: Schedule


def read_dose(dosage: Dosage, units: Units) -> Dose | None:
    """Return the dose of an instruction; None when it gives no amount of a known unit."""
    for each in (*many(dosage.dose_and_rate, DoseAndRate), dosage):
        limits = (
            each.dose_range if isinstance(each.dose_range, Range) else Range(each.dose_quantity, each.dose_quantity)
        )
        low, high = units.amount(limits.low), units.amount(limits.high)
        low, high = low or high, high or low
        if low and high and _is_exact(limits):
            return Dose(low, high, read_schedule(dosage.timing, units))
    return None


def _is_exact(limits: Range) -> bool:
    ends = [each for each in (limits.low, limits.high) if isinstance(each, Quantity)]
    return all(each.comparator is None and each.value > 0 for each in ends)


def read_rates(dosage: Dosage, units: Units) -> list[Amount | tuple[Amount, Amount]]:
    """Return the infusion rates of an instruction: an amount per time, or an amount and the time it takes."""
    found: list[Amount | tuple[Amount, Amount]] = []
    for each in (*many(dosage.dose_and_rate, DoseAndRate), dosage):
        if rate := units.amount(each.rate_quantity):
            found.append(rate)
        if isinstance(each.rate_ratio, Ratio):
            over, under = units.amount(each.rate_ratio.numerator), units.amount(each.rate_ratio.denominator)
            found += [(over, under)] if over and under and under.value > 0 else []
    return found


def read_schedule(timing: object, units: Units) -> Schedule:
    """Return how an instruction is repeated; without a timing nothing is said of the number of infusions."""
    if not isinstance(timing, Timing):
        return Schedule(None, None, Span(1, 1))
    if not isinstance(timing.repeat, Repeat):
        listed = timing.event if isinstance(timing.event, list) else []
        return Schedule(len(listed) or None, None, Span(1, 1))
    repeat = timing.repeat
    every = _every(repeat, units)
    days = _days(repeat.duration, repeat.duration_unit, units)
    longest = _days(repeat.duration_max, repeat.duration_unit, units) or days
    whole = Span(max(1, math.ceil(days or 1)), max(1, math.ceil(longest or 1)))
    return Schedule(_infusions(repeat, every, units), every, whole)


def _every(repeat: Repeat, units: Units) -> Span | None:
    period = _days(repeat.period, repeat.period_unit, units)
    if period is None or period <= 0:
        return None
    longest = _days(repeat.period_max, repeat.period_unit, units) or period
    return Span(period, longest)


def _infusions(repeat: Repeat, every: Span | None, units: Units) -> int | None:
    if _counts(repeat.count):
        return int(max(repeat.count, repeat.count_max if _counts(repeat.count_max) else 0))
    bounds = _bounds(repeat, units)
    if bounds is None or every is None:
        return None
    return max(1, math.ceil(bounds / every.low - 1e-9)) * frequency(repeat)


def frequency(repeat: object) -> int:
    """Return how often an instruction is carried out in one period."""
    return int(repeat.frequency) if isinstance(repeat, Repeat) and _counts(repeat.frequency) else 1


def _counts(value: object) -> bool:
    return is_number(value) and 1 <= value <= 10_000  # type: ignore[operator]


def _bounds(repeat: Repeat, units: Units) -> float | None:
    if isinstance(repeat.bounds_duration, Quantity):
        length = units.amount(repeat.bounds_duration)
        day = units.find("d")
        return length.to(day) if length and day else None
    period = repeat.bounds_period if isinstance(repeat.bounds_period, Period) else Period()
    start, end = parse_date(period.start), parse_date(period.end)
    if start and end and len(start) == len(end) == 3:
        return max(0.0, (date(*end) - date(*start)).days + 1.0)
    return None


def _days(number: object, unit: object, units: Units) -> float | None:
    found, day = units.find(unit), units.find("d")
    if not is_number(number) or found is None or day is None:
        return None
    return Amount(float(number), found).to(day)  # type: ignore[arg-type]


def frequency_of(dosage: Dosage) -> int:
    """Return how often an instruction is carried out in one period."""
    return frequency(dosage.timing.repeat) if isinstance(dosage.timing, Timing) else 1


class Course(NamedTuple):
    """What is given without a long gap: the sum of its infusions, one infusion, every how many days, over how many.

    `low` and `high` are None for the sum when the number of infusions is not said.
    """

    total: Span | None
    infusion: Span
    every: Span | None
    days: Span
    members: tuple[int, ...]


def courses(doses: Iterable[tuple[int, Span, Schedule, int]], gap: float) -> list[Course]:
    """Return the courses of an order, from (place, amount of one infusion, schedule, frequency) of its instructions.

    Instructions repeated at intervals of `gap` days or more are courses of their own, summed where their intervals are
    equal; all others are one course together. The order of the instructions does not matter.
    """
    groups: dict[Span | None, list[tuple[int, Span, Schedule, int]]] = {}
    for each in doses:
        every = each[2].every
        groups.setdefault(every if every and every.low >= gap else None, []).append(each)
    return [_course(every, members) for every, members in groups.items()]


def _course(every: Span | None, members: list[tuple[int, Span, Schedule, int]]) -> Course:
    low = high = days = 0.0
    known = True
    for _, amount, schedule, times in members:
        number = times if every else schedule.infusions
        known = known and (number is not None or schedule.days.high > 1)
        number = number or 1
        low, high = low + amount.low * number, high + amount.high * number
        days += number * schedule.days.high
    infusion = Span(min(m[1].low for m in members), max(m[1].high for m in members))
    spread = Span(members[0][2].days.low, days) if len(members) == 1 else Span(days, days)
    return Course(Span(low, high) if known else None, infusion, every, spread, tuple(m[0] for m in members))
