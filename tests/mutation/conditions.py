"""Conditions broken on the syntax tree: parts swapped, dropped, negated; numbers, operators and sets changed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from cds_service.core.fhirpath.parser import Binary, Call, Duration, Literal, Member, Node, Number, Variable
from cds_service.core.fhirpath.unparse import to_text
from cds_service.core.plan import BASE

SETS = f"{BASE}/ValueSet/"
PREDICATES = frozenset({"exists", "empty", "memberOf", "mentions", "isPositive"})
OPERATORS = {
    "=": ("!=",),
    "!=": ("=",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "+": ("-",),
    "-": ("+",),
}
VARIABLES = {"problems": "current", "medications": "pastMedications", "pastMedications": "medications"}
UNITS = {"day": "week", "month": "day", "year": "month"}


class Broken(NamedTuple):
    """A tree with one change: its class, and the change in words."""

    kind: str
    what: str
    node: Node


def short(node: Node) -> str:
    """Return a tree as text for a reader: value sets by their names."""
    return to_text(node).replace(SETS, "")


class Others(NamedTuple):
    """What takes the place of a value set or a text in a mutant."""

    sets: Sequence[str]
    texts: Sequence[str]


def broken(node: Node, others: Others) -> Iterator[Broken]:
    """Return every tree that differs from this one in one place."""
    yield from _here(node, others)
    for part, rebuilt in _parts(node):
        for each in broken(part, others):
            yield each._replace(node=rebuilt(each.node))


def _parts(node: Node) -> Iterator[tuple[Node, Callable[[Node], Node]]]:
    """Return the parts of a node, each with what makes the node again around another part."""
    if isinstance(node, Binary):
        yield node.left, lambda part: replace(node, left=part)
        yield node.right, lambda part: replace(node, right=part)
    if isinstance(node, Member | Call) and node.source:
        yield node.source, lambda part: replace(node, source=part)
    if isinstance(node, Call):
        for i, argument in enumerate(node.arguments):
            yield argument, lambda part, i=i: replace(node, arguments=_with(node.arguments, i, part))


def _with(items: tuple[Node, ...], i: int, item: Node) -> tuple[Node, ...]:
    return (*items[:i], item, *items[i + 1 :])


def _here(node: Node, others: Others) -> Iterator[Broken]:
    if isinstance(node, Binary):
        yield from _of_binary(node)
    if isinstance(node, Call):
        yield from _of_call(node)
    if isinstance(node, Literal):
        yield from _of_literal(node, others)
    if isinstance(node, Number | Duration):
        yield from _of_number(node)
    if isinstance(node, Variable) and node.name in VARIABLES:
        new = Variable(VARIABLES[node.name])
        yield Broken("variable of a condition", f"%{node.name} -> %{new.name}", new)


def _of_number(node: Number | Duration) -> Iterator[Broken]:
    if isinstance(node, Number):
        kind, changed = "number of a condition", (node.value * 10, node.value + 1, node.value / 2)
        news: list[Number | Duration] = [replace(node, value=value) for value in changed]
    else:
        kind, numbers = "duration of a condition", (node.number * 10, node.number + 1)
        news = [replace(node, number=number) for number in numbers]
        news.append(replace(node, unit=UNITS[node.unit]))
    for new in news:
        yield Broken(kind, f"{short(node)} -> {short(new)}", new)


def _of_binary(node: Binary) -> Iterator[Broken]:
    if node.operator in {"and", "or"}:
        other = "or" if node.operator == "and" else "and"
        yield Broken("and / or of a condition", f"{other} in {short(node)}", replace(node, operator=other))
        for dropped, left in ((node.right, node.left), (node.left, node.right)):
            yield Broken("part of a condition dropped", f"without {short(dropped)}", left)
        return
    for operator in OPERATORS[node.operator]:
        kind = "operator of a condition"
        yield Broken(kind, f"{short(node)} with {operator}", replace(node, operator=operator))
    if node.operator not in {"+", "-"}:
        yield Broken("part of a condition negated", f"not: {short(node)}", Call(node, "not", ()))


def _of_call(node: Call) -> Iterator[Broken]:
    if node.name in PREDICATES:
        yield Broken("part of a condition negated", f"not: {short(node)}", Call(node, "not", ()))
    if node.name == "not" and node.source:
        yield Broken("part of a condition negated", f"not any more: {short(node)}", node.source)
    if node.name in {"where", "newest"} and node.source:
        yield Broken("part of a condition dropped", f"without {node.name} after {short(node.source)}", node.source)
    if node.name == "iif" and len(node.arguments) == 3:
        first, *results = node.arguments
        swapped = replace(node, arguments=(first, *reversed(results)))
        yield Broken("part of a condition negated", f"the other way round: {short(node)}", swapped)


def _of_literal(node: Literal, others: Others) -> Iterator[Broken]:
    value = node.value
    if isinstance(value, bool):
        yield Broken("text of a condition", f"{value} -> {not value}", Literal(not value))
    if not isinstance(value, str):
        return
    is_set = value.startswith(SETS)
    known = others.sets if is_set else others.texts
    new = known[(known.index(value) + 1) % len(known)]
    kind = "value set of a condition" if is_set else "text of a condition"
    yield Broken(kind, f"{value.removeprefix(SETS)} -> {new.removeprefix(SETS)}", Literal(new))
