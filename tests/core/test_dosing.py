"""Doses against the regimens of the shipped plans."""

import pytest

from tests.core.dose_calls import call, daily, dose_keys, quantity, weight
from tests.requests import RXNORM

# What is compared. Amounts are those of the 2009 statement: CIDP 2 g/kg over 2-5 days, or 0.5 to 2 g/kg repeated.


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [
        ({"count": 5}, set()),
        ({"count": 5, "period": 24, "periodUnit": "h"}, set()),
        ({"boundsDuration": quantity(5, "d")}, set()),
        ({"boundsDuration": quantity(1, "wk")}, {"dose-too-high"}),  # seven infusions: 2.8 g/kg
        ({"boundsPeriod": {"start": "2026-11-22", "end": "2026-11-26"}}, set()),
        ({"boundsPeriod": {"start": "2026-11-22", "end": "2026-11-29"}}, {"dose-too-high"}),
        ({"boundsPeriod": {"start": "2026-11-22"}}, set()),  # the number of infusions is not said
        ({"count": 10}, {"dose-too-high"}),
        ({"count": 5, "countMax": 10}, {"dose-too-high"}),
        ({"frequency": 2, "boundsDuration": quantity(5, "d")}, {"dose-too-high"}),
        ({"count": 0}, set()),
        ({"count": "5"}, set()),
        ({"count": 5, "period": 3, "periodUnit": "wk"}, {"dose-too-low"}),  # 0.4 g/kg every three weeks
        ({"frequency": 5, "period": 3, "periodUnit": "wk"}, set()),  # 2 g/kg every three weeks
        ({"count": 5, "period": 0}, set()),
        ({"count": 1e9}, set()),
    ],
)
def test_the_timing_says_how_many_infusions_a_course_has(ask, repeat, expected):
    dosage = daily(0.4, "g/kg", None, **{"period": 1, "periodUnit": "d"} | repeat)
    assert dose_keys(ask(call(dosage))) == expected


def test_dates_of_a_timing_are_infusions(ask):
    dated = {"timing": {"event": [f"2026-11-{day}" for day in range(20, 30)]}}
    assert dose_keys(ask(call(daily(0.4, "g/kg") | dated))) == {"dose-too-high"}
    dated["timing"]["event"] = dated["timing"]["event"][:5]
    assert dose_keys(ask(call(daily(0.4, "g/kg") | dated))) == set()


def test_a_load_and_its_maintenance_in_one_order_are_two_courses(ask):
    load = daily(0.4, "g/kg", 5)
    maintenance = daily(1, "g/kg", None, period=3, periodUnit="wk")
    assert dose_keys(ask(call(load, maintenance))) == set()
    assert dose_keys(ask(call(maintenance, load))) == set()
    assert dose_keys(ask(call(load, daily(10, "g/kg", None, period=3, periodUnit="wk")))) == {"dose-unit-suspect"}


def test_only_the_instruction_that_slipped_is_changed(ask):
    load = daily(0.4, "g/kg", 5)
    (slip,) = [
        each
        for card in ask(call(load, daily(10, "g/kg", None, period=3, periodUnit="wk")))
        for each in card.get("suggestions", [])
        if "dose" in each["label"]
    ]
    first, second = slip["actions"][0]["resource"]["dosageInstruction"]
    assert first == load
    assert second["doseAndRate"][0]["doseQuantity"] == quantity(1, "g/kg")


@pytest.mark.parametrize(
    ("weighed", "expected", "said"),
    [
        ([weight(70)], set(), "at 70 kg (2026-11-20)"),
        ([weight(154.32, "[lb_av]")], set(), "at 154.32 [lb_av] (2026-11-20)"),
        ([weight(30, day="2026-11-01"), weight(70)], set(), "at 70 kg (2026-11-20)"),
        ([weight(70, day=None)], set(), "at 70 kg (undated)"),
        ([], {"weight-missing"}, "no weight is available"),
        ([weight(70, day="2026-08-24")], set(), "(2026-08-24)"),
        ([weight(70, day="2026-08-23")], {"weight-missing"}, "the newest weight is of 2026-08-23, more than 90 days"),
        ([weight(7000)], {"weight-missing"}, "the newest weight, 7000 kg, is not plausible"),
        ([weight(70, "stone")], {"weight-missing"}, "no readable value and unit"),
        ([weight(70, status="entered-in-error")], {"weight-missing"}, "no weight is available"),
    ],
)
def test_the_newest_weight_counts_while_it_is_fresh_and_plausible(ask, weighed, expected, said):
    cards = ask(call(daily(28, "g", 5), weighed=weighed))
    assert dose_keys(cards) == expected
    assert any(said in card["detail"] for card in cards)


