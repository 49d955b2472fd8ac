"""The functions that ask a value set about one record: memberOf, mentions, isPositive.

`memberOf` is FHIR's (R4, FHIRPath supplement 2.9.1.5), on CodeableConcepts, with text for records that carry no code.
The other two are ours: `mentions` reads the record's own text, `isPositive` the value of a laboratory result.
"""

from cds_service.core.facts import Evidence
from cds_service.core.fhirpath.scope import Scope, Verdict
from cds_service.core.records import Lab, Order, Record
from cds_service.core.resources import Concept, Quantity, many
from cds_service.core.units import is_number

FALSE = Verdict(False)


def member_of(scope: Scope, record: Record | Order, values: list[object], value_set: str, text_counts: bool) -> Verdict:
    """Return TRUE with its evidence when one of the concepts is in the value set, by code or, if it counts, by text."""
    is_result = isinstance(record, Lab)
    for value in values:
        concept = Concept(text=value) if isinstance(value, str) else value
        match = scope.member(concept, value_set, is_result) if isinstance(concept, Concept) else None
        if match and (text_counts or not match.by_text):
            return Verdict(True, (Evidence(record, match, match.by_text),))
    return FALSE


def has_code_of(scope: Scope, record: Record, value_set: str) -> Verdict:
    """Return TRUE with its evidence when the record's own code is in the value set."""
    match = scope.member(record.code, value_set, local_names=isinstance(record, Lab))
    return Verdict(True, (Evidence(record, match, match.by_text),)) if match else FALSE


def mentions(scope: Scope, record: Record | Order, values: list[object], value_set: str, distancing: str) -> Verdict:
    """Return TRUE when a text names a designation of `value_set` and no word of `distancing` holds it off."""
    for value in values:
        match = scope.mentions(value, value_set, distancing) if isinstance(value, (Concept, str)) else None
        if match:
            return Verdict(True, (Evidence(record, match, by_text=True),))
    return FALSE


def is_positive(scope: Scope, lab: Lab, value_set: str, wording: str, distancing: str) -> Verdict:
    """Return TRUE for a positive result.

    An interpretation coded in a system of `value_set` decides. Without one, a result is positive when its coded value,
    or the whole of its written value, is in `value_set`; when its written value names a word of `wording` that no word
    of `distancing` holds off; or when it is above its reference range.
    """
    interpretations = many(lab.interpretation, Concept)
    if any(scope.member(each, value_set) for each in interpretations):
        return Verdict(True)
    if any(scope.terminology.shares_system(each, value_set) for each in interpretations):
        return FALSE
    written = Concept(text=lab.value_string) if isinstance(lab.value_string, str) else None
    valued = [each for each in (lab.value_codeable_concept, written) if isinstance(each, Concept)]
    named = mentions(scope, lab, lab.value, wording, distancing)
    return (
        Verdict(True)
        if any(scope.member(each, value_set) for each in valued) or named.truth
        else _above_range(scope, lab)
    )


def _above_range(scope: Scope, lab: Lab) -> Verdict:
    value = lab.value_quantity
    if not isinstance(value, Quantity) or not is_number(value.value) or value.comparator in ("<", "<="):
        return FALSE
    return Verdict(True) if any(_is_above(scope, value, high) for high in lab.upper_limits) else FALSE


def _is_above(scope: Scope, value: Quantity, high: Quantity) -> bool:
    """Return whether a value is above a limit that names the same unit, another of its dimension, or none."""
    given = [unit for unit in (high.code, high.unit) if isinstance(unit, str)]
    if not given or any(unit in (value.code, value.unit) for unit in given):
        return bool(value.value > high.value)
    one, other = scope.terminology.units.amount(value), scope.terminology.units.amount(high)
    converted = one.to(other.unit) if one and other else None
    return converted is not None and other is not None and converted > other.value
