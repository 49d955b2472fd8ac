"""The dose of one order: its instructions, the patient's weight and the regimens brought together."""

from collections.abc import Iterable

from cds_service.core.dose.course import Course, courses
from cds_service.core.dose.dosage import Limits, read_rates
from cds_service.core.dose.instructions import Basis, Reading, read_instructions
from cds_service.core.dose.regimens import (
    FITS,
    WITHIN,
    Dose,
    DoseRules,
    Finding,
    Regimen,
    adjusted_weight,
    body_mass_index,
    compare,
    gravest,
    highest_course,
    to_mass,
)
from cds_service.core.dose.timing import Span
from cds_service.core.dose.weight import newest_result, read_weight
from cds_service.core.facts import Facts
from cds_service.core.units import Amount, Unit, plain
from cds_service.core.valueset import Terminology


def assess(facts: Facts, terminology: Terminology, rules: DoseRules, regimens: Iterable[Regimen]) -> Dose:
    """Return what is known of the dose of the order, with the texts that cards say of it."""
    return _Assessment(facts, terminology, rules, tuple(regimens)).dose()


class _Assessment:
    def __init__(self, facts: Facts, terminology: Terminology, rules: DoseRules, regimens: tuple[Regimen, ...]) -> None:
        self.facts, self.rules, self.regimens = facts, rules, regimens
        self.terminology, self.units = terminology, terminology.units
        self.weight = read_weight(facts, terminology, rules)
        self.unit = rules.highest.unit
        self.basis = Basis(self.units, self.weight.amount, self._strength(), self.unit, rules.tolerance / 2)

    def dose(self) -> Dose:
        readings, unreadable = read_instructions(self.facts.order, self.basis)
        dose = Dose(
            given=True if readings else None, unreadable=True if unreadable else None, weight=self.weight.amount
        )
        dose.texts = {"weight": self.weight.said, "unreadable": unreadable or ""}
        dose.rate = self._rate()
        if dose.rate:
            dose.texts["rate"] = str(dose.rate)
        if readings and not unreadable:
            self._judge(readings, dose)
        self._adjust(dose)
        return dose

    def _judge(self, readings: list[Reading], dose: Dose) -> None:
        parts = [reading.part for reading in readings if reading.part]
        dose.texts["given"] = "; ".join(map(_said, readings))
        dose.weight_needed = len(parts) < len(readings)
        if dose.weight_needed:
            return
        given = courses(parts, self.rules.gap_days, self.rules.close_days)
        finding = gravest(compare(each, self.regimens, self.rules) for each in given)
        totals = [course.total.high for course in given if course.total]
        dose.per_course = Amount(max(totals), self.unit) if totals else None
        dose.per_day = self._per_day(readings)
        if dose.per_day:
            dose.texts["perDay"] = str(dose.per_day)
        if finding:
            self._tell(finding, given, readings, dose)

    def _tell(self, finding: Finding, given: list[Course], readings: list[Reading], dose: Dose) -> None:
        dose.outcome = finding.outcome
        is_alarm = finding.outcome not in (FITS, WITHIN)
        told = [finding.course] if is_alarm else given
        dose.texts["given"] = "; then ".join(self._course(each, readings) for each in told)
        dose.texts |= {} if finding.outcome == FITS else self._limits()
        if finding.regimen:
            dose.texts["regimen"] = f"{finding.regimen.title} ({finding.regimen.source})"
        if finding.slip:
            up, down, places = finding.slip
            slipped = [each for each in readings if each.place in places]
            dose.slip = finding.slip if all(each.is_correctable for each in slipped) else None
            dose.texts["slip"] = f"{max(up, down)}-fold too {'low' if up > down else 'high'}"
            dose.texts["meant"] = "; ".join(dict.fromkeys(_scaled(each.dose.amount, up, down) for each in slipped))

    def _course(self, course: Course, readings: list[Reading]) -> str:
        """Return a course in words: what is written, and what that is per kilogram and course."""
        members = frozenset(course.members)
        written = "; ".join(_said(each) for each in readings if each.place in members)
        amount = course.total or course.infusion
        span = _span(amount.low, amount.high, self.unit)
        said = span if written == span else f"{written} = {span}"
        parts = [f"{said} {'per course' if course.total else 'per infusion, number of infusions not stated'}"]
        if course.every:
            parts.append(f"every {_between(course.every)} days")
        if self.weight.amount:
            parts.append(f"at {self.weight.said}")
        return " ".join(parts)

    def _per_day(self, readings: list[Reading]) -> Amount | None:
        return self._grams(max((_of_a_day(reading) for reading in readings), default=0.0))

    def _grams(self, per_kilogram: float) -> Amount | None:
        gram = self.units.find("g")
        if not self.weight.amount or not gram:
            return None
        return Amount(per_kilogram * self.unit.factor * self._kilograms(self.weight.amount) / gram.factor, gram)

    def _kilograms(self, weight: Amount) -> float:
        return weight.value * weight.unit.factor

    def _rate(self) -> Amount | None:
        target = self.units.find("mg/kg/min")
        found = [rate for each in self.facts.order.dosages for rate in read_rates(each, self.units)]
        values = [self._in_rate(each if isinstance(each, Amount) else _ratio(*each), target) for each in found]
        known = [value for value in values if value is not None]
        return Amount(max(known), target) if known and target else None

    def _in_rate(self, rate: Amount, target: Unit | None) -> float | None:
        mass = to_mass(rate, self.basis.strength)
        if mass is None or target is None:
            return None
        if mass.unit.dimension == "mass/time" and self.weight.amount:
            return mass.value * mass.unit.factor / self._kilograms(self.weight.amount) / target.factor
        return mass.to(target)

    def _strength(self) -> Amount | None:
        held = [self.terminology.members(code) for code in self.facts.order.code]
        found = {strength for url, strength in self.rules.concentrations for sets in held if url in sets}
        return found.pop() if len(found) == 1 else None

    def _adjust(self, dose: Dose) -> None:
        result, weight = newest_result(self.facts, self.terminology, self.rules.height), self.weight.amount
        height = self.units.amount(result.value_quantity) if result else None
        if weight is None or height is None:
            return
        dose.body_mass_index = body_mass_index(weight, height, self.units.find("kg/m2"))
        sex = self.facts.patient.gender if self.facts.patient else None
        if self.rules.adjusted and dose.body_mass_index and isinstance(sex, str):
            adjusted = adjusted_weight(self.rules.adjusted, weight, height, sex)
            dose.texts |= {"adjustedWeight": str(adjusted)} if adjusted else {}

    def _limits(self) -> dict[str, str]:
        lowest = min((each.amount.low for each in self.regimens), default=None)
        said = {"highest": self._in_grams(highest_course(self.regimens, self.rules))}
        return said | ({"lowest": self._in_grams(lowest)} if lowest is not None else {})

    def _in_grams(self, value: float) -> str:
        said, grams = str(Amount(value, self.unit)), self._grams(value)
        return f"{said} ({grams} at {self.weight.amount})" if grams else said


