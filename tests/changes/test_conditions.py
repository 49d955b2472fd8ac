"""Conditions held against each other: no difference goes unseen, and none is told as another."""

from cds_service.changes.condition import compare_conditions
from cds_service.changes.names import Names
from cds_service.core.fhirpath.parser import parse_fhirpath

NAMES = Names({}, {}, {})


def test_conditions_that_read_alike_are_told_as_they_are_written():
    newest_high = "%observations.where(code.memberOf('s')).newest().where(value >= 30 'kg').exists()"
    any_high = "%observations.where(code.memberOf('s')).where(value >= 30 'kg').newest().exists()"
    parts = compare_conditions(parse_fhirpath(newest_high), parse_fhirpath(any_high), NAMES)
    assert parts
    assert all(part.old != part.new for part in parts)


def test_numbers_are_told_to_the_last_digit():
    ends = [parse_fhirpath(f"%dose.weight >= {number} 'g'") for number in ("1000000", "1000001")]
    (part,) = compare_conditions(*ends, NAMES)
    assert part.old != part.new


def test_an_empty_search_is_no_record_and_not_something_unknown():
    old, new = "%problems.where(code.memberOf('s')).exists()", "%problems.where(code.memberOf('s')).empty()"
    (part, *_) = compare_conditions(parse_fhirpath(old), parse_fhirpath(new), NAMES)
    assert "not known" not in str(part)
