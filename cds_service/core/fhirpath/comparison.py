"""Comparisons: dates by their precision, strings and booleans by equality, measured values by their units."""

import re
from collections.abc import Callable
from typing import Any

from cds_service.core.fhirpath.dates import compare
from cds_service.core.fhirpath.logic import FALSE, ORDER_TESTS, TRUE, UNKNOWN
from cds_service.core.fhirpath.parser import Binary, FhirPathError, Literal, Member, Number
from cds_service.core.fhirpath.paths import Typed, compile_path
from cds_service.core.fhirpath.scope import Path, Predicate, Scope, Verdict
from cds_service.core.resources import Quantity
from cds_service.core.units import Amount, Units, order_of

WRITTEN_NUMBER = re.compile(r"\s*\d{1,9}(\.\d{1,9})?\s*")


def compile_comparison(node: Binary, this: str | None) -> Predicate:
    """Return the predicate of a comparison (FHIRPath N1, 6.1 and 6.2); what cannot be compared is UNKNOWN."""
    if node.operator not in ORDER_TESTS:
        raise FhirPathError(f"'{node.operator}' is not supported: use and, or, =, !=, <, <=, >, >=.")
    left, test = compile_path(node.left, this), ORDER_TESTS[node.operator]
    if isinstance(node.right, Number):
        return _of_amounts(left, node.right, test)
    right = compile_path(node.right, this)
    if isinstance(node.right, Literal) and isinstance(node.left, Member) and left.type == right.type == "string":
        return _of_strings(left.path, node.right.value, node.operator)
    if left.type != right.type or left.type not in {"date", "string", "boolean"}:
        raise FhirPathError(f"'{node.operator}' cannot compare a {left.type} with a {right.type}.")
    if left.type != "date" and node.operator not in {"=", "!="}:
        raise FhirPathError(f"'{node.operator}' compares dates and measured values only.")
    dated = left.type == "date"

    def comparison(scope: Scope, item: Any) -> Verdict:
        one, other = left.path(scope, item), right.path(scope, item)
        if not one or not other or len(one) > 1 or len(other) > 1:
            return UNKNOWN
        order = compare(one[0], other[0]) if dated else int(one[0] != other[0])
        return UNKNOWN if order is None else (TRUE if test(order) else FALSE)

    return comparison


def _of_strings(path: Path, value: object, operator: str) -> Predicate:
    if operator not in {"=", "!="}:
        raise FhirPathError(f"'{operator}' compares dates and measured values only.")
    same, other = (TRUE, FALSE) if operator == "=" else (FALSE, TRUE)

    def comparison(scope: Scope, item: Any) -> Verdict:
        items = path(scope, item)
        if not items or len(items) > 1:
            return UNKNOWN
        return same if items[0] == value else other

    return comparison


def _of_amounts(left: Typed, bound: Number, test: Callable[[int], bool]) -> Predicate:
    if left.type not in {"value", "quantity"}:
        raise FhirPathError(f"a {left.type} is not a measured value: it cannot be compared with a number.")

    def comparison(scope: Scope, item: Any) -> Verdict:
        units = scope.terminology.units
        found = [pair for each in left.path(scope, item) or () if (pair := measured(each, units))]
        unit = units.by_code.get(bound.unit)
        if len(found) != 1 or unit is None:
            return UNKNOWN
        order = order_of(*found[0], Amount(bound.value, unit))
        return UNKNOWN if order is None else (TRUE if test(order) else FALSE)

    return comparison


def measured(value: object, units: Units) -> tuple[Quantity, Amount] | None:
    """Return a measured, reckoned or written value with its amount in a known unit; None when it has none."""
    if isinstance(value, Amount):
        return Quantity(value.value), value
    if isinstance(value, str) and WRITTEN_NUMBER.fullmatch(value):
        value = Quantity(float(value))
    amount = units.amount(value)
    return (value, amount) if isinstance(value, Quantity) and amount else None
