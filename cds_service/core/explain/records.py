"""Records as an explanation names them: by reference and codes. Names and free text are left out."""

import re
from collections.abc import Iterable
from typing import Any

from cds_service.core.concept import texts_of
from cds_service.core.explain.values import Seen
from cds_service.core.facts import Facts
from cds_service.core.fhirpath.comparison import measured
from cds_service.core.fhirpath.dates import Partial, parse_date
from cds_service.core.records import Allergy, Immunization, Lab, Medication, Order, Problem, Procedure, Record
from cds_service.core.resources import Coding, Concept, Quantity, many
from cds_service.core.units import Amount, Units, is_number, plain
from cds_service.core.valueset import Terminology

FIT_CODE = re.compile(r"[\w.:^/{}%+-]{1,64}", re.ASCII)
FIT_SYSTEM = re.compile(r"[\w.:/#?=&%~+-]{1,200}", re.ASCII)
COMPARATORS = ("<", "<=", ">", ">=")
TEXT = "a text"


def describe(item: Any, units: Units) -> Seen:
    """Return what may be told of an item of a variable; a recommendation or notice is its plan and action."""
    if isinstance(item, Problem | Medication | Allergy | Procedure | Immunization | Lab):
        seen = _coded(item.label, [item.code])
        return seen._replace(date=day(_dated(item)), value=_valued(item, units) if isinstance(item, Lab) else None)
    if isinstance(item, Order):
        return _coded(item.label, item.code)
    if hasattr(item, "plan"):
        return Seen(f"{item.plan.id}#{item.action.id}")
    return Seen(str(getattr(item, "resource_type", None) or type(item).__name__))


def records_of(facts: Facts) -> dict[str, list[Record]]:
    """Return the patient's records that count, by variable."""
    known: dict[str, Iterable[Record]] = {
        "problems": facts.problems,
        "observations": facts.observations,
        **facts.named(),
    }
    return {variable: list(records) for variable, records in known.items()}


def sets_of(record: Record, terminology: Terminology) -> list[str]:
    """Return the canonicals, with version, of the value sets that hold a record's code."""
    found = terminology.members(record.code, local_names=isinstance(record, Lab))
    return sorted(match.value_set for match in found.values())


def unknown_systems(seen: Seen, terminology: Terminology) -> tuple[str, ...]:
    """Return the systems of a record's codes of which no loaded value set has a code; '' for a code without one."""
    return tuple(dict.fromkeys(system for system, _ in seen.codes if system not in terminology.systems))


def _coded(label: str, concepts: list[Concept]) -> Seen:
    codes = tuple(code for concept in concepts for code in codes_of(concept))
    return Seen(label, codes, not codes and any(texts_of(each) for each in concepts))


def codes_of(concept: Concept) -> list[tuple[str, str]]:
    """Return the (system, code) pairs of a concept that are fit to be repeated: what holds a sentence is no code."""
    found = [(each.system or "", each.code) for each in many(concept.coding, Coding)]
    return [pair for pair in found if _is_fit(FIT_CODE, pair[1]) and (not pair[0] or _is_fit(FIT_SYSTEM, pair[0]))]


def _is_fit(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _dated(item: Any) -> object:
    names = ("onset", "effective", "performed", "date")
    return next((value for name in names if (value := getattr(item, name, None)) is not None), None)


def day(value: object) -> str | None:
    """Return a date as it is written, to the day at most; None for what is none."""
    parts = parse_date(value)
    return written_date(parts) if parts else None


def written_date(parts: Partial) -> str:
    """Return '2026-11-22', '2026-11' or '2026'."""
    return "-".join(f"{part:04}" if i == 0 else f"{part:02}" for i, part in enumerate(parts))


def _valued(lab: Lab, units: Units) -> str | None:
    marks = [code for each in lab.marks for _, code in codes_of(each)]
    values = [written(each, units) for each in lab.value] + ([f"marked {' '.join(marks)}"] if marks else [])
    return ", ".join(values) or None


def written(value: object, units: Units) -> str:
    """Return a value that was compared: a date, amount or code as it is, of a text only that it is one."""
    if isinstance(value, tuple) and not isinstance(value, Amount):
        return written_date(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if pair := measured(value, units):
        quantity, amount = pair
        comparator = f"{quantity.comparator} " if quantity.comparator in COMPARATORS else ""
        return comparator + amount.written
    if isinstance(value, Quantity):
        return f"{plain(value.value, 12)}, unit not known" if is_number(value.value) else "an amount without a number"
    if isinstance(value, Concept):
        return ", ".join(code for _, code in codes_of(value)) or TEXT
    return TEXT


def written_code(value: object, _: Units) -> str:
    """Return a word that FHIR or we have chosen, such as a status; of anything else only that it is a text."""
    return value if isinstance(value, str) and _is_fit(FIT_CODE, value) else TEXT
