"""A condition taken apart: each undivided part by the compiler's own predicate, with the data it was about.

Every part is evaluated, also one that the service does not come to because an earlier part settles the whole. The whole
follows from its parts by three-valued logic; tests prove that it is what the compiled condition says.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cds_service.core.explain.dose import why_not_known
from cds_service.core.explain.looking import Looking
from cds_service.core.explain.records import written, written_code
from cds_service.core.explain.searches import Explain, compile_search, data_of, steps_of, variable_of
from cds_service.core.explain.values import Part, Truth
from cds_service.core.fhirpath.comparison import measured
from cds_service.core.fhirpath.compiler import compile_predicate, is_condition
from cds_service.core.fhirpath.condition import Condition, compile_condition
from cds_service.core.fhirpath.logic import FALSE, UNKNOWN
from cds_service.core.fhirpath.needs import value_sets
from cds_service.core.fhirpath.parser import Binary, Call, Literal, Member, Node, Number, Variable
from cds_service.core.fhirpath.paths import Typed, compile_path
from cds_service.core.fhirpath.unparse import to_text
from cds_service.core.units import Amount

REMEMBERED = 1024
ASKING = frozenset({"memberOf", "mentions", "isPositive"})
TOLD = dict.fromkeys(("date", "boolean", "value", "quantity"), written) | {"string": written_code}


def _all(truths: list[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def _any(truths: list[Truth]) -> Truth:
    return True if True in truths else None if None in truths else False


def _not(truths: list[Truth]) -> Truth:
    (truth,) = truths
    return None if truth is None else not truth


def _chosen(truths: list[Truth]) -> Truth:
    criterion, then, *rest = truths
    return then if criterion else rest[0] if rest else None


CONCLUSIONS: Mapping[str, Callable[[list[Truth]], Truth]] = {
    "and": _all,
    "or": _any,
    "not": _not,
    "undecided": lambda truths: truths == [None],
    "iif": _chosen,
}


def explain_condition(condition: Condition, scope: Looking) -> Part:
    """Return a condition with its parts, as they are on the facts of a scope that has no index."""
    return _explainer(condition.text)(scope, None)


@lru_cache(REMEMBERED)
def _explainer(text: str) -> Explain:
    return _compile(compile_condition(text).node, None)


def _compile(node: Node, this: str | None) -> Explain:
    if isinstance(node, Binary) and node.operator in {"and", "or"}:
        return _of_parts(node, this, node.operator, _operands(node, node.operator))
    if isinstance(node, Binary):
        return _comparison(node, this)
    if isinstance(node, Call) and node.name in _CALLS:
        return _CALLS[node.name](node, this)
    if isinstance(node, Literal):
        return _constant(node)
    return _element(node, this, "element", node)


def _operands(node: Node, operator: str) -> list[Node]:
    """Return all that one operator joins: `and` and `or` may be grouped in any way."""
    if isinstance(node, Binary) and node.operator == operator:
        return _operands(node.left, operator) + _operands(node.right, operator)
    return [node]


def _of_parts(node: Node, this: str | None, kind: str, operands: list[Node]) -> Explain:
    text, conclude, parts = to_text(node), CONCLUSIONS[kind], [_compile(each, this) for each in operands]

    def explain(scope: Looking, item: Any) -> Part:
        known = tuple(part(scope, item) for part in parts)
        return Part(text, kind, conclude([each.truth for each in known]), known)

    return explain


def _constant(node: Literal) -> Explain:
    text, value = to_text(node), node.value
    return lambda scope, item: Part(text, "constant", value if isinstance(value, bool) else None)


def _negated(node: Call, this: str | None) -> Explain:
    """Return not() of a condition, or empty(): of a condition it says that nothing decides it."""
    source = node.source
    assert source is not None  # noqa: S101  (the compiler has refused it)
    is_whole = node.name == "not" or is_condition(source)
    kind = "undecided" if node.name == "empty" and is_whole else "not"
    return _of_parts(node, this, kind, [source if is_whole else Call(source, "exists", ())])


def _choice(node: Call, this: str | None) -> Explain:
    return _of_parts(node, this, "iif", list(node.arguments))


def _exists(node: Call, this: str | None) -> Explain:
    steps = steps_of(node)
    if steps is None:
        return _element(node, this, "exists", node.source)
    text, predicate, urls = to_text(node), compile_predicate(node, this), _value_sets(node)
    search, variable = compile_search(steps, _compile), variable_of(steps.base)

    def explain(scope: Looking, item: Any) -> Part:
        (available, _), stages = search(scope, item)
        nothing = FALSE if available == "yes" else UNKNOWN
        truth, evidence = predicate(scope, item) if stages and stages[-1].kept else nothing
        return Part(text, "search", truth, (), scope.canonicals(urls), evidence, variable, available, stages)

    return explain


def _value_sets(node: Node) -> tuple[str, ...]:
    """Return the value sets that a part asks, in the order in which it names them."""
    text = to_text(node)
    return tuple(sorted(value_sets(node), key=lambda url: text.index(f"'{url}'")))


def _asked(node: Call, this: str | None) -> Explain:
    text, predicate, urls = to_text(node), compile_predicate(node, this), _value_sets(node)
    variable = variable_of(node)

    def explain(scope: Looking, item: Any) -> Part:
        verdict = predicate(scope, item)
        return Part(text, node.name, verdict.truth, (), scope.canonicals(urls), verdict.evidence, variable)

    return explain


def _element(node: Node, this: str | None, kind: str, source: Node | None) -> Explain:
    """Return an element that is there or not, or is itself true or false."""
    assert source is not None  # noqa: S101  (the compiler has refused it)
    text, predicate, typed = to_text(node), compile_predicate(node, this), compile_path(source, this)
    variable, values = variable_of(source), _values(typed)

    def explain(scope: Looking, item: Any) -> Part:
        data = data_of(typed.path(scope, item))
        shown = values(data.items, scope)
        truth, available = predicate(scope, item).truth, data.available if variable else None
        because = "" if data.items else _because(source, scope)
        part = Part(text, kind, truth, variable=variable, available=available, left=shown, found=len(data.items))
        return part._replace(because=because)

    return explain


def _because(node: Node, scope: Looking) -> str:
    """Return why an element has no value, where that is reckoned and not looked up."""
    if isinstance(node, Member) and node.source == Variable("dose"):
        return why_not_known(scope.dose, node.name)
    return ""


def _values(typed: Typed) -> Callable[[list[Any], Looking], tuple[str, ...] | None]:
    """Return what tells the values of a path; of records and concepts their number says enough."""
    if typed.type not in TOLD:
        return lambda items, scope: None
    tell = TOLD[typed.type]
    return lambda items, scope: tuple(tell(each, scope.terminology.units) for each in items)


def _comparison(node: Binary, this: str | None) -> Explain:
    text, predicate, variable = to_text(node), compile_predicate(node, this), variable_of(node.left)
    sides = [_side(node.left, this), _side(node.right, this)]
    start = compile_path(node.left, this).path

    def explain(scope: Looking, item: Any) -> Part:
        left, right = (side(scope, item) for side in sides)
        data = data_of(start(scope, item))
        available, other_unit = data.available if variable else None, _is_of_other_unit(data.items, node.right, scope)
        truth = predicate(scope, item).truth
        because = "" if data.items else _because(node.left, scope)
        part = Part(text, "comparison", truth, variable=variable, available=available, left=left, right=right)
        return part._replace(other_unit=other_unit, because=because)

    return explain


def _is_of_other_unit(values: list[Any], bound: Node, scope: Looking) -> bool:
    """Return whether a value has a known unit that cannot be converted into that of its limit."""
    units = scope.terminology.units
    unit = units.by_code.get(bound.unit) if isinstance(bound, Number) else None
    amounts = [pair[1] for each in values if (pair := measured(each, units))] if unit else []
    return bool(amounts) and all(unit is not None and each.to(unit) is None for each in amounts)


def _side(node: Node, this: str | None) -> Callable[[Looking, Any], tuple[str, ...]]:
    if isinstance(node, Number):
        bound = node
        return lambda scope, item: (_bound(bound, scope),)
    path, kind = compile_path(node, this)
    tell = TOLD[kind]
    return lambda scope, item: tuple(tell(each, scope.terminology.units) for each in path(scope, item) or ())


def _bound(bound: Number, scope: Looking) -> str:
    unit = scope.terminology.units.by_code.get(bound.unit)
    return Amount(bound.value, unit).written if unit else to_text(bound)


_CALLS: dict[str, Callable[[Call, str | None], Explain]] = {
    "exists": _exists,
    "empty": _negated,
    "not": _negated,
    "iif": _choice,
    **dict.fromkeys(ASKING, _asked),
}
