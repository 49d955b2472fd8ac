"""Three-valued logic with evidence (FHIRPath N1, 6.5): TRUE keeps the records that made it so.

Where two diagnoses are needed together, the evidence of both is marked as combined.
"""

from collections.abc import Callable
from typing import Any

from cds_service.core.facts import Evidence
from cds_service.core.fhirpath.scope import Incomplete, Path, Predicate, Scope, Verdict
from cds_service.core.records import Problem

TRUE, FALSE, UNKNOWN = Verdict(True), Verdict(False), Verdict(None)
ORDER_TESTS: dict[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def both(left: Predicate, right: Predicate) -> Predicate:
    """Return the conjunction; the right side is not asked when the left is false."""

    def conjunction(scope: Scope, item: Any) -> Verdict:
        one = left(scope, item)
        if one.truth is False:
            return FALSE
        other = right(scope, item)
        if other.truth is False:
            return FALSE
        if one.truth is None or other.truth is None:
            return UNKNOWN
        return joined(one, other)

    return conjunction


def joined(one: Verdict, other: Verdict) -> Verdict:
    """Return TRUE with the evidence of two verdicts that are."""
    if not one.evidence or not other.evidence:
        return other if other.evidence else one
    return Verdict(True, _combined(one.evidence, other.evidence))


def _combined(left: tuple[Evidence, ...], right: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    if not (_has_problem(left) and _has_problem(right)):
        return left + right
    return tuple(each._replace(combined=isinstance(each.record, Problem)) for each in left + right)


def _has_problem(evidence: tuple[Evidence, ...]) -> bool:
    return any(isinstance(each.record, Problem) for each in evidence)


def either(left: Predicate, right: Predicate) -> Predicate:
    """Return the disjunction, with the evidence of every side that is true."""

    def disjunction(scope: Scope, item: Any) -> Verdict:
        one, other = left(scope, item), right(scope, item)
        if one.truth or other.truth:
            return Verdict(True, one.evidence + other.evidence)
        return UNKNOWN if one.truth is None or other.truth is None else FALSE

    return disjunction


def then_evidence(predicate: Predicate, known: Predicate) -> Predicate:
    """Return the predicate with the evidence of another one, which is known to hold, before its own."""

    def with_evidence(scope: Scope, item: Any) -> Verdict:
        verdict = predicate(scope, item)
        return Verdict(True, known(scope, item).evidence + verdict.evidence) if verdict.truth else verdict

    return with_evidence


def once_found(whole: Predicate, first: Predicate, rest: Predicate) -> Predicate:
    """Return the conjunction of `first` and `rest` for records that the index found, of which `first` holds."""

    def found(scope: Scope, item: Any) -> Verdict:
        if scope.hits is None:
            return whole(scope, item)
        verdict = rest(scope, item)
        return joined(first(scope, item), verdict) if verdict.truth else verdict

    return found


def first_of(left: Predicate, right: Predicate) -> Predicate:
    """Return the disjunction of two tests of one record: where the first holds, the second is not asked."""

    def disjunction(scope: Scope, item: Any) -> Verdict:
        one = left(scope, item)
        if one.truth:
            return one
        other = right(scope, item)
        if other.truth:
            return other
        return UNKNOWN if one.truth is None or other.truth is None else FALSE

    return disjunction


def not_(verdict: Verdict) -> Verdict:
    """Return the negation; what is not there leaves no evidence."""
    return UNKNOWN if verdict.truth is None else (FALSE if verdict.truth else TRUE)


def decided(predicate: Predicate) -> Predicate:
    """Return the predicate that is true when the given one is TRUE or FALSE, as exists() of a boolean is."""
    return lambda scope, item: FALSE if predicate(scope, item).truth is None else TRUE


def single_boolean(items: list[Any] | None) -> Verdict:
    """Return the truth of a boolean element; UNKNOWN where it is absent."""
    if not items or len(items) > 1 or not isinstance(items[0], bool):
        return UNKNOWN
    return TRUE if items[0] else FALSE


def any_in(path: Path, predicate: Predicate) -> Predicate:
    """Return whether a condition holds for one of the items, with the evidence of each for which it does."""

    def any_of(scope: Scope, item: Any) -> Verdict:
        items = path(scope, item)
        if items is None:
            return UNKNOWN
        evidence: tuple[Evidence, ...] = ()
        truth = False
        for each in items:
            verdict = predicate(scope, each)
            if verdict.truth:
                truth = True
                evidence += _of_one_record(verdict) or getattr(each, "evidence", ())
        if truth:
            return Verdict(True, evidence)
        return UNKNOWN if type(items) is Incomplete else FALSE

    return any_of


def _of_one_record(verdict: Verdict) -> tuple[Evidence, ...]:
    by_text = any(each.by_text for each in verdict.evidence)
    return tuple(each._replace(by_text=by_text) for each in verdict.evidence[:1])


def none_in(path: Path, predicate: Predicate) -> Predicate:
    """Return whether a condition holds for none of the items; the first for which it holds settles it."""

    def none_of(scope: Scope, item: Any) -> Verdict:
        items = path(scope, item)
        if items is None:
            return UNKNOWN
        if any(predicate(scope, each).truth for each in items):
            return FALSE
        return UNKNOWN if type(items) is Incomplete else TRUE

    return none_of
