"""Syntax tree -> closures, once, when the knowledge is loaded.

Two kinds of closure: a path returns the items it leads to (None when the data was not available), a predicate a
Verdict. Logic is three-valued as in FHIRPath N1, 6.5; `exists` on data that was not available is UNKNOWN.
`variable.where(code.memberOf('set') and ...)` asks the index for its candidates, which a test proves to change nothing.
"""

from collections.abc import Callable
from typing import Any

from cds_service.core.fhirpath import functions, logic
from cds_service.core.fhirpath.dates import compare
from cds_service.core.fhirpath.elements import INDEXED
from cds_service.core.fhirpath.logic import FALSE, TRUE, UNKNOWN
from cds_service.core.fhirpath.needs import first_value_set
from cds_service.core.fhirpath.parser import Binary, Call, FhirPathError, Literal, Member, Node, Variable
from cds_service.core.fhirpath.paths import Typed, compile_path
from cds_service.core.fhirpath.scope import Path, Predicate, Scope, Verdict


def compile_predicate(node: Node, this: str | None = None) -> Predicate:
    """Return the predicate of a boolean expression; `this` is the type of the current item inside `where`.

    Raises FhirPathError for what is not supported, with what to write instead where there is something.
    """
    if isinstance(node, Literal) and not isinstance(node.value, str):
        verdict = {True: TRUE, False: FALSE, None: UNKNOWN}[node.value]
        return lambda scope, item: verdict
    if isinstance(node, Binary):
        return _binary(node, this)
    if isinstance(node, Call) and node.name in _PREDICATES:
        return _PREDICATES[node.name](node, this)
    typed = compile_path(node, this)
    if typed.type != "boolean":
        raise FhirPathError(f"a {typed.type} is not true or false: use exists(), = or a function.")
    return lambda scope, item: logic.single_boolean(typed.path(scope, item))


def _criteria(node: Call) -> tuple[Typed, Predicate]:
    if node.source is None or len(node.arguments) != 1:
        raise FhirPathError(f"{node.name}() takes one condition and follows a variable.")
    source = compile_path(node.source)
    return _indexed(node, source), compile_predicate(node.arguments[0], source.type)


def _indexed(node: Call, source: Typed) -> Typed:
    value_set = first_value_set(node.arguments[0])
    if not isinstance(node.source, Variable) or node.source.name not in INDEXED or value_set is None:
        return source
    name = node.source.name
    return Typed(lambda scope, item: scope.candidates(name, value_set), source.type)


def _exists(node: Call, this: str | None) -> Predicate:
    call = node.source if not node.arguments else node
    if isinstance(call, Call) and call.name in {"where", "exists"} and call.arguments:
        source, predicate = _criteria(call)
        return lambda scope, item: logic.any_of(scope, source.path(scope, item), predicate)
    if node.source is None:
        raise FhirPathError("exists() follows a variable or an element.")
    typed = compile_path(node.source, this)

    def exists(scope: Scope, item: Any) -> Verdict:
        items = typed.path(scope, item)
        return UNKNOWN if items is None else (TRUE if items else FALSE)

    return exists


def _negated(node: Call, this: str | None) -> Predicate:
    if node.source is None or node.arguments:
        raise FhirPathError(f"{node.name}() follows a condition or variable and takes nothing.")
    if node.name == "not":
        inner = compile_predicate(node.source, this)
    elif _is_condition(node.source):
        inner = logic.decided(compile_predicate(node.source, this))
    else:
        inner = _exists(Call(node.source, "exists", ()), this)
    return lambda scope, item: logic.not_(inner(scope, item))


def _is_condition(node: Node) -> bool:
    is_comparison = isinstance(node, Binary) and node.operator not in {"+", "-"}
    return is_comparison or (isinstance(node, Call) and node.name in _PREDICATES)


def _record_and_sets(node: Call, this: str | None, count: int) -> tuple[Callable[[Scope, Any], Any], list[str]]:
    sets = [_text(argument) for argument in node.arguments]
    if len(sets) != count or None in sets:
        raise FhirPathError(f"{node.name}() takes {count} value set canonical(s) in quotes.")
    if this is not None:
        return (lambda scope, item: item), [text for text in sets if text]
    if isinstance(node.source, Member) and node.source.source == Variable("order"):
        return (lambda scope, item: scope.facts.order), [text for text in sets if text]
    raise FhirPathError(f"write .where({node.name}(...)).exists(), so that the record that matched is known.")


