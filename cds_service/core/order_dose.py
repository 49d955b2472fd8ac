"""The dose of one order: its instructions, the patient's weight and the regimens brought together."""

from collections.abc import Iterable

from cds_service.core import dosing
from cds_service.core.dosage import (
    Course,
    Dosage,
    DoseAndRate,
    Schedule,
    Span,
    courses,
    frequency_of,
    read_dose,
    read_rates,
)
from cds_service.core.dosage import Dose as Instruction
from cds_service.core.dosing import Dose, DoseRules, Finding, Regimen
from cds_service.core.facts import Facts
from cds_service.core.resources import Quantity, many
from cds_service.core.units import Amount, Unit, plain
from cds_service.core.valueset import Terminology
from cds_service.core.weight import newest_result, read_weight

ONCE = Schedule(1, None, Span(1, 1))


def assess(facts: Facts, terminology: Terminology, rules: DoseRules, regimens: Iterable[Regimen]) -> Dose:
    """Return what is known of the dose of the order, with the texts that cards say of it."""
    return _Assessment(facts, terminology, rules, tuple(regimens)).dose()


class _Assessment:
    def __init__(self, facts: Facts, terminology: Terminology, rules: DoseRules, regimens: tuple[Regimen, ...]) -> None:
        self.facts, self.rules, self.regimens = facts, rules, regimens
        self.terminology, self.units = terminology, terminology.units
        self.weight = read_weight(facts, terminology, rules)
        self.strength = self._strength()
        self.unit = rules.highest.unit

    def dose(self) -> Dose:
        found, unreadable = self._instructions()
        dose = Dose(given=True if found else None, unreadable=True if unreadable else None, weight=self.weight.amount)
        dose.texts = {"weight": self.weight.said, "unreadable": unreadable or ""}
        dose.rate = self._rate()
        if dose.rate:
            dose.texts["rate"] = str(dose.rate)
        if found and not unreadable:
            self._judge(found, dose)
        self._adjust(dose)
        return dose

    def _judge(self, found: list[tuple[int, Instruction, int]], dose: Dose) -> None:
        amounts = [(place, self._per_kilogram(each), each.schedule, times) for place, each, times in found]
        dose.texts["given"] = "; ".join(_said(each, times) for _, each, times in found)
        known = [(place, span, schedule, times) for place, span, schedule, times in amounts if span]
        dose.weight_needed = len(known) < len(amounts)
        if dose.weight_needed:
            return
        given = courses(known, self.rules.gap_days)
        finding = dosing.gravest(dosing.compare(each, self.regimens, self.rules) for each in given)
        dose.per_day = self._per_day(known)
        if dose.per_day:
            dose.texts["perDay"] = str(dose.per_day)
        if finding:
            is_alarm = finding.outcome not in (dosing.FITS, dosing.WITHIN)
            told = [finding.course] if is_alarm else given
            dose.texts["given"] = "; then ".join(self._course(each, found) for each in told)
            dose.texts |= {} if finding.outcome == dosing.FITS else self._limits()
            self._tell(finding, found, dose)

    def _tell(self, finding: Finding, found: list[tuple[int, Instruction, int]], dose: Dose) -> None:
        dose.outcome, dose.slip = finding.outcome, finding.slip
        if finding.course.total:
            dose.per_course = Amount(finding.course.total.high, self.unit)
        if finding.regimen:
            dose.texts["regimen"] = f"{finding.regimen.title} ({finding.regimen.source})"
        if finding.slip:
            up, down, places = finding.slip
            dose.texts["slip"] = f"{max(up, down)}-fold too {'low' if up > down else 'high'}"
            meant = [_scaled(each, up, down) for place, each, _ in found if place in places]
            dose.texts["meant"] = "; ".join(dict.fromkeys(meant))

    def _course(self, course: Course, found: list[tuple[int, Instruction, int]]) -> str:
        """Return a course in words: what is written, and what that is per kilogram and course."""
        written = "; ".join(_said(each, times) for place, each, times in found if place in course.members)
        amount = course.total or course.infusion
        span = _span(amount.low, amount.high, self.unit)
        said = span if written == span else f"{written} = {span}"
        parts = [f"{said} {'per course' if course.total else 'per infusion, number of infusions not stated'}"]
        if course.every:
            parts.append(f"every {_between(course.every)} days")
        if self.weight.amount:
            parts.append(f"at {self.weight.said}")
        return " ".join(parts)

    # What the order gives

    def _instructions(self) -> tuple[list[tuple[int, Instruction, int]], str | None]:
        found, reasons = [], []
        for place, dosage in enumerate(self.facts.order.dosages):
            instruction = read_dose(dosage, self.units)
            reason = self._unreadable(dosage, instruction)
            reasons += [reason] if reason else []
            if instruction and not reason:
                found.append((place, instruction, frequency_of(dosage)))
        quantity = self.facts.order.quantity
        if not found and not reasons and isinstance(quantity, Quantity) and (quantity.unit or quantity.code):
            amount = self.units.amount(quantity)
            if amount and dosing.to_mass(amount, self.strength):
                found.append((0, Instruction(amount, amount, ONCE), 1))
            else:
                reasons.append(self._why(amount))
        return found, next(iter(reasons), None)

    def _unreadable(self, dosage: Dosage, instruction: Instruction | None) -> str | None:
        if instruction:
            readable = dosing.to_mass(instruction.low, self.strength) and dosing.to_mass(
                instruction.high, self.strength
            )
            return None if readable else self._why(instruction.low)
        if any(each.dose_quantity or each.dose_range for each in (dosage, *many(dosage.dose_and_rate, DoseAndRate))):
            return self._why(None)
        is_told = isinstance(dosage.text, str) and any(c.isdigit() for c in dosage.text)
        return "it is given as text only" if is_told else None

    def _why(self, amount: Amount | None) -> str:
        is_volume = amount is not None and amount.unit.dimension.startswith("volume")
        return "the strength of the product is not known" if is_volume else "its amount or unit is not known"

    def _per_kilogram(self, dose: Instruction) -> Span | None:
        """Return the amount of one infusion; an amount per time is that of every day the infusion takes."""
        days = dose.schedule.days if dose.low.unit.dimension.endswith("/time") else Span(1, 1)
        low, high = [
            dosing.per_kilogram(each, self.weight.amount, self.strength, self.unit) for each in (dose.low, dose.high)
        ]
        if low is None or high is None:
            return None
        return Span(min(low, high) * days.low, max(low, high) * days.high)

    def _per_day(self, known: Iterable[tuple[int, Span, Schedule, int]]) -> Amount | None:
        gram = self.units.find("g")
        if not self.weight.amount or not gram:
            return None
        kilograms = self.weight.amount.value * self.weight.amount.unit.factor
        daily = [span.high * _times_a_day(schedule, times) for _, span, schedule, times in known]
        return Amount(max(daily) * self.unit.factor * kilograms / gram.factor, gram) if daily else None

    def _rate(self) -> Amount | None:
        target = self.units.find("mg/kg/min")
        found = [rate for each in self.facts.order.dosages for rate in read_rates(each, self.units)]
        values = [self._in_rate(each if isinstance(each, Amount) else _ratio(*each), target) for each in found]
        known = [value for value in values if value is not None]
        return Amount(max(known), target) if known and target else None

    def _in_rate(self, rate: Amount, target: Unit | None) -> float | None:
        mass = dosing.to_mass(rate, self.strength)
        if mass is None or target is None:
            return None
        if mass.unit.dimension == "mass/time" and self.weight.amount:
            kilograms = self.weight.amount.value * self.weight.amount.unit.factor
            return mass.value * mass.unit.factor / kilograms / target.factor
        return mass.to(target)

    def _strength(self) -> Amount | None:
        held = [self.terminology.members(code) for code in self.facts.order.code]
        found = {strength for url, strength in self.rules.concentrations for sets in held if url in sets}
        return found.pop() if len(found) == 1 else None

    # The patient

    def _adjust(self, dose: Dose) -> None:
        result, weight = newest_result(self.facts, self.terminology, self.rules.height), self.weight.amount
        height = self.units.amount(result.value_quantity) if result else None
        if weight is None or height is None or height.unit.dimension != "length" or height.value <= 0:
            return
        unit, meters = self.units.find("kg/m2"), height.value * height.unit.factor
        if unit:
            dose.body_mass_index = Amount(weight.value * weight.unit.factor / meters**2 / unit.factor, unit)
        sex = self.facts.patient.gender if self.facts.patient else None
        if self.rules.adjusted and isinstance(sex, str):
            adjusted = dosing.adjusted_weight(self.rules.adjusted, weight, height, sex)
            dose.texts |= {"adjustedWeight": str(adjusted)} if adjusted else {}

    def _limits(self) -> dict[str, str]:
        highest = max([self.rules.highest.value, *(each.amount.high for each in self.regimens)])
        lowest = min((each.amount.low for each in self.regimens), default=None)
        said = {"highest": self._in_grams(highest)}
        return said | ({"lowest": self._in_grams(lowest)} if lowest is not None else {})

    def _in_grams(self, value: float) -> str:
        said, gram = str(Amount(value, self.unit)), self.units.find("g")
        if not self.weight.amount or not gram:
            return said
        kilograms = self.weight.amount.value * self.weight.amount.unit.factor
        return f"{said} ({Amount(value * self.unit.factor * kilograms / gram.factor, gram)} at {self.weight.amount})"


