"""The body weight that a dose is reckoned with: the newest, while it is fresh and plausible."""

from dataclasses import dataclass

from cds_service.core.dose.dosage import exact
from cds_service.core.dose.regimens import DoseRules
from cds_service.core.facts import Facts
from cds_service.core.fhirpath.dates import Partial, compare, parse_date, shift
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
    return next(iter(_newest(facts, terminology, value_set)), None)


def _newest(facts: Facts, terminology: Terminology, value_set: str) -> list[Lab]:
    found = facts.results_in(value_set, terminology)
    return newest(found) or found[:1]


def read_weight(facts: Facts, terminology: Terminology, rules: DoseRules) -> Weight:
    """Return the newest weight; an old or implausible one does not count, and no older one is taken in its place."""
    results = _newest(facts, terminology, rules.weight)
    if not results:
        return Weight(None, "no weight is available")
    weights = [exact(each.value_quantity, terminology.units) for each in results]
    low, high = rules.plausible_for(_is_adult(facts, rules))
    values = [amount.to(low.unit) if amount else None for amount in weights]
    amount, value = weights[0], values[0]
    if amount is None or value is None or None in values:
        return Weight(None, "the newest weight has no readable value and unit")
    if any(other is not None and abs(other - value) > rules.tolerance * value for other in values):
        return Weight(None, "the newest weights, of one day, differ")
    if not low.value <= value <= high.value:
        return Weight(None, f"the newest weight, {amount.written}, is not plausible")
    return _dated(amount, parse_date(results[0].effective), facts, rules)


def _dated(amount: Amount, day: Partial | None, facts: Facts, rules: DoseRules) -> Weight:
    if day is None:
        return Weight(amount, f"{amount.written} (undated)")
    written = "-".join(f"{part:02}" for part in day)
    if compare(day, shift(facts.order_date, -int(rules.weight_days), "day")) == -1:
        limit = plain(rules.weight_days)
        return Weight(None, f"the newest weight is of {written}, more than {limit} days before the order")
    return Weight(amount, f"{amount.written} ({written})")


def _is_adult(facts: Facts, rules: DoseRules) -> bool:
    born = parse_date(facts.patient.birth_date) if facts.patient else None
    return born is not None and compare(born, shift(facts.order_date, -rules.adult_years, "year")) in (-1, 0)