def _text(node: Node) -> str | None:
    return node.value if isinstance(node, Literal) and isinstance(node.value, str) else None


def _member_of(node: Call, this: str | None) -> Predicate:
    record, (value_set,) = _record_and_sets(node, this, 1)
    source = _source_of(node, this, {"concept"})
    if node.source == Member(None, "code"):
        return lambda scope, item: functions.has_code_of(scope, item, value_set)
    text_counts = node.source != Member(Variable("order"), "code")

    def member_of(scope: Scope, item: Any) -> Verdict:
        return functions.member_of(scope, record(scope, item), source(scope, item) or [], value_set, text_counts)

    return member_of


def _mentions(node: Call, this: str | None) -> Predicate:
    record, (value_set, apart) = _record_and_sets(node, this, 2)
    source = _source_of(node, this, {"concept", "value"})

    def mentions(scope: Scope, item: Any) -> Verdict:
        return functions.mentions(scope, record(scope, item), source(scope, item) or [], value_set, apart)

    return mentions


def _source_of(node: Call, this: str | None, types: set[str]) -> Path:
    if node.source is None:
        raise FhirPathError(f"{node.name}() follows an element, as in code.{node.name}(...).")
    typed = compile_path(node.source, this)
    if typed.type not in types:
        raise FhirPathError(f"{node.name}() does not apply to a {typed.type}.")
    return typed.path


def _is_positive(node: Call, this: str | None) -> Predicate:
    if node.source is not None or this != "observation":
        raise FhirPathError("isPositive() is written alone inside %observations.where(...).")
    _, (value_set, wording, apart) = _record_and_sets(node, this, 3)
    return lambda scope, item: functions.is_positive(scope, item, value_set, wording, apart)


def _iif(node: Call, this: str | None) -> Predicate:
    if node.source is not None or len(node.arguments) not in {2, 3}:
        raise FhirPathError("iif() takes a condition and one or two results.")
    criterion, then, *rest = [compile_predicate(argument, this) for argument in node.arguments]

    def iif(scope: Scope, item: Any) -> Verdict:
        tested = criterion(scope, item)
        if not tested.truth:
            return rest[0](scope, item) if rest else UNKNOWN
        chosen = then(scope, item)
        return Verdict(chosen.truth, tested.evidence + chosen.evidence) if chosen.truth else chosen

    return iif


def _binary(node: Binary, this: str | None) -> Predicate:
    if node.operator in {"and", "or"}:
        left, right = compile_predicate(node.left, this), compile_predicate(node.right, this)
        return logic.both(left, right) if node.operator == "and" else logic.either(left, right)
    return _comparison(node, this)


def _comparison(node: Binary, this: str | None) -> Predicate:
    if node.operator not in logic.ORDER_TESTS:
        raise FhirPathError(f"'{node.operator}' is not supported: use and, or, =, !=, <, <=, >, >=.")
    left, right = compile_path(node.left, this), compile_path(node.right, this)
    if left.type != right.type or left.type not in {"date", "string", "boolean"}:
        raise FhirPathError(f"'{node.operator}' cannot compare a {left.type} with a {right.type}.")
    if left.type != "date" and node.operator not in {"=", "!="}:
        raise FhirPathError(f"'{node.operator}' compares dates only.")
    test, dated = logic.ORDER_TESTS[node.operator], left.type == "date"

    def comparison(scope: Scope, item: Any) -> Verdict:
        one, other = left.path(scope, item), right.path(scope, item)
        if not one or not other or len(one) > 1 or len(other) > 1:
            return UNKNOWN
        order = compare(one[0], other[0]) if dated else int(one[0] != other[0])
        return UNKNOWN if order is None else (TRUE if test(order) else FALSE)

    return comparison


_PREDICATES: dict[str, Callable[[Call, str | None], Predicate]] = {
    "exists": _exists,
    "empty": _negated,
    "not": _negated,
    "memberOf": _member_of,
    "mentions": _mentions,
    "isPositive": _is_positive,
    "iif": _iif,
}
