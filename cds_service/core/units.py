"""Units of measure: which are known, how they are spelt, and conversion between those of one dimension.

Which UCUM codes and spellings are known is data; what a code is worth comes from a UCUM library when the knowledge is
loaded. A dimension keeps numerator and denominator apart: g/kg is a mass per mass, not a bare number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cds_service.core.resources import Quantity

UCUM = "http://unitsofmeasure.org"
MICRO = str.maketrans({"µ": "u", "μ": "u"})


class Unit(NamedTuple):
    """A UCUM code, its dimension such as 'mass/mass', and what one of it is in the dimension's base units."""

    code: str
    dimension: str
    factor: float


ONE = Unit("1", "", 1.0)


class Amount(NamedTuple):
    """A number of a known unit."""

    value: float
    unit: Unit

    def to(self, unit: Unit) -> float | None:
        """Return the number in another unit; None when it is of another dimension."""
        return self.value * self.unit.factor / unit.factor if unit.dimension == self.unit.dimension else None

    def __str__(self) -> str:
        """Return the amount as a person writes it: three significant digits at most."""
        return f"{plain(self.value)} {self.unit.code}".removesuffix(" 1")


def plain(number: float) -> str:
    """Return a number with three significant digits, without exponent or trailing zeros."""
    text = f"{number:.3g}"
    return text if "e" not in text else f"{float(text):.10f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Units:
    """The known units, by code and by spelling (without regard to case and white space)."""

    by_code: Mapping[str, Unit]
    by_spelling: Mapping[str, Unit]

    def find(self, text: object) -> Unit | None:
        """Return the unit of a UCUM code or spelling; None when it is not known."""
        if not isinstance(text, str):
            return None
        return self.by_code.get(text) or self.by_spelling.get(spelling(text))

    def amount(self, quantity: object) -> Amount | None:
        """Return the amount of a FHIR Quantity by its code, else by its unit; None when it cannot be told.

        A quantity that gives neither is a bare number.
        """
        if not isinstance(quantity, Quantity) or not is_number(quantity.value):
            return None
        if type(quantity.code) is str and (known := self.by_code.get(quantity.code)):
            return Amount(float(quantity.value), known)
        given = [text for text in (quantity.code, quantity.unit) if text is not None]
        unit = next(filter(None, map(self.find, given)), None) if given else ONE
        return Amount(float(quantity.value), unit) if unit else None


NO_UNITS = Units({}, {})


def spelling(text: str) -> str:
    """Return how a unit is looked up when it is no UCUM code."""
    return "".join(text.translate(MICRO).casefold().split())


def is_number(value: object) -> bool:
    """Return whether a JSON value is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def order_of(quantity: Quantity, amount: Amount, bound: Amount) -> int | None:
    """Return -1, 0 or 1 as the quantity is below, at or above the bound; None when that cannot be told.

    A comparator ('<', '>') decides only where every value it allows lies on one side.
    """
    value = amount.to(bound.unit)
    if value is None:
        return None
    if quantity.comparator in ("<", "<="):
        return -1 if (value <= bound.value and quantity.comparator == "<") or value < bound.value else None
    if quantity.comparator in (">", ">="):
        return 1 if (value >= bound.value and quantity.comparator == ">") or value > bound.value else None
    return (value > bound.value) - (value < bound.value) if quantity.comparator is None else None
