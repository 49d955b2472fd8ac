"""What a wrong reading of a dose could do."""

import pytest

from tests.core.dose_calls import amounts, call, changes, daily, dose_keys, quantity, weight
from tests.requests import PRIVIGEN, condition, request


def test_while_a_dose_has_slipped_only_its_correction_gives_the_draft_back(ask):
    (only,) = changes(ask(call(daily(4, "g/kg", 5))))
    assert only["label"] == "Change the dose to 0.4 g/kg"


def test_what_was_ordered_and_what_was_calculated_from_it_are_one_dose(ask):
    agreeing = amounts((28, "g"), (0.4, "g/kg"))
    assert dose_keys(ask(call(agreeing, weighed=[weight()]))) == set()
    (change,) = changes(ask(call(amounts((280, "g"), (4, "g/kg")), weighed=[weight()])))
    parts = change["actions"][0]["resource"]["dosageInstruction"][0]["doseAndRate"]
    assert [part["doseQuantity"]["value"] for part in parts] == [28, 0.4]


@pytest.mark.parametrize("given", [((400, "mg/kg"), (280, "g")), ((28, "g"), (4, "g/kg"))])
def test_amounts_that_disagree_are_not_read(ask, given):
    cards = ask(call(amounts(*given), weighed=[weight()]))
    assert dose_keys(cards) == set()
    assert any("its amounts disagree" in card["detail"] for card in cards)


def test_an_instruction_of_which_a_part_cannot_be_read_is_not_corrected(ask):
    cards = ask(call(amounts((4, "g/kg"), (70, "{vial}"))))
    assert dose_keys(cards) == {"dose-unit-suspect"}
    assert changes(cards) == []


@pytest.mark.parametrize(
    "ends",
    [{"low": quantity(0.4, "g/kg")}, {"low": quantity(0.4, "g/kg"), "high": quantity(100, "{vial}")}, {"low": 1}],
)
def test_a_range_with_one_readable_end_is_not_read(ask, ends):
    cards = ask(call({"doseAndRate": [{"doseRange": ends}]}))
    assert any("could not be read" in card["detail"] for card in cards)


@pytest.mark.parametrize("grams", [5, 7, 10])
def test_a_small_single_infusion_is_not_taken_for_a_tenth_of_a_dose(ask, grams):
    cards = ask(call(daily(grams, "g", 1), weighed=[weight()]))
    assert dose_keys(cards) == {"dose-too-low"}
    assert not any("dose" in each["label"] for each in changes(cards))


def test_a_low_repeated_dose_may_be_a_taper(ask):
    taper = daily(0.1, "g/kg", None, period=3, periodUnit="wk")
    assert dose_keys(ask(call(taper))) == {"dose-too-low"}
    milligrams = daily(1, "mg/kg", None, period=3, periodUnit="wk")
    assert dose_keys(ask(call(milligrams))) == {"dose-unit-suspect"}


@pytest.mark.parametrize(
    "repeat",
    [
        {"timeOfDay": ["08:00", "12:00", "18:00"], "boundsDuration": quantity(5, "d")},
        {"frequencyMax": 4, "boundsDuration": quantity(5, "d")},
        {"dayOfWeek": ["mon"], "boundsDuration": quantity(2, "wk")},
        {"boundsRange": {"low": quantity(5, "d"), "high": quantity(9, "d")}},
        {"when": ["MORN"]},
        {"boundsDuration": quantity(1e308, "a")},
        {"count": 5, "duration": 1e308, "durationUnit": "a"},
        {"period": 5e-324, "periodUnit": "d", "boundsDuration": quantity(5, "d")},
    ],
    ids=str,
)
def test_what_a_timing_leaves_open_is_neither_summed_nor_judged_to_fit(ask, repeat):
    dosage = daily(0.4, "g/kg", None, **{"period": 1, "periodUnit": "d"} | repeat)
    cards = ask(call(dosage))
    assert dose_keys(cards) == set()
    if "count" not in repeat:
        assert any("number of infusions not stated" in card["detail"] for card in cards)


def test_infusions_some_days_apart_have_not_slipped(ask):
    cards = ask(call(daily(1, "g/kg", 10, period=6)))
    assert dose_keys(cards) == {"dose-too-high"}


@pytest.mark.parametrize(
    ("dosage", "expected"),
    [
        (daily(30, "mg/kg/h", 1, duration=4, durationUnit="h"), "= 0.12 g/kg per course"),
        (daily(0.4, "g/kg/d", 5), "= 2 g/kg per course"),
        (daily(0.4, "g/kg/d", None, duration=5, durationUnit="d"), "= 2 g/kg per course"),
        (daily(30, "mg/kg/h", 1), "could not be read"),
        ({"doseAndRate": [{"rateQuantity": quantity(4, "g/kg/d")}]}, "could not be read"),
    ],
)
def test_an_amount_per_time_is_that_of_the_time_an_infusion_takes(ask, dosage, expected):
    assert any(expected in card["detail"] for card in ask(call(dosage)))


def test_a_course_fits_a_regimen_only_in_its_days_and_at_its_interval(ask):
    over_days, at_once = call(daily(0.4, "g/kg", 5)), call(daily(2, "g/kg", 1))
    assert any("this fits" in card["detail"] for card in ask(over_days))
    assert not any("this fits" in card["detail"] for card in ask(at_once))
    maintained = call(daily(1, "g/kg", None, period=3, periodUnit="wk"))
    assert any("this fits" in card["detail"] for card in ask(maintained))


def test_a_dose_that_was_written_is_told_with_every_digit(ask):
    cards = ask(call(daily(139.64, "g", 2), weighed=[weight()]))
    assert any("139.64 g x 2" in card["detail"] for card in cards)


@pytest.mark.parametrize("weights", [[weight(70), weight(7)], [weight(7), weight(70)]])
def test_two_weights_of_one_day_that_differ_are_none(ask, weights):
    cards = ask(call(daily(28, "g", 5), weighed=weights))
    assert dose_keys(cards) == {"weight-missing"}
    assert any("of one day, differ" in card["detail"] for card in cards)


def test_seven_kilograms_are_plausible_in_an_infant_only(ask):
    infant = call(daily(2.8, "g", 5), weighed=[weight(7)])
    infant["prefetch"]["patient"]["birthDate"] = "2026-04-01"
    assert dose_keys(ask(infant)) == set()
    assert dose_keys(ask(call(daily(2.8, "g", 5), weighed=[weight(7)]))) == {"weight-missing"}


@pytest.mark.parametrize(("born", "expected"), [("2008-11-22", {"weight-missing"}), ("2008-11-23", set())])
def test_an_adult_is_one_from_the_eighteenth_birthday_on(ask, born, expected):
    body = call(daily(8, "g", 5), weighed=[weight(20)])
    body["prefetch"]["patient"]["birthDate"] = born
    assert dose_keys(ask(body)) == expected


def test_a_quantity_that_is_repeated_or_a_range_is_not_read(ask):
    asked = {"resourceType": "ServiceRequest", "id": "s1", "status": "draft", "subject": {"reference": "Patient/p1"}}
    asked |= {"code": {"coding": [PRIVIGEN]}, "quantityQuantity": quantity(2, "g/kg")}
    for more in ({"occurrenceTiming": {"repeat": {"count": 5}}}, {"quantityRange": {"low": quantity(2, "g/kg")}}):
        cards = ask(request(condition("G61.81"), orders=[asked | more]))
        assert any("could not be read" in card["detail"] for card in cards)
