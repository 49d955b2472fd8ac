"""Units of measure: spellings, conversion, and what a comparator leaves open."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.core.resources import Quantity
from cds_service.core.units import UCUM, Amount, order_of, plain


@pytest.fixture(scope="module")
def units(knowledge):
    return knowledge.terminology.units


# Worth of a unit by definition (SI, and the international avoirdupois pound of 1959: exactly 0.45359237 kg)
WORTH = [
    ("mg", "g", 0.001),
    ("ug", "g", 1e-6),
    ("kg", "g", 1000),
    ("[lb_av]", "kg", 0.45359237),
    ("[oz_av]", "g", 28.349523125),
    ("mL", "L", 0.001),
    ("mg/kg", "g/kg", 0.001),
    ("ug/kg", "mg/kg", 0.001),
    ("g/kg/d", "mg/kg/d", 1000),
    ("g/kg/h", "mg/kg/min", 1000 / 60),
    ("mg/kg/h", "mg/kg/min", 1 / 60),
    ("mL/h", "mL/min", 1 / 60),
    ("wk", "d", 7),
    ("h", "d", 1 / 24),
    ("min", "h", 1 / 60),
    ("a", "d", 365.25),
    ("mo", "d", 365.25 / 12),
    ("m", "cm", 100),
    ("[in_i]", "cm", 2.54),
    ("[ft_i]", "[in_i]", 12),
    ("g/dL", "mg/dL", 1000),
    ("g/L", "mg/dL", 100),
    ("mmol/L", "umol/L", 1000),
    ("mL/min/{1.73_m2}", "mL/min", 1),
]


@pytest.mark.parametrize(("one", "other", "factor"), WORTH)
def test_a_unit_is_worth_what_its_definition_says(units, one, other, factor):
    found = Amount(1, units.by_code[one]).to(units.by_code[other])
    assert math.isclose(found, factor, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("one", "other"),
    [("g", "mL"), ("g/kg", "g"), ("g/kg", "1"), ("mg/kg", "mg/kg/min"), ("mg/dL", "umol/L"), ("d", "kg"), ("cm", "kg")],
)
def test_units_of_two_dimensions_are_not_converted(units, one, other):
    assert Amount(1, units.by_code[one]).to(units.by_code[other]) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("g", "g"),
        ("Grams", "g"),
        ("gm", "g"),
        ("KG", "kg"),
        ("kilograms", "kg"),
        ("lbs", "[lb_av]"),
        ("pounds", "[lb_av]"),
        ("µg", "ug"),
        ("μg", "ug"),
        ("mcg", "ug"),
        ("ml", "mL"),
        ("cc", "mL"),
        ("mL / kg", "mL/kg"),
        ("g/kg", "g/kg"),
        ("mg/kg/min", "mg/kg/min"),
        ("mL/hr", "mL/h"),
        ("weeks", "wk"),
        ("mL/min/1.73m2", "mL/min/{1.73_m2}"),
        ("µmol/L", "umol/L"),
        ("in", "[in_i]"),
    ],
)
def test_a_unit_is_known_by_its_spellings(units, text, code):
    assert units.find(text).code == code


@pytest.mark.parametrize("text", ["", "{vial}", "[iU]", "Cel", "stone", "bottle", "%", None, 5, ["kg"]])
def test_what_is_no_known_unit_is_not_guessed(units, text):
    assert units.find(text) is None
    assert units.amount(Quantity(5, None, text, text)) is None or text is None


def test_the_code_is_asked_before_the_print_name(units):
    assert units.amount(Quantity(5, None, "kilos of patient", "kg")).unit.code == "kg"
    assert units.amount(Quantity(5, None, "kg", "{odd}")).unit.code == "kg"
    assert units.amount(Quantity(5, None, "kgs", "kg", UCUM)).unit.code == "kg"


@pytest.mark.parametrize(
    ("unit", "code", "system"),
    [("pounds", "kg", None), ("mg/kg", "g/kg", UCUM), ("vials", "g", "http://local"), (None, "g", "http://local")],
)
def test_a_code_that_its_unit_contradicts_or_that_is_not_of_ucum_is_not_believed(units, unit, code, system):
    assert units.amount(Quantity(5, None, unit, code, system)) is None


def test_what_differs_by_rounding_alone_is_equal(units):
    five_times = units.by_code["g/kg"], 0.4 * 5 * (1 - 1e-15)
    quantity, amount = Quantity(five_times[1]), Amount(five_times[1], five_times[0])
    assert order_of(quantity, amount, Amount(2.0, five_times[0])) == 0


@pytest.mark.parametrize("value", ["5", None, True, [5], {"value": 5}])
def test_only_a_json_number_is_an_amount(units, value):
    assert units.amount(Quantity(value, None, "kg", "kg")) is None


@given(value=st.floats(0.001, 1e6), pair=st.sampled_from(WORTH))
def test_there_and_back_is_the_same_amount(units, value, pair):
    one, other = units.by_code[pair[0]], units.by_code[pair[1]]
    there = Amount(value, one).to(other)
    assert math.isclose(Amount(there, other).to(one), value, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("value", "comparator", "bound", "expected"),
    [
        (59, None, 60, -1),
        (60, None, 60, 0),
        (61, None, 60, 1),
        (60, "<", 60, -1),
        (50, "<", 60, -1),
        (61, "<", 60, None),
        (60, "<=", 60, None),
        (59, "<=", 60, -1),
        (60, ">", 60, 1),
        (90, ">", 60, 1),
        (59, ">", 60, None),
        (60, ">=", 60, None),
        (61, ">=", 60, 1),
        (60, "~", 60, None),
        (60, 5, 60, None),
    ],
)
def test_a_comparator_decides_only_where_every_value_lies_on_one_side(units, value, comparator, bound, expected):
    quantity = Quantity(value, comparator, "kg", "kg")
    assert order_of(quantity, units.amount(quantity), Amount(bound, units.by_code["kg"])) == expected


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (140, "140"),
        (0.4, "0.4"),
        (2.0, "2"),
        (0.333333, "0.333"),
        (140000, "140000"),
        (0.0004, "0.0004"),
        (1e-9, "0.000000001"),
    ],
)
def test_numbers_are_written_plainly(number, text):
    assert plain(number) == text
