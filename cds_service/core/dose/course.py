"""Instructions -> courses. A course is what is given without a long gap.

Five daily infusions are one course; an infusion every three weeks is a course of its own each time. The knowledge says
how long the gap is, and how close dates must be listed to be those of one course.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cds_service.core.dose.timing import Schedule, Span


class Part(NamedTuple):
    """An instruction as a part of a course: its place in the order, the amount of one infusion, its schedule."""

    place: int
    amount: Span
    schedule: Schedule


class Course(NamedTuple):
    """The sum of the infusions (None when their number is not said), one infusion, every how many days, over how many.

    `infusions` is their number, `interval` the longest time between two of them in days.
    """

    total: Span | None
    infusion: Span
    every: Span | None
    days: Span
    infusions: int
    interval: float
    members: tuple[int, ...]


def courses(parts: Iterable[Part], gap: float, close: float) -> list[Course]:
    """Return the courses of an order.

    Instructions repeated at intervals of `gap` days or more are courses of their own, summed where their intervals are
    equal; all others are one course together. The order of the instructions does not matter. Listed dates more than
    `close` days apart are of no known number in a course.
    """
    groups: dict[Span | None, list[Part]] = {}
    for part in parts:
        every = part.schedule.every
        groups.setdefault(every if every and every.low >= gap else None, []).append(part)
    return [_course(every, members, close) for every, members in groups.items()]


def _course(every: Span | None, members: list[Part], close: float) -> Course:
    numbers = [_number(part, every, close) for part in members]
    counted = [(part, number or 1) for part, number in zip(members, numbers, strict=True)]
    total = Span(sum(p.amount.low * n for p, n in counted), sum(p.amount.high * n for p, n in counted))
    days = sum(part.schedule.days.high * number for part, number in counted)
    return Course(
        total=None if None in numbers else total,
        infusion=Span(min(part.amount.low for part in members), max(part.amount.high for part in members)),
        every=every,
        days=Span(_fewest_days(counted[0]), days) if len(members) == 1 else Span(days, days),
        infusions=sum(number for _, number in counted),
        interval=max(part.schedule.every.low if part.schedule.every else 1.0 for part in members) if not every else 1.0,
        members=tuple(part.place for part in members),
    )


def _fewest_days(counted: tuple[Part, int]) -> float:
    """Return over how many days an instruction stretches at least: infusions a day or more apart share none."""
    (part, number), every = counted, counted[0].schedule.every
    is_spread = every is not None and every.low >= part.schedule.times
    return part.schedule.days.low * (number if is_spread else 1)


def _number(part: Part, every: Span | None, close: float) -> int | None:
    if every:
        return part.schedule.times
    if part.schedule.apart > close:
        return None
    return part.schedule.infusions or (1 if part.schedule.days.high > 1 else None)
