"""Units of measure: which are known, how they are spelt, and conversion between those of one dimension.

Which UCUM codes and spellings are known is data; what a code is worth comes from a UCUM library when the knowledge is
loaded. A dimension keeps numerator and denominator apart: g/kg is a mass per mass, not a bare number.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cds_service.core.resources import Quantity

UCUM = "http://unitsofmeasure.org"
HAIR = 1e-9  # what differs by less, as a share, is equal: 5 times 0.4 is 2, whatever binary fractions make of it
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
        """Return a reckoned amount as a person writes it: three significant digits at most."""
        return f"{plain(self.value)} {self.unit.code}".removesuffix(" 1")

    @property
    def written(self) -> str:
        """Return an amount that somebody gave: every digit of it."""
        return f"{plain(self.value, 12)} {self.unit.code}".removesuffix(" 1")


def plain(number: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, without trailing zeros; in full where that is short."""
    text = f"{number:.{digits}g}"
    if "e" not in text or not 1e-10 < abs(number) < 1e15:
        return text
    return f"{float(text):.10f}".rstrip("0").rstrip(".")


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
        """Return the amount of a FHIR Quantity; None when it cannot be told.

        The code counts when it is of UCUM or of no named system, else the unit; where both are known, they must agree.
        A quantity that gives neither is a bare number.
        """
        if not isinstance(quantity, Quantity) or not is_number(quantity.value):
            return None
        code = quantity.code if quantity.system in (None, UCUM) else None
        if code is None and quantity.unit is None:
            return Amount(float(quantity.value), ONE) if quantity.code is None else None
        coded, named = self.find(code), self.find(quantity.unit)
        if coded and named and coded is not named and coded != named:
            return None
        unit = coded or named
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
    order = 0 if math.isclose(value, bound.value, rel_tol=HAIR) else (value > bound.value) - (value < bound.value)
    if quantity.comparator is None:
        return order
    side = {"<": -1, "<=": -1, ">": 1, ">=": 1}.get(str(quantity.comparator))
    return side if side and (order == side or (order == 0 and len(str(quantity.comparator)) == 1)) else None
