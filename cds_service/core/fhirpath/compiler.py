"""Syntax tree -> closures, once, when the knowledge is loaded.

Two kinds of closure: a path returns the items it leads to (None when the data was not available), a predicate a
Verdict. Logic is three-valued as in FHIRPath N1, 6.5; `exists` on data that was not available is UNKNOWN.
`variable.where(code.memberOf('set') and ...)` asks the index for its candidates, which a test proves to change nothing.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from cds_service.core.fhirpath import functions, logic
from cds_service.core.fhirpath.comparison import compile_comparison
from cds_service.core.fhirpath.elements import NAMED
from cds_service.core.fhirpath.logic import FALSE, TRUE, UNKNOWN
from cds_service.core.fhirpath.needs import ANYTHING, first_value_set, needs, searched_pair, without_first
from cds_service.core.fhirpath.parser import Binary, Call, FhirPathError, Literal, Member, Node, Variable
from cds_service.core.fhirpath.paths import compile_path
from cds_service.core.fhirpath.scope import Incomplete, Path, Predicate, Scope, Verdict
from cds_service.core.records import newest


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


class _Search(NamedTuple):
    """Where candidates come from, their type, and what holds of each that is found.

    `sifted` says that it already holds of every candidate: then it is asked again only for the evidence.
    """

    path: Path
    type: str
    predicate: Predicate
    sifted: bool = False


def _search(node: Node) -> _Search:
    if isinstance(node, Call) and node.name in {"where", "exists"} and node.arguments:
        return _filtered(node)
    if isinstance(node, Call) and node.name == "newest":
        return _newest(node)
    typed = compile_path(node)
    return _Search(typed.path, typed.type, lambda scope, item: TRUE)


def _filtered(node: Call) -> _Search:
    if node.source is None or len(node.arguments) != 1:
        raise FhirPathError(f"{node.name}() takes one condition and follows a variable.")
    source = _search(node.source)
    predicate = compile_predicate(node.arguments[0], source.type)
    if isinstance(node.source, Variable):
        return _indexed(node.source.name, node.arguments[0], source._replace(predicate=predicate))
    joined = logic.then_evidence(predicate, source.predicate) if source.sifted else None
    return source._replace(predicate=joined or logic.both(source.predicate, predicate), sifted=False)


def _indexed(name: str, criteria: Node, source: _Search) -> _Search:
    """Return the search among the records that the index finds; where it knows their codes, the rest is asked."""
    value_set = first_value_set(criteria, name)
    if value_set is None:
        return source
    rest = without_first(criteria)
    found = source._replace(path=lambda scope, item: scope.candidates(name, value_set))
    if name in NAMED or rest is None:
        return found
    first = compile_predicate(Call(Member(None, "code"), "memberOf", (Literal(value_set),)), source.type)
    return found._replace(predicate=logic.once_found(source.predicate, first, compile_predicate(rest, source.type)))


def _newest(node: Call) -> _Search:
    source = _search(node.source) if node.source and not node.arguments else None
    if source is None or source.type != "observation":
        raise FhirPathError("newest() takes nothing and follows %observations.where(...).")

    def path(scope: Scope, item: Any) -> list[Any] | None:
        items = source.path(scope, item)
        if items is None:
            return None
        found = newest(each for each in items if source.predicate(scope, each).truth)
        return Incomplete(found) if type(items) is Incomplete else found

    return source._replace(path=path, sifted=True)


def _exists(node: Call, this: str | None) -> Predicate:
    if source := _searched(node):
        any_of = logic.any_in(source.path, source.predicate)
        pair = searched_pair(node)
        return any_of if pair is None else lambda scope, item: FALSE if scope.has_none(pair) else any_of(scope, item)
    if node.source is None:
        raise FhirPathError("exists() follows a variable or an element.")
    typed = compile_path(node.source, this)

    def exists(scope: Scope, item: Any) -> Verdict:
        items = typed.path(scope, item)
        if not items and type(items) is not list:
            return UNKNOWN
        return TRUE if items else FALSE

    return exists


def _negated(node: Call, this: str | None) -> Predicate:
    if node.source is None or node.arguments:
        raise FhirPathError(f"{node.name}() follows a condition or variable and takes nothing.")
    if node.name == "not" and (searched := _searched(node.source)):
        return logic.none_in(searched.path, searched.predicate)
    if node.name == "not":
        inner = compile_predicate(node.source, this)
    elif is_condition(node.source):
        inner = logic.decided(compile_predicate(node.source, this))
    else:
        inner = _exists(Call(node.source, "exists", ()), this)
    return lambda scope, item: logic.not_(inner(scope, item))


def _searched(node: Node) -> _Search | None:
    """Return the search of an exists() that follows where() or newest()."""
    if not isinstance(node, Call) or node.name != "exists":
        return None
    call = node if node.arguments else node.source
    return _search(call) if isinstance(call, Call) and call.name in {"where", "exists", "newest"} else None


def is_condition(node: Node) -> bool:
    """Return whether an expression is itself true, false or unknown, and no path to items."""
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
    source = _source_of(node, this, {"concept", "value"})
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


def _conjunction(node: Binary, predicate: Predicate, this: str | None) -> Predicate:
    clauses = needs(node) if this is None else ANYTHING
    return predicate if not clauses else lambda scope, item: FALSE if scope.is_idle(clauses) else predicate(scope, item)


def _asks_order(node: Node) -> bool:
    return isinstance(node, Call) and isinstance(node.source, Member) and node.source.source == Variable("order")


def _binary(node: Binary, this: str | None) -> Predicate:
    if node.operator in {"and", "or"}:
        left, right = compile_predicate(node.left, this), compile_predicate(node.right, this)
        if node.operator == "and":
            return _conjunction(node, logic.both(left, right), this)
        one_record = this is not None or (_asks_order(node.left) and _asks_order(node.right))
        return logic.first_of(left, right) if one_record else logic.either(left, right)
    return compile_comparison(node, this)


_PREDICATES: dict[str, Callable[[Call, str | None], Predicate]] = {
    "exists": _exists,
    "empty": _negated,
    "not": _negated,
    "memberOf": _member_of,
    "mentions": _mentions,
    "isPositive": _is_positive,
    "iif": _iif,
}
