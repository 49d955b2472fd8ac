"""FHIR Dosage -> dose: the amount of one infusion, its rate and its schedule (FHIR R4, Dosage)."""

from typing import Any, NamedTuple

from msgspec import Raw, Struct, json

from cds_service.core.dose.timing import Schedule, Timing, read_schedule
from cds_service.core.resources import ABSENT, Coding, Concept, Junk, Quantity, Scalar, many
from cds_service.core.units import Amount, Units


class Range(Struct, gc=False):
    """A FHIR Range."""

    low: Quantity | Junk = None
    high: Quantity | Junk = None


class Ratio(Struct, gc=False):
    """A FHIR Ratio."""

    numerator: Quantity | Junk = None
    denominator: Quantity | Junk = None


class DoseAndRate(Struct, gc=False, rename="camel"):
    """Dosage.doseAndRate."""

    type: Concept | Junk = None
    dose_quantity: Quantity | Junk = None
    dose_range: Range | Junk = None
    rate_quantity: Quantity | Junk = None
    rate_range: Range | Junk = None
    rate_ratio: Ratio | Junk = None

    @property
    def is_ordered(self) -> bool:
        """Return whether it is marked as what was ordered, not as what was calculated from it."""
        codings = many(self.type.coding, Coding) if isinstance(self.type, Concept) else []
        return any(each.code == "ordered" for each in codings)


class Dosage(DoseAndRate, gc=False, rename="camel"):
    """One dosage instruction; STU3 gives dose and rate on the instruction itself."""

    text: Any = None
    route: Concept | Junk = None
    timing: Timing | Junk = None
    dose_and_rate: list[DoseAndRate | Junk] | DoseAndRate | Scalar = None

    @property
    def parts(self) -> list[DoseAndRate]:
        """Return the places that may give a dose or rate: what was ordered first."""
        return sorted([*many(self.dose_and_rate, DoseAndRate), self], key=lambda part: not part.is_ordered)


_DOSAGES = json.Decoder(list[Dosage | Junk] | Dosage | Scalar)


def decode_dosages(raw: Raw) -> list[Dosage]:
    """Return the dosage instructions of an order."""
    return [] if raw is ABSENT else many(_DOSAGES.decode(raw), Dosage)


class Limits(NamedTuple):
    """The least and the most of an amount."""

    low: Amount
    high: Amount


class Dose(NamedTuple):
    """One readable instruction: the amount of one infusion, its schedule, and the same amount said in other ways.

    `is_whole` tells whether every amount that it gives could be read.
    """

    amount: Limits
    schedule: Schedule
    also: tuple[Limits, ...] = ()
    is_whole: bool = True


def gives_dose(dosage: Dosage) -> bool:
    """Return whether an instruction gives any amount, readable or not."""
    return any(part.dose_quantity is not None or part.dose_range is not None for part in dosage.parts)


def gives_rate(dosage: Dosage) -> bool:
    """Return whether an instruction gives any rate, readable or not."""
    rates = ((part.rate_quantity, part.rate_range, part.rate_ratio) for part in dosage.parts)
    return any(rate is not None for part in rates for rate in part)


def read_dose(dosage: Dosage, units: Units) -> Dose | None:
    """Return the dose of an instruction; None when it gives no amount of a known unit."""
    given = [each for part in dosage.parts for each in (part.dose_quantity, part.dose_range) if each is not None]
    read = [limits for each in given if (limits := _limits(each, units))]
    if not read:
        return None
    return Dose(read[0], read_schedule(dosage.timing, units), tuple(read[1:]), len(read) == len(given))


def _limits(given: object, units: Units) -> Limits | None:
    ends = (given.low, given.high) if isinstance(given, Range) else (given, given)
    low, high = (exact(each, units) for each in ends)
    return Limits(low, high) if low and high and low.unit.dimension == high.unit.dimension else None


def exact(quantity: object, units: Units) -> Amount | None:
    """Return the amount of a quantity that is one positive number without a comparator."""
    if not isinstance(quantity, Quantity) or quantity.comparator is not None:
        return None
    amount = units.amount(quantity)
    return amount if amount and amount.value > 0 else None


def read_rates(dosage: Dosage, units: Units) -> list[Amount | Limits]:
    """Return the infusion rates of an instruction: an amount per time, or an amount and the time it takes."""
    found: list[Amount | Limits] = []
    for part in dosage.parts:
        highest = part.rate_range.high if isinstance(part.rate_range, Range) else None
        found += [rate for each in (part.rate_quantity, highest) if (rate := exact(each, units))]
        if isinstance(part.rate_ratio, Ratio):
            over, under = exact(part.rate_ratio.numerator, units), exact(part.rate_ratio.denominator, units)
            found += [Limits(over, under)] if over and under else []
    return found
