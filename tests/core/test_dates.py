"""Partial dates: reading, undecided comparison, calendar arithmetic."""

import calendar
import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.core.fhirpath.dates import compare, parse_date, shift
from cds_service.core.records import order_date

HYPOTHESIS = settings(max_examples=300, deadline=None, database=None)
DAYS = st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 12, 31))


def parts(day):
    return (day.year, day.month, day.day)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026", (2026,)),
        ("2026-02", (2026, 2)),
        ("2026-02-28", (2026, 2, 28)),
        ("2024-02-29", (2024, 2, 29)),
        ("2000-02-29", (2000, 2, 29)),
        ("2026-11-22T10:00:00+01:00", (2026, 11, 22)),
        ("2026-11-22T", (2026, 11, 22)),
        ("0001-01-01", (1, 1, 1)),
    ],
)
def test_dates_that_are_read(text, date):
    assert parse_date(text) == date


@pytest.mark.parametrize(
    "text",
    """
    26 02026 2026- 2026-2 2026-13 2026-00 2026-02-30 2025-02-29 1900-02-29 2026-04-31 2026-01-00 0000 0000-01-01
    20261122 22.11.2026 11/22/2026 2026-11-22Z 2026-11T10:00 unknown -2026
    """.split(),
)
def test_texts_that_are_no_date(text):
    assert parse_date(text) is None


@pytest.mark.parametrize("value", [None, 2026, 2026.5, True, [], {}, ["2026"], "", " 2026", "2026\n"])
def test_values_that_are_no_date(value):
    assert parse_date(value) is None


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        ((2026, 1, 2), (2026, 1, 2), 0),
        ((2026, 1, 2), (2026, 1, 3), -1),
        ((2026, 2, 1), (2026, 1, 31), 1),
        ((2026,), (2026,), 0),
        ((2026, 5), (2026, 5), 0),
        ((2025,), (2026, 1, 1), -1),
        ((2027,), (2026, 12, 31), 1),
        ((2026,), (2026, 1, 1), None),
        ((2026,), (2026, 6), None),
        ((2026, 6), (2026, 6, 30), None),
        ((2026, 5), (2026, 6, 1), -1),
        ((2026, 7), (2026, 6, 30), 1),
    ],
)
def test_comparison_is_decided_by_what_both_dates_say(left, right, order):
    assert compare(left, right) == order
    assert compare(right, left) == (None if order is None else -order)


@pytest.mark.parametrize(
    ("date", "number", "unit", "moved"),
    [
        ((2026, 11, 22), -18, "year", (2008, 11, 22)),
        ((2024, 2, 29), -18, "year", (2006, 2, 28)),
        ((2024, 2, 29), -4, "year", (2020, 2, 29)),
        ((2024, 2, 29), 1, "year", (2025, 2, 28)),
        ((2000, 2, 29), 100, "year", (2100, 2, 28)),
        ((2026, 1, 31), 1, "month", (2026, 2, 28)),
        ((2024, 1, 31), 1, "month", (2024, 2, 29)),
        ((2026, 3, 31), -1, "month", (2026, 2, 28)),
        ((2026, 1, 31), -1, "month", (2025, 12, 31)),
        ((2026, 12, 15), 1, "month", (2027, 1, 15)),
        ((2026, 5, 31), 13, "month", (2027, 6, 30)),
        ((2026, 1, 1), -12, "month", (2025, 1, 1)),
        ((2026, 2, 28), 1, "day", (2026, 3, 1)),
        ((2024, 2, 28), 1, "day", (2024, 2, 29)),
        ((2026, 1, 1), -1, "day", (2025, 12, 31)),
        ((2026, 11), -18, "year", (2008, 11)),
        ((2026, 1), -1, "month", (2025, 12)),
        ((2026,), -18, "year", (2008,)),
        ((2026,), -3, "month", (2026,)),
        ((2026,), 5, "day", (2026,)),
        ((2026, 2), 5, "day", (2026, 2)),
    ],
)
def test_a_date_is_moved_by_the_calendar(date, number, unit, moved):
    assert shift(date, number, unit) == moved


@HYPOTHESIS
@given(DAYS, DAYS)
def test_full_dates_compare_as_dates_do(one, other):
    assert compare(parts(one), parts(other)) == (one > other) - (one < other)


@HYPOTHESIS
@given(DAYS, DAYS, st.integers(1, 3), st.integers(1, 3))
def test_a_partial_comparison_never_contradicts_the_full_one(one, other, size, size_of_other):
    partial = compare(parts(one)[:size], parts(other)[:size_of_other])
    assert partial in {None, compare(parts(one), parts(other))} or (partial == 0 and size == size_of_other)


@HYPOTHESIS
@given(DAYS)
def test_reading_a_date_gives_its_parts(day):
    assert parse_date(day.isoformat()) == parts(day)
    assert parse_date(day.isoformat()[:7]) == parts(day)[:2]
    assert parse_date(day.isoformat()[:4]) == parts(day)[:1]


@HYPOTHESIS
@given(DAYS, st.integers(-3000, 3000))
def test_moving_by_days_is_what_datetime_says(day, number):
    assert shift(parts(day), number, "day") == parts(day + datetime.timedelta(days=number))


@HYPOTHESIS
@given(DAYS, st.integers(-150, 150))
def test_moving_by_years_changes_the_year_and_at_most_a_leap_day(day, number):
    year = day.year + number
    last = calendar.monthrange(year, day.month)[1]
    assert shift(parts(day), number, "year") == (year, day.month, min(day.day, last))


@HYPOTHESIS
@given(DAYS, st.integers(-1000, 1000))
def test_moving_by_months_lands_in_the_month_that_many_on(day, number):
    year, month, moved_day = shift(parts(day), number, "month")
    assert (year * 12 + month) - (day.year * 12 + day.month) == number
    assert moved_day == min(day.day, calendar.monthrange(year, month)[1])


@pytest.mark.parametrize(
    ("authored_on", "day"),
    [
        ("2024-02-29T23:59:00Z", (2024, 2, 29)),
        ("2024-02-29", (2024, 2, 29)),
        ("2024-02", (2026, 11, 22)),
        ("2024", (2026, 11, 22)),
        (None, (2026, 11, 22)),
        (7, (2026, 11, 22)),
    ],
)
def test_the_day_of_an_order_is_the_day_it_names_or_today(authored_on, day):
    assert order_date(authored_on, (2026, 11, 22)) == day


@pytest.mark.parametrize(("date", "number", "unit"), [((1, 1, 1), -1, "day"), ((9999, 12, 31), 1, "day")])
def test_a_date_at_the_end_of_the_calendar_can_be_moved(date, number, unit):
    shift(date, number, unit)