def _times_a_day(schedule: Schedule, times: int) -> float:
    if schedule.days.high > 1:
        return 1 / schedule.days.high
    return times / schedule.every.low if schedule.every and schedule.every.low <= 1 else 1.0


def _ratio(over: Amount, under: Amount) -> Amount:
    dimension = "/".join(filter(None, (over.unit.dimension, under.unit.dimension)))
    unit = Unit(f"{over.unit.code}/{under.unit.code}", dimension, over.unit.factor / under.unit.factor)
    return Amount(over.value / under.value, unit)


def _span(low: float, high: float, unit: Unit) -> str:
    ends = dict.fromkeys((plain(low), plain(high)))
    return f"{' to '.join(ends)} {unit.code}"


def _between(days: Span) -> str:
    return " to ".join(dict.fromkeys((plain(days.low), plain(days.high))))


def _said(dose: Instruction, times: int) -> str:
    amount = str(dose.high) if dose.low == dose.high else f"{dose.low} to {dose.high}"
    if times > 1:
        amount += f", {times} times"
    return f"{amount} x {dose.schedule.infusions}" if (dose.schedule.infusions or 1) > 1 else amount


def _scaled(dose: Instruction, up: int, down: int) -> str:
    ends = [str(Amount(each.value * up / down, each.unit)) for each in (dose.low, dose.high)]
    return " to ".join(dict.fromkeys(ends))
