"""Which value sets a condition cannot do without: derived from the condition itself, used only to skip work.

`needs` returns the (variable, value set) pairs of which at least one must have a record before the condition can be
anything but FALSE, or None when that cannot be told.
"""

from cds_service.core.fhirpath.elements import INDEXED
from cds_service.core.fhirpath.parser import Binary, Call, Literal, Member, Node, Variable

Needs = frozenset[tuple[str, str]] | None


def needs(node: Node) -> Needs:
    """Return the pairs of which one must have a record, or None."""
    if isinstance(node, Literal):
        return frozenset() if node.value is False else None
    if isinstance(node, Binary) and node.operator == "and":
        return _both(needs(node.left), needs(node.right))
    if isinstance(node, Binary) and node.operator == "or":
        return _either(needs(node.left), needs(node.right))
    if isinstance(node, Call):
        return _of_call(node)
    return None


def _of_call(node: Call) -> Needs:
    if node.name == "iif" and len(node.arguments) == 3:
        criterion, then, otherwise = [needs(argument) for argument in node.arguments]
        return _either(_both(criterion, then), otherwise)
    if node.name != "exists":
        return None
    call = node if node.arguments else node.source
    if not isinstance(call, Call) or call.name not in {"where", "exists"} or not call.arguments:
        return None
    value_set = first_value_set(call.arguments[0])
    if isinstance(call.source, Variable) and call.source.name in INDEXED and value_set:
        return frozenset({(call.source.name, value_set)})
    return None


def first_value_set(node: Node) -> str | None:
    """Return the set of a condition that begins with code.memberOf('set'), alone or before `and`."""
    while isinstance(node, Binary) and node.operator == "and":
        node = node.left
    if not isinstance(node, Call) or node.name != "memberOf" or node.source != Member(None, "code"):
        return None
    argument = node.arguments[0] if node.arguments else None
    return argument.value if isinstance(argument, Literal) and isinstance(argument.value, str) else None


def _both(left: Needs, right: Needs) -> Needs:
    if left is None or right is None:
        return right if left is None else left
    return min(left, right, key=len)


def _either(left: Needs, right: Needs) -> Needs:
    return None if left is None or right is None else left | right


def value_sets(node: Node) -> frozenset[str]:
    """Return every value set canonical that a condition names."""
    if isinstance(node, Call):
        own = {arg.value for arg in node.arguments if isinstance(arg, Literal) and isinstance(arg.value, str)}
        own = own if node.name in {"memberOf", "mentions", "isPositive"} else set()
        parts = [part for part in (node.source, *node.arguments) if part is not None]
        return frozenset(own).union(*(value_sets(part) for part in parts))
    if isinstance(node, Binary):
        return value_sets(node.left) | value_sets(node.right)
    return value_sets(node.source) if isinstance(node, Member) and node.source else frozenset()