def _of_a_day(reading: Reading) -> float:
    if reading.part is None:
        return 0.0
    schedule, amount = reading.part.schedule, reading.part.amount.high
    if schedule.days.high > 1:
        return amount / schedule.days.high
    is_often = schedule.every is not None and schedule.every.low <= 1
    return amount * schedule.times / schedule.every.low if is_often and schedule.every else amount


def _ratio(over: Amount, under: Amount) -> Amount:
    dimension = "/".join(filter(None, (over.unit.dimension, under.unit.dimension)))
    unit = Unit(f"{over.unit.code}/{under.unit.code}", dimension, over.unit.factor / under.unit.factor)
    return Amount(over.value / under.value, unit)


def _span(low: float, high: float, unit: Unit) -> str:
    ends = dict.fromkeys((plain(low), plain(high)))
    return f"{' to '.join(ends)} {unit.code}"


def _between(days: Span) -> str:
    return " to ".join(dict.fromkeys((plain(days.low), plain(days.high))))


def _written(amount: Limits) -> str:
    return " to ".join(dict.fromkeys(each.written for each in amount))


def _said(reading: Reading) -> str:
    schedule, amount = reading.dose.schedule, _written(reading.dose.amount)
    if schedule.times > 1:
        amount += f", {schedule.times} times"
    return f"{amount} x {schedule.infusions}" if (schedule.infusions or 1) > 1 else amount


def _scaled(amount: Limits, up: int, down: int) -> str:
    return _written(Limits(*(Amount(each.value * up / down, each.unit) for each in amount)))
