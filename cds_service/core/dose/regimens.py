"""Dose arithmetic: the dose of an order per kilogram and course, held against the regimens that sources describe.

Which amounts are known, how much they may be missed by, and which weights count is data (DoseRules, Regimen).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cds_service.core.dose.course import Course
from cds_service.core.dose.timing import Span
from cds_service.core.units import HAIR, Amount, Unit

FITS, WITHIN, TOO_LOW, TOO_HIGH = "fits", "within", "too-low", "too-high"
TENFOLD, UNIT_SUSPECT = "ten-fold-too-high", "unit-suspect"
DAY = 86_400.0
GRAVEST = (UNIT_SUSPECT, TENFOLD, TOO_HIGH, TOO_LOW, WITHIN, FITS)


class Regimen(NamedTuple):
    """A course that a source describes: amount per kilogram, every how many days, over how many (None: not said)."""

    title: str
    source: str
    amount: Span
    every: Span | None
    days: Span | None


@dataclass(frozen=True)
class AdjustedWeight:
    """A dosing weight of its own: an ideal weight by height and sex, and the share of the excess that counts.

    `base` is the ideal weight, by sex, at the height `above`; `per_length` what each further unit of height adds.
    """

    base: Mapping[str, Amount]
    per_length: Amount
    above: Amount
    fraction: float


@dataclass(frozen=True)
class DoseRules:
    """What the knowledge says of reading a dose; amounts per kilogram are in the unit of `highest`."""

    weight: str
    height: str
    weight_days: float
    plausible: tuple[Amount, Amount]
    highest: Amount
    tolerance: float
    gap_days: float
    close_days: float
    slips: tuple[int, ...]
    concentrations: tuple[tuple[str, Amount], ...]
    adult_years: int = 0
    plausible_adult: tuple[Amount, Amount] | None = None
    adjusted: AdjustedWeight | None = None

    @property
    def value_sets(self) -> frozenset[str]:
        """Return the urls of the value sets by which doses are read."""
        return frozenset({self.weight, self.height, *(url for url, _ in self.concentrations)})

    def plausible_for(self, is_adult: bool) -> tuple[Amount, Amount]:
        """Return the least and the most that a patient may weigh."""
        return self.plausible_adult if is_adult and self.plausible_adult else self.plausible


@dataclass(slots=True)
class Dose:
    """What conditions and texts may ask of the dose of an order; what cannot be told is None or empty."""

    given: bool | None = None
    unreadable: bool | None = None
    weight_needed: bool = False
    weight: Amount | None = None
    outcome: str | None = None
    per_course: Amount | None = None
    per_day: Amount | None = None
    rate: Amount | None = None
    body_mass_index: Amount | None = None
    slip: "Slip | None" = None
    texts: dict[str, str] = field(default_factory=dict)


class Slip(NamedTuple):
    """A dose that was probably meant: the given one times `up`, divided by `down`, in the instructions at `places`."""

    up: int
    down: int
    places: tuple[int, ...]


class Finding(NamedTuple):
    """How one course compares: its outcome, what it was compared with, and the slip if it is one."""

    outcome: str
    course: Course
    regimen: Regimen | None = None
    slip: Slip | None = None


def compare(course: Course, regimens: Iterable[Regimen], rules: DoseRules) -> Finding | None:
    """Return how a course of known amount per kilogram compares with the regimens; None when nothing can be told.

    Where the number of infusions is not said, one infusion is held against what a day of a regimen gives, or a whole
    course: it may be within, but never fits.
    """
    known = tuple(regimens)
    highest, slack = highest_course(known, rules), rules.tolerance + HAIR
    floor = min((_least(each, course) for each in known), default=0.0) * (1 - slack)
    amount = course.total or course.infusion
    if amount.high > highest * (1 + slack):
        return _slip(course, known, rules, too_high=True) or _too_high(course, highest, rules)
    if amount.low >= floor and known:
        fitting = next((each for each in known if course.total and _fits(amount, course, each, slack)), None)
        return Finding(FITS if fitting else WITHIN, course, fitting)
    if slip := _slip(course, known, rules, too_high=False):
        return slip
    return Finding(TOO_LOW, course) if amount.high < floor else None


def highest_course(regimens: Iterable[Regimen], rules: DoseRules) -> float:
    """Return the highest amount per kilogram that any source, or one of the regimens, describes for one course."""
    return max([rules.highest.value, *(each.amount.high for each in regimens)])


def _too_high(course: Course, highest: float, rules: DoseRules) -> Finding:
    amount = course.total or course.infusion
    tenfold = amount.high >= highest * min(rules.slips, default=1) * (1 - HAIR)
    return Finding(TENFOLD if tenfold else TOO_HIGH, course)


def _least(regimen: Regimen, course: Course) -> float:
    return regimen.amount.low if course.total else regimen.amount.low / (regimen.days.high if regimen.days else 1)


def _overlaps(one: Span, other: Span) -> bool:
    return one.low <= other.high and other.low <= one.high


def _fits(amount: Span, course: Course, regimen: Regimen, slack: float) -> bool:
    if (course.every is None) != (regimen.every is None):
        return False
    if course.every and regimen.every and not _near(course.every, regimen.every, slack):
        return False
    in_days = regimen.days is None or _overlaps(regimen.days, course.days)
    return in_days and _near(amount, regimen.amount, slack)


def _near(one: Span, other: Span, slack: float) -> bool:
    return other.low * (1 - slack) <= one.low and one.high <= other.high * (1 + slack)


def _slip(course: Course, regimens: tuple[Regimen, ...], rules: DoseRules, too_high: bool) -> Finding | None:
    """Return the finding of a slip of the decimal point or unit that leads to a described amount, if there is one.

    Infusions some days apart are no one dose that could have slipped. A low dose may be meant: a vial beside another
    order, a taper. Of one infusion or repeated courses the smallest slip is therefore not claimed upwards, and without
    a regimen only the largest.
    """
    if course.interval > rules.close_days:
        return None
    amount, near = course.total or course.infusion, rules.tolerance / 2 + HAIR
    highest = Span(rules.highest.value, rules.highest.value)
    described = [each.amount for each in regimens] + [_daily(each) for each in regimens if course.total is None]
    for slip in _slips(course, regimens, rules, too_high):
        meant = Span(amount.low / slip, amount.high / slip) if too_high else Span(amount.low * slip, amount.high * slip)
        if any(_near(meant, each, near) for each in (*described, highest)):
            return Finding(UNIT_SUSPECT, course, None, Slip(*((1, slip) if too_high else (slip, 1)), course.members))
    return None


def _slips(course: Course, regimens: tuple[Regimen, ...], rules: DoseRules, too_high: bool) -> tuple[int, ...]:
    if too_high:
        return rules.slips
    if not regimens:
        return rules.slips[-1:]
    return rules.slips if course.infusions > 1 and not course.every else rules.slips[1:]


def _daily(regimen: Regimen) -> Span:
    days = regimen.days or Span(1, 1)
    return Span(regimen.amount.low / days.high, regimen.amount.high / days.low)


def gravest(findings: Iterable[Finding | None]) -> Finding | None:
    """Return the finding that matters most."""
    return min(filter(None, findings), key=lambda each: GRAVEST.index(each.outcome), default=None)


def body_mass_index(weight: Amount, height: Amount, unit: Unit | None) -> Amount | None:
    """Return weight by the square of height; None where the height cannot be squared or divided by."""
    meters = height.value * height.unit.factor if height.unit.dimension == "length" else 0.0
    if unit is None or not 1e-3 < meters < 1e3:
        return None
    return Amount(weight.value * weight.unit.factor / meters**2 / unit.factor, unit)


def adjusted_weight(rule: AdjustedWeight, actual: Amount, height: Amount, sex: str) -> Amount | None:
    """Return the adjusted dosing weight; None without a rule for the sex, or when actual is not above ideal."""
    base, tall = rule.base.get(sex), height.to(rule.above.unit)
    if base is None or tall is None:
        return None
    weight = actual.to(base.unit)
    ideal = base.value + max(0.0, tall - rule.above.value) * rule.per_length.value
    if weight is None or weight <= ideal:
        return None
    return Amount(ideal + rule.fraction * (weight - ideal), base.unit)


def per_kilogram(amount: Amount, weight: Amount | None, strength: Amount | None, target: Unit) -> float | None:
    """Return an amount in the unit `target` (a mass per body mass); None when weight or strength is not known for it.

    A volume is a mass by the strength of the product, an amount per day that of one day; an absolute amount is shared
    out over the weight.
    """
    mass = to_mass(amount, strength)
    if mass is None:
        return None
    dimension = mass.unit.dimension.removesuffix("/time")
    if dimension != mass.unit.dimension:
        mass = Amount(mass.value, Unit(mass.unit.code, dimension, mass.unit.factor * DAY))
    if dimension == "mass" and weight:
        return mass.value * mass.unit.factor / (weight.value * weight.unit.factor) / target.factor
    return mass.to(target)


def to_mass(amount: Amount, strength: Amount | None) -> Amount | None:
    """Return an amount of volume as one of mass by the strength of the product; None when that is not known."""
    head, _, tail = amount.unit.dimension.partition("/")
    if head != "volume":
        return amount if head == "mass" else None
    if strength is None:
        return None
    dimension = "/".join(filter(None, ("mass", tail)))
    factor = amount.unit.factor * strength.unit.factor
    return Amount(amount.value * strength.value, Unit(amount.unit.code, dimension, factor))
