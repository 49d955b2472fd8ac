"""Searches: which records of a variable a condition looked at, and which of them each of its steps kept."""

from collections.abc import Callable
from typing import Any, NamedTuple

from cds_service.core.explain.looking import Looking
from cds_service.core.explain.values import Available, Part, Seen, Stage, Truth
from cds_service.core.fhirpath.compiler import compile_predicate
from cds_service.core.fhirpath.parser import Binary, Call, Member, Node, Variable
from cds_service.core.fhirpath.paths import compile_path
from cds_service.core.fhirpath.scope import Incomplete, Predicate
from cds_service.core.fhirpath.unparse import to_text
from cds_service.core.records import newest

MOST_SHOWN = 8
Explain = Callable[[Looking, Any], Part]
Compile = Callable[[Node, str | None], Explain]


class Steps(NamedTuple):
    """The data that a search begins with, and its steps: where(), newest(), exists(condition)."""

    base: Node
    calls: tuple[Call, ...]


class Data(NamedTuple):
    """Whether the data of a variable came, and its items."""

    available: Available
    items: list[Any]


def steps_of(node: Call) -> Steps | None:
    """Return the steps of an exists() that follows where() or newest(), or has a condition; None for any other."""
    calls: list[Call] = []
    base: Node | None = node
    while isinstance(base, Call) and base.name in {"where", "exists", "newest"}:
        calls.append(base)
        base = base.source
    steps = tuple(each for each in reversed(calls) if each.name == "newest" or each.arguments)
    return Steps(base, steps) if base is not None and steps else None


def variable_of(node: Node | None) -> str | None:
    """Return the variable that a path begins with; None for an element of the current item."""
    while isinstance(node, Member | Call):
        node = node.source
    if isinstance(node, Binary):
        return variable_of(node.left)
    return node.name if isinstance(node, Variable) else None


def data_of(items: list[Any] | None) -> Data:
    """Return what came of the data that a path leads to."""
    if items is None:
        return Data("no", [])
    return Data("partly" if type(items) is Incomplete else "yes", items)


def compile_search(steps: Steps, compile_part: Compile) -> Callable[[Looking, Any], tuple[Data, tuple[Stage, ...]]]:
    """Return what finds the records of a search, step by step."""
    path, kind = compile_path(steps.base)
    stages = [
        _newest if each.name == "newest" else _filtered(each, kind, compile_part, is_later=i > 0)
        for i, each in enumerate(steps.calls)
    ]

    def search(scope: Looking, item: Any) -> tuple[Data, tuple[Stage, ...]]:
        data = data_of(path(scope, item))
        found, items = [], data.items
        for stage in stages if data.available != "no" else ():
            items, told = stage(scope, items)
            found.append(told)
        return data, tuple(found)

    return search


Filter = Callable[[Looking, list[Any]], tuple[list[Any], Stage]]


def _newest(scope: Looking, items: list[Any]) -> tuple[list[Any], Stage]:
    kept = newest(items)
    ids = {id(each) for each in kept}
    others = [each for each in items if id(each) not in ids]
    shown = [(each, True) for each in kept] + [(each, False) for each in others]
    records = [scope.describe(each)._replace(truth=truth) for each, truth in shown[:MOST_SHOWN]]
    return kept, Stage("newest()", len(items), len(kept), tuple(records))


def _filtered(call: Call, kind: str, compile_part: Compile, is_later: bool) -> Filter:
    """Return a step that keeps some records; what an earlier step has kept came near, whatever this one says of it."""
    (criterion,) = call.arguments
    text, explain = f"{call.name}({to_text(criterion)})", compile_part(criterion, kind)
    predicate, first = compile_predicate(criterion, kind), _first(criterion, kind)

    def stage(scope: Looking, items: list[Any]) -> tuple[list[Any], Stage]:
        kept, far = [], []
        near: list[tuple[Any, Truth]] = []
        for each in items:
            is_of_these = first is not None and first(scope, each).truth
            truth = False if is_of_these is False and first else predicate(scope, each).truth
            if truth:
                kept.append(each)
            elif truth is None or is_of_these or is_later:
                near.append((each, truth))
            else:
                far.append(each)
        return kept, Stage(text, len(items), len(kept), _shown(kept, near, far, scope, explain))

    return stage


def _first(criterion: Node, kind: str) -> Predicate | None:
    """Return the first of the parts that `and` joins, which says what the records are; None where there is but one."""
    node = criterion
    while isinstance(node, Binary) and node.operator == "and":
        node = node.left
    return None if node is criterion else compile_predicate(node, kind)


def _shown(
    kept: list[Any], near: list[tuple[Any, Truth]], far: list[Any], scope: Looking, explain: Explain
) -> tuple[Seen, ...]:
    telling: list[tuple[Any, Truth]] = [*((each, True) for each in kept[:MOST_SHOWN]), *near]
    told = [
        scope.describe(item)._replace(truth=truth, part=explain(scope, item)) for item, truth in telling[:MOST_SHOWN]
    ]
    return tuple(told + [scope.describe(item) for item in far[: MOST_SHOWN - len(told)]])
