"""The body weight that a dose is reckoned with: the newest, while it is fresh and plausible."""

from dataclasses import dataclass

from cds_service.core.dosing import DoseRules
from cds_service.core.facts import Facts
from cds_service.core.fhirpath.dates import compare, parse_date, shift
from cds_service.core.records import Lab, newest
from cds_service.core.units import Amount, plain
from cds_service.core.valueset import Terminology


@dataclass(frozen=True)
class Weight:
    """The weight that counts, and how it is said; or None, and why there is none."""

    amount: Amount | None
    said: str


def newest_result(facts: Facts, terminology: Terminology, value_set: str) -> Lab | None:
    """Return the newest result of a value set; an undated one only where none is dated."""
    found = facts.results_in(value_set, terminology)
    return next(iter(newest(found) or found), None)


def read_weight(facts: Facts, terminology: Terminology, rules: DoseRules) -> Weight:
    """Return the newest weight; an old or implausible one does not count, and no older one is taken in its place."""
    result = newest_result(facts, terminology, rules.weight)
    if result is None:
        return Weight(None, "no weight is available")
    amount = terminology.units.amount(result.value_quantity)
    low, high = rules.plausible
    value = amount.to(low.unit) if amount else None
    if amount is None or value is None:
        return Weight(None, "the newest weight has no readable value and unit")
    if not low.value <= value <= high.value:
        return Weight(None, f"the newest weight, {amount}, is not plausible")
    day = parse_date(result.effective)
    if day is None:
        return Weight(amount, f"{amount} (undated)")
    written = "-".join(f"{part:02}" for part in day)
    if compare(day, shift(facts.order_date, -int(rules.weight_days), "day")) == -1:
        limit = plain(rules.weight_days)
        return Weight(None, f"the newest weight is of {written}, more than {limit} days before the order")
    return Weight(amount, f"{amount} ({written})")
