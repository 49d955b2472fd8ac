"""Conditions on measured values and their age: units, comparators, and newest()."""

import pytest

from cds_service.core.fhirpath.condition import compile_condition
from cds_service.core.fhirpath.scope import Scope
from cds_service.core.records import Lab, newest
from cds_service.core.resources import Coding, Concept, Quantity
from cds_service.core.valueset import Terminology
from tests.core.small_world import CODES, TERMINOLOGY, URLS
from tests.core.test_fhirpath import facts

ASSAY = URLS["assay"]
TODAY = "2026-11-22"  # of the facts


@pytest.fixture(scope="module")
def terminology(knowledge):
    return Terminology(TERMINOLOGY.value_sets.values(), {}, knowledge.terminology.units)


def result(value=None, unit=None, effective=None, comparator=None, **more):
    quantity = None if value is None else Quantity(value, comparator, unit, unit)
    return Lab("Observation/1", Concept([Coding(CODES, "assay")]), value_quantity=quantity, effective=effective, **more)


def truth(text, terminology, *labs, unavailable=frozenset()):
    known = facts(observations=list(labs), unavailable=unavailable)
    return compile_condition(text).predicate(Scope(known, terminology, []), None).truth


@pytest.mark.parametrize(
    ("lab", "expected"),
    [
        (result(1.6, "mg/dL"), True),
        (result(1.5, "mg/dL"), False),
        (result(16, "mg/L"), True),
        (result(0.016, "g/L"), True),
        (result(150, "umol/L"), None),  # a molar concentration is no mass
        (result(1.6), None),  # no unit: a bare number
        (result(1.6, "mg/dL", comparator="<"), None),
        (result(1.5, "mg/dL", comparator=">"), True),
        (result("1.6", "mg/dL"), None),
        (result(), None),
        (result(value_string="1.6"), None),
    ],
)
def test_a_value_is_compared_by_its_unit(terminology, lab, expected):
    inside = truth(f"%observations.where(code.memberOf('{ASSAY}') and value > 1.5 'mg/dL').exists()", terminology, lab)
    assert inside is bool(expected)


@pytest.mark.parametrize(
    ("lab", "expected"),
    [
        (result(1), True),
        (result(2), False),
        (result(1, "1"), True),
        (result(1, "kg"), False),
        (result(value_string="1"), True),
        (result(value_string=" 1.5 "), True),
        (result(value_string="2"), False),
        (result(value_string="1 (walks)"), False),
        (result(value_string="-1"), False),
        (result(value_string="1e0"), False),
    ],
)
def test_a_score_is_a_bare_number_also_in_writing(terminology, lab, expected):
    text = f"%observations.where(code.memberOf('{ASSAY}') and value < 2).exists()"
    assert truth(text, terminology, lab) is expected


def test_a_unit_that_no_table_knows_decides_nothing(terminology):
    text = f"%observations.where(code.memberOf('{ASSAY}') and value < 2 '{{odd}}').exists()"
    assert truth(text, terminology, result(1, "{odd}")) is False
    assert compile_condition(text).units == {"{odd}"}


NEWEST = f"%observations.where(code.memberOf('{ASSAY}')).newest().where(value < 60 'mL/min').exists()"
RECENT = (
    f"%observations.where(code.memberOf('{ASSAY}') and effective >= %orderDate - 90 days)"
    ".newest().where(value < 60 'mL/min').exists()"
)


def test_only_the_newest_result_counts(terminology):
    low, high = result(40, "mL/min", "2026-01-01"), result(80, "mL/min", "2026-06-01")
    assert truth(NEWEST, terminology, low, high) is False
    assert truth(NEWEST, terminology, high, low) is False
    assert truth(NEWEST, terminology, low) is True
    later = result(50, "mL/min", "2026-06-01T12:00:00Z")
    assert truth(NEWEST, terminology, low, high, later) is True


def test_results_outside_the_window_or_without_a_date_do_not_count(terminology):
    assert truth(RECENT, terminology, result(40, "mL/min", "2026-08-24")) is True
    assert truth(RECENT, terminology, result(40, "mL/min", "2026-08-23")) is False
    assert truth(RECENT, terminology, result(40, "mL/min", None)) is False
    assert truth(RECENT, terminology, result(40, "mL/min", "2026")) is False
    assert truth(NEWEST, terminology, result(40, "mL/min", None)) is False
    assert truth(NEWEST, terminology, unavailable=frozenset({"observations"})) is None


def test_the_evidence_of_a_newest_result_is_the_result(terminology):
    low, old = result(40, "mL/min", "2026-11-01"), result(30, "mL/min", "2025-11-01")
    known = facts(observations=[old, low])
    (evidence,) = compile_condition(RECENT).predicate(Scope(known, terminology, []), None).evidence
    assert evidence.record is low
    assert evidence.match.code.code == "assay"


def dates(*written):
    return [each.effective for each in newest([result(1, "g", each) for each in written])]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ((), []),
        ((None, "2026"), []),
        (("2026-02-30", "2026-02-01"), ["2026-02-01"]),
        (("2026-02-01", "2026-02-02"), ["2026-02-02"]),
        (("2026-02-02T08:00:00Z", "2026-02-02T09:00:00Z"), ["2026-02-02T09:00:00Z"]),
        (("2026-02-02T08:00:00-05:00", "2026-02-02T09:00:00Z"), ["2026-02-02T08:00:00-05:00"]),
        (("2026-02-02", "2026-02-02T09:00:00Z"), ["2026-02-02", "2026-02-02T09:00:00Z"]),  # either may be the later
        (("2026-02-02T09:00:00", "2026-02-02T08:00:00"), ["2026-02-02T09:00:00", "2026-02-02T08:00:00"]),
        (("2026-02-02T23:30:00-05:00", "2026-02-03T01:00:00Z"), ["2026-02-02T23:30:00-05:00"]),
        (("2026-02-02T99:00:00Z", "2026-02-01"), ["2026-02-02T99:00:00Z"]),
    ],
)
def test_the_newest_of_dates_times_and_time_zones(written, expected):
    assert dates(*written) == expected


@pytest.mark.parametrize(
    ("lab", "expected"),
    [
        (result(value_string="pos"), True),
        (result(value_string="POS."), True),
        (result(value_string="positive"), False),
        (result(value_codeable_concept=Concept([Coding(CODES, "pos")])), True),
        (result(value_codeable_concept=Concept([Coding("http://local", "17")], "pos")), True),
        (result(value_codeable_concept=Concept([Coding(CODES, "itch")], "pos")), False),
        (result(5, "mg"), False),
    ],
)
def test_a_coded_or_written_value_may_be_asked_for_membership(terminology, lab, expected):
    text = f"%observations.where(code.memberOf('{ASSAY}') and value.memberOf('{URLS['positive']}')).exists()"
    assert truth(text, terminology, lab) is expected
