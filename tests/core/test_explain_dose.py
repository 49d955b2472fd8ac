"""Why something of the dose is not known."""

import pytest

from cds_service.core.dose.regimens import Dose
from cds_service.core.explain.dose import NO_DOSE, NO_HEIGHT, why_not_known
from cds_service.core.units import Amount, Unit

KILOGRAMS = Amount(70.0, Unit("kg", "mass", 1000.0))
TEXTS = {"weight": "too old", "unreadable": "only text"}


@pytest.mark.parametrize(
    ("element", "because", "known"),
    [
        ("weight", "too old", {}),
        ("bodyMassIndex", "too old", {}),
        ("bodyMassIndex", NO_HEIGHT, {"weight": KILOGRAMS}),
        ("outcome", NO_DOSE, {}),
        ("outcome", "only text", {"given": True, "unreadable": True}),
        ("outcome", "too old", {"given": True, "weight_needed": True}),
        ("outcome", "", {"given": True}),
        ("perDay", "too old", {"given": True}),
        ("perCourse", "", {"given": True, "weight": KILOGRAMS}),
        ("rate", "", {}),
    ],
)
def test_the_order_the_weight_or_the_height_is_the_reason(element, because, known):
    assert why_not_known(Dose(**known, texts=TEXTS), element) == because


def test_without_rules_for_doses_nothing_is_said():
    assert why_not_known(Dose(), "outcome") == ""
