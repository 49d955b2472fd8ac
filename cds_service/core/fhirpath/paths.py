"""Paths: expressions that lead to items, compiled to closures with the type of those items.

A path returns None when the data it starts from was not available.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from cds_service.core.fhirpath.dates import parse_date, shift
from cds_service.core.fhirpath.elements import ELEMENTS, VARIABLES
from cds_service.core.fhirpath.parser import Binary, Call, Duration, FhirPathError, Literal, Member, Node, Variable
from cds_service.core.fhirpath.scope import Path, Scope


class Typed(NamedTuple):
    """A compiled path and the type of the items it leads to."""

    path: Path
    type: str


def compile_path(node: Node, this: str | None = None) -> Typed:
    """Return the path of an expression that leads to items."""
    if isinstance(node, Variable):
        return _variable(node)
    if isinstance(node, Member):
        return _member(node, this)
    if isinstance(node, Literal):
        items = [] if node.value is None else [node.value]
        kind = {str: "string", bool: "boolean"}.get(type(node.value), "empty")
        return Typed(lambda scope, item: items, kind)
    if isinstance(node, Binary) and node.operator in {"+", "-"}:
        return _moved_date(node, this)
    if isinstance(node, Call) and node.name == "today" and node.source is None and not node.arguments:
        return Typed(lambda scope, item: [scope.facts.today], "date")
    name = node.name + "()" if isinstance(node, Call) else type(node).__name__
    raise FhirPathError(f"{name} is not supported here.")


def _variable(node: Variable) -> Typed:
    if node.name not in VARIABLES:
        raise FhirPathError(f"%{node.name} is not a variable: use one of {', '.join(sorted(VARIABLES))}.")
    name = node.name
    return Typed(lambda scope, item: scope.variable(name), VARIABLES[name])


def _member(node: Member, this: str | None) -> Typed:
    source = compile_path(node.source, this) if node.source else None
    kind = source.type if source else this
    if kind is None or node.name not in ELEMENTS.get(kind, {}):
        raise FhirPathError(f"'{node.name}' is not read of {kind or 'nothing: name a variable first'}.")
    element = ELEMENTS[kind][node.name]
    read = _date_reader(element.attribute) if element.type == "date" else _reader(element.attribute)
    if source is None:
        return Typed(lambda scope, item: read(item), element.type)
    start = source.path

    def path(scope: Scope, item: Any) -> list[Any] | None:
        items = start(scope, item)
        if items is None or len(items) == 1:
            return items and read(items[0])
        return [value for each in items for value in read(each)]

    return Typed(path, element.type)


def _reader(attribute: str) -> Callable[[Any], list[Any]]:
    get = attrgetter(attribute)

    def read(item: Any) -> list[Any]:
        value = get(item)
        if type(value) is list:
            return value
        return [] if value is None else [value]

    return read


def _date_reader(attribute: str) -> Callable[[Any], list[Any]]:
    get = attrgetter(attribute)

    def read(item: Any) -> list[Any]:
        date = parse_date(get(item))
        return [] if date is None else [date]

    return read


def _moved_date(node: Binary, this: str | None) -> Typed:
    date = compile_path(node.left, this)
    if date.type != "date" or not isinstance(node.right, Duration):
        raise FhirPathError("+ and - move a date by years, months, weeks or days, as in today() - 18 years.")
    number, unit = node.right.number * (1 if node.operator == "+" else -1), node.right.unit

    def path(scope: Scope, item: Any) -> list[Any] | None:
        items = date.path(scope, item)
        return None if items is None else [shift(each, number, unit) for each in items]

    return Typed(_once(path) if isinstance(node.left, Variable) else path, "date")


def _once(path: Path) -> Path:
    """Return a path that does not depend on the item, found once for each evaluation."""

    def found(scope: Scope, item: Any) -> list[Any] | None:
        if path not in scope.found:
            scope.found[path] = path(scope, item)
        return scope.found[path]

    return found
