"""The instructions of an order as doses per kilogram, or why they cannot be read."""

from typing import NamedTuple

from cds_service.core.dose.course import Part
from cds_service.core.dose.dosage import Dosage, Dose, Limits, exact, gives_dose, gives_rate, read_dose
from cds_service.core.dose.regimens import per_kilogram, to_mass
from cds_service.core.dose.timing import ONCE, Schedule, Span
from cds_service.core.records import Order
from cds_service.core.resources import Quantity
from cds_service.core.units import Amount, Unit, Units

MOST_INSTRUCTIONS = 100
TEXT_ONLY = "it is given as text only"
NOT_KNOWN = "its amount or unit is not known"
DISAGREE = "its amounts disagree"


class Basis(NamedTuple):
    """What turns an amount into one per kilogram: units, the weight, the strength of the product, the unit wanted.

    Amounts that say the same, one of them rounded, differ by no more than the share `rounding`.
    """

    units: Units
    weight: Amount | None
    strength: Amount | None
    unit: Unit
    rounding: float


class Reading(NamedTuple):
    """One instruction: its place, its dose, the part of a course it makes, and whether it may be corrected.

    The part is None while a weight is needed. Only an instruction whose amounts could all be read and agree may be
    corrected: all of them are changed.
    """

    place: int
    dose: Dose
    part: Part | None
    is_correctable: bool


def read_instructions(order: Order, basis: Basis) -> tuple[list[Reading], str | None]:
    """Return the doses that an order gives, and why it cannot be read whole (None when it can)."""
    if len(order.dosages) > MOST_INSTRUCTIONS:
        return [], "it has too many instructions"
    found: list[Reading] = []
    for place, dosage in enumerate(order.dosages):
        dose = read_dose(dosage, basis.units)
        reason = _unreadable(dosage, dose, basis)
        if reason:
            return found, reason
        if dose:
            found.append(_reading(place, dose, basis))
    return (found, None) if found else _of_quantity(order, basis)


def _unreadable(dosage: Dosage, dose: Dose | None, basis: Basis) -> str | None:
    if dose is None:
        if gives_dose(dosage):
            return NOT_KNOWN
        is_told = isinstance(dosage.text, str) and any(c.isdigit() for c in dosage.text)
        return "only a rate is given" if gives_rate(dosage) else TEXT_ONLY if is_told else None
    return _not_a_mass(dose.amount, dose.schedule, basis) or _disagreement(dose, basis)


def _not_a_mass(amount: Limits, schedule: Schedule, basis: Basis) -> str | None:
    mass = to_mass(amount.low, basis.strength)
    if mass is None:
        is_volume = amount.low.unit.dimension.startswith("volume")
        return "the strength of the product is not known" if is_volume else NOT_KNOWN
    if mass.unit.dimension.endswith("/time") and schedule.length is None and not _is_daily(mass.unit):
        return "how long the infusion takes is not said"
    return None


def _is_daily(unit: Unit) -> bool:
    return unit.code.rpartition("/")[2] == "d"


def _disagreement(dose: Dose, basis: Basis) -> str | None:
    own = _span(dose.amount, dose.schedule, basis)
    others = [span for each in dose.also if (span := _span(each, dose.schedule, basis))]
    most = 1 + basis.rounding
    apart = own and any(not 1 / most < other.high / own.high < most for other in others)
    return DISAGREE if apart else None


def _reading(place: int, dose: Dose, basis: Basis) -> Reading:
    span = _span(dose.amount, dose.schedule, basis)
    all_known = all(_span(each, dose.schedule, basis) for each in dose.also)
    return Reading(place, dose, Part(place, span, dose.schedule) if span else None, dose.is_whole and all_known)


def _span(amount: Limits, schedule: Schedule, basis: Basis) -> Span | None:
    """Return an amount per kilogram; an amount per time is that of the time an infusion takes, else of a day."""
    length = Span(1, 1)
    if amount.low.unit.dimension.endswith("/time"):
        length = schedule.length or length
    low, high = (per_kilogram(each, basis.weight, basis.strength, basis.unit) for each in amount)
    if low is None or high is None:
        return None
    return Span(min(low, high) * length.low, max(low, high) * length.high)


def _of_quantity(order: Order, basis: Basis) -> tuple[list[Reading], str | None]:
    """Return the dose of a request for a quantity; a bare number counts services and is no dose."""
    quantity = order.quantity
    if order.has_unread_quantity:
        return [], NOT_KNOWN
    if not isinstance(quantity, Quantity) or not (quantity.unit or quantity.code):
        return [], None
    amount = exact(quantity, basis.units)
    if amount is None or to_mass(amount, basis.strength) is None:
        return [], NOT_KNOWN
    return [_reading(0, Dose(Limits(amount, amount), ONCE), basis)], None
