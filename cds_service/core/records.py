"""The records that conditions see: diagnoses, results, drugs, allergies, procedures, vaccines, and the order."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cds_service.core.dose.dosage import Dosage
from cds_service.core.fhirpath.dates import Partial, parse_date
from cds_service.core.resources import Coding, Concept, Concepts, Quantity, ReferenceRange, many
from cds_service.core.units import is_number


@dataclass(slots=True, eq=False)
class Problem:
    """A diagnosis that counts: `label` is its resource, `origin` how it reached us (code, encounter, reason)."""

    label: str
    code: Concept
    origin: str = "code"
    provisional: bool = False
    onset: object = None


@dataclass(slots=True, eq=False)
class Lab:
    """A result of any kind, or one component of it."""

    label: str
    code: Concept
    interpretation: Concepts = None
    value_string: object = None
    value_codeable_concept: object = None
    value_quantity: object = None
    reference_range: list[ReferenceRange] = field(default_factory=list)
    effective: object = None

    @property
    def marks(self) -> list[Concept]:
        """Return the interpretations that carry a code."""
        return [each for each in many(self.interpretation, Concept) if any(c.code for c in many(each.coding, Coding))]

    @property
    def upper_limits(self) -> list[Quantity]:
        """Return the upper limits of what is normal."""
        normal = [each for each in self.reference_range if _is_normal(each.type)]
        return [each.high for each in normal if isinstance(each.high, Quantity) and is_number(each.high.value)]

    @property
    def value(self) -> list[object]:
        """Return the written, coded or measured value."""
        given = (self.value_string, self.value_codeable_concept, self.value_quantity)
        return [each for each in given if each is not None]


def _is_normal(kind: object) -> bool:
    """Return whether a reference range is that of normal results, which is what one without a type is."""
    codings = many(kind.coding, Coding) if isinstance(kind, Concept) else []
    return kind is None or any(each.code == "normal" for each in codings)


@dataclass(slots=True, eq=False)
class Medication:
    """A drug on board (`current`), or one that was given before."""

    label: str
    code: Concept
    date: object = None
    current: bool = True


@dataclass(slots=True, eq=False)
class Allergy:
    """An allergy or intolerance, with the worst severity of its reactions and all their manifestations."""

    label: str
    code: Concept
    criticality: object = None
    severity: str | None = None
    manifestation: list[Concept] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Procedure:
    """A procedure that was carried out."""

    label: str
    code: Concept
    performed: object = None


@dataclass(slots=True, eq=False)
class Immunization:
    """A vaccine that was given, or is due."""

    label: str
    code: Concept
    date: object = None
    due: bool = False


@dataclass(slots=True, eq=False)
class Order:
    """The selected order: every concept that says what is ordered, its routes, its dose, and whether it has a reason.

    `place` is where it stands among the draft orders; `looked_up` keeps what value sets its concepts were found in.
    """

    label: str
    resource_type: str
    status: object = None
    do_not_perform: object = None
    modifier_extension: object = None
    code: list[Concept] = field(default_factory=list)
    route: list[Concept] = field(default_factory=list)
    name: str = ""
    reason: list[object] = field(default_factory=list)
    dosages: list[Dosage] = field(default_factory=list)
    quantity: object = None
    has_unread_quantity: bool = False
    place: int = 0
    looked_up: dict[Any, Any] = field(default_factory=dict, repr=False)


Record = Problem | Lab | Medication | Allergy | Procedure | Immunization


def order_date(authored_on: object, today: Partial) -> Partial:
    """Return the day of the order: authoredOn where it names a day, else the day of the call."""
    authored = parse_date(authored_on)
    return authored if authored and len(authored) == 3 else today


def newest(results: Iterable[Lab]) -> list[Lab]:
    """Return the newest of the dated results; several, where no time of day tells them apart."""
    dated = [(instant, each) for each in results if (instant := _instant(each.effective))]
    if not dated:
        return []
    last_day = max(day for (day, _), _ in dated)
    of_day = [(time, each) for (day, time), each in dated if day == last_day]
    if any(time is None for time, _ in of_day):
        return [each for _, each in of_day]
    last = max(time for time, _ in of_day if time)
    return [each for time, each in of_day if time == last]


def _instant(written: object) -> tuple[Partial, datetime | None] | None:
    return _instant_of(written) if isinstance(written, str) else None


@lru_cache(maxsize=2048)
def _instant_of(written: str) -> tuple[Partial, datetime | None] | None:
    day = parse_date(written)
    if day is None or len(day) < 3:
        return None
    try:
        moment = datetime.fromisoformat(written) if "T" in written else None
    except ValueError:
        return day, None
    if moment is None or moment.tzinfo is None:
        return day, None
    utc = moment.astimezone(UTC)
    return (utc.year, utc.month, utc.day), utc
