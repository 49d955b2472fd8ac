"""Laws of dose arithmetic: units, splitting and order change nothing, a correction mends what it is offered for."""

import copy

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.core.dose_calls import GRAMS, KILOGRAMS, PER_KILOGRAM, call, daily, dose_keys, keys, weight

DISORDERS = ["G61.81", "G61.0", "G70.01", "G61.82", "M33.13", "M33.22", "G70.80", "G72.41"]
AMOUNTS = st.builds(lambda digits, place: float(f"{digits}e{place}"), st.integers(1, 999), st.integers(-4, 4))
SCHEDULES = [{}, {"period": 2}, {"period": 3, "periodUnit": "wk"}, {"period": 1, "periodUnit": "mo"}]


@settings(max_examples=150, deadline=None)
@given(
    grams=st.integers(1, 3000).map(lambda tenths: tenths / 10),
    infusions=st.integers(1, 6),
    unit=st.sampled_from(sorted(GRAMS)),
    kilograms=st.integers(40, 130),
    scale=st.sampled_from(sorted(KILOGRAMS)),
)
def test_the_unit_of_dose_and_weight_changes_no_warning(ask, grams, infusions, unit, kilograms, scale):
    plain = call(daily(grams, "g", infusions), weighed=[weight(kilograms)])
    converted = call(daily(grams * GRAMS[unit], unit, infusions), weighed=[weight(kilograms * KILOGRAMS[scale], scale)])
    per_kilogram = call(daily(grams / kilograms, "g/kg", infusions), weighed=[weight(kilograms)])
    expected = dose_keys(ask(plain))
    assert dose_keys(ask(converted)) == expected
    assert dose_keys(ask(per_kilogram)) == expected


@settings(max_examples=150, deadline=None)
@given(
    value=AMOUNTS,
    infusions=st.integers(2, 8),
    cut=st.integers(1, 7),
    diagnosis=st.sampled_from(DISORDERS),
    shuffled=st.booleans(),
)
@example(value=2.1, infusions=6, cut=1, diagnosis="G70.01", shuffled=False)
def test_splitting_the_days_and_the_order_of_the_entries_changes_no_warning(
    ask, value, infusions, cut, diagnosis, shuffled
):
    assume(cut < infusions)
    whole = call(daily(value, "g/kg", infusions), diagnosis=diagnosis)
    parts = [daily(value, "g/kg", cut), daily(value, "g/kg", infusions - cut)]
    split = call(*(reversed(parts) if shuffled else parts), diagnosis=diagnosis)
    assert dose_keys(ask(split)) == dose_keys(ask(whole))


@settings(max_examples=200, deadline=None)
@given(
    value=st.sampled_from([0.4, 0.5, 1, 1.2, 2, 2.6, 3, 4, 6, 20, 25, 200, 2000, 0.2, 0.02, 0.0004]) | AMOUNTS,
    unit=st.sampled_from(sorted(PER_KILOGRAM) + sorted(GRAMS)),
    infusions=st.sampled_from([None, 1, 2, 5]),
    repeat=st.sampled_from(SCHEDULES),
    diagnosis=st.sampled_from(DISORDERS),
)
def test_a_suggested_dose_sent_again_no_longer_warns(ask, value, unit, infusions, repeat, diagnosis):
    scale = PER_KILOGRAM[unit] if unit in PER_KILOGRAM else GRAMS[unit] * 70
    body = call(daily(value * scale, unit, infusions, **repeat), weighed=[weight(70)], diagnosis=diagnosis)
    cards = ask(body)
    changes = [each for card in cards for each in card.get("suggestions", []) if "dose" in each["label"]]
    assert bool(changes) is ("dose-unit-suspect" in keys(cards))
    for change in changes:
        (action,) = change["actions"]
        again = copy.deepcopy(body)
        again["context"]["draftOrders"]["entry"][0]["resource"] = action["resource"]
        assert dose_keys(ask(again)) == set()