def test_a_dose_per_kilogram_needs_no_weight(ask):
    assert dose_keys(ask(call(daily(0.4, "g/kg", 5)))) == set()


@pytest.mark.parametrize(
    "dosage",
    [
        {"text": "2 g/kg over 5 days"},
        daily(5, "{vial}", 5),
        daily(300, "mL", 5),  # the product, in the order of the test, is known by its code; see below
        daily(5, None, 5),
        {"doseAndRate": [{"doseQuantity": {"value": 400, "comparator": "<", "unit": "mg/kg"}}]},
        {"doseAndRate": [{"doseQuantity": {"unit": "g"}}]},
    ],
    ids=["text", "vials", "volume", "no unit", "comparator", "no value"],
)
def test_a_dose_that_cannot_be_read_is_said_and_never_judged(ask, dosage):
    unknown = {"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "5666"}]}}
    cards = ask(call(dosage, weighed=[weight()], **unknown))
    assert dose_keys(cards) == set()
    assert any("could not be read" in card["detail"] for card in cards)


@pytest.mark.parametrize("dosage", [{}, {"text": "as directed"}, {"route": {"text": "IV"}}, {"timing": {}}])
def test_no_dose_yet_is_normal(ask, dosage):
    cards = ask(call(dosage))
    assert dose_keys(cards) == set()
    assert not any("could not be read" in card["detail"] for card in cards)


def test_a_volume_is_a_mass_by_the_strength_of_the_product(ask):
    ten_percent = call(daily(1400, "mL", 1), weighed=[weight()])  # Privigen, 100 mg/mL: 140 g, 2 g/kg
    cards = ask(ten_percent)
    assert dose_keys(cards) == set()
    assert any("= 2 g/kg per course" in card["detail"] for card in cards)


def test_one_readable_and_one_unreadable_instruction_are_not_summed(ask):
    cards = ask(call(daily(0.4, "g/kg", 5), {"text": "then 1 g/kg every 3 weeks"}))
    assert dose_keys(cards) == set()
    assert any("could not be read" in card["detail"] for card in cards)


@pytest.mark.parametrize(
    ("per_day", "infusions", "expected"),
    [
        (0.36, 5, None),  # 1.8 g/kg: the lowest course less 10%, though the sum in binary is less
        (0.6, 3, None),
        (0.358, 5, "warning"),
        (0.44, 5, None),  # 2.2 g/kg: the highest course and 10%
        (0.441, 5, "warning"),
        (19.9, 1, "critical"),  # a slip: 1.99 g/kg
        (4.2, 5, "critical"),  # 21 g/kg: a slip at half the tolerance
        (4.3, 5, "critical"),  # 21.5 g/kg: no slip, but more than ten times 2 g/kg
        (3.6, 5, "warning"),  # 18 g/kg: neither
    ],
)
def test_an_amount_on_a_limit_is_within_it_and_ten_times_the_highest_is_critical(ask, per_day, infusions, expected):
    cards = ask(call(daily(per_day, "g/kg", infusions), diagnosis="G61.0"))
    assert next((each["indicator"] for each in cards if dose_keys([each])), None) == expected


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["2026-11-23", "2026-11-25", "2026-11-27"], {"dose-too-high"}),  # 3 g/kg in one course
        (["2026-11-23", "2026-11-26", "2026-11-29"], set()),  # how many of them are one course is not known
    ],
)
def test_dates_far_apart_are_not_added_up(ask, dates, expected):
    assert dose_keys(ask(call(daily(1, "g/kg") | {"timing": {"event": dates}}))) == expected
