"""Which value sets a condition cannot do without: derived from the condition itself, used only to skip work.

`needs` returns clauses of (variable, value set) pairs: before the condition can be anything but FALSE, each clause must
have a pair with a record. No clause at all means that nothing can be told; an empty clause, that it is always FALSE.
"""

from cds_service.core.fhirpath.elements import INDEXED, NAMED
from cds_service.core.fhirpath.parser import Binary, Call, Literal, Member, Node, Number, Variable

Clause = frozenset[tuple[str, str]]
Needs = frozenset[Clause]
ANYTHING: Needs = frozenset()
NEVER: Needs = frozenset({frozenset()})


def needs(node: Node) -> Needs:
    """Return the clauses each of which must have a pair with a record."""
    if isinstance(node, Literal):
        return NEVER if node.value is False else ANYTHING
    if isinstance(node, Binary) and node.operator == "and":
        return needs(node.left) | needs(node.right)
    if isinstance(node, Binary) and node.operator == "or":
        return _either(needs(node.left), needs(node.right))
    if isinstance(node, Call):
        return _of_call(node)
    return ANYTHING


def _either(left: Needs, right: Needs) -> Needs:
    return frozenset(one | other for one in left for other in right)


def _of_call(node: Call) -> Needs:
    if node.name in {"memberOf", "mentions"} and node.source == Member(Variable("order"), "code"):
        value_set = _text(node)
        return frozenset({frozenset({("order", value_set)})}) if value_set else ANYTHING
    if node.name == "iif" and len(node.arguments) == 3:
        criterion, then, otherwise = [needs(argument) for argument in node.arguments]
        return _either(criterion | then, otherwise)
    if node.name != "exists":
        return ANYTHING
    searched = searched_pair(node)
    return frozenset({frozenset({searched})}) if searched else ANYTHING


def searched_pair(node: Call) -> tuple[str, str] | None:
    """Return the variable that an exists() after where() and newest() starts from, and the set it is looked up by."""
    call = node if node.arguments else node.source
    while isinstance(call, Call) and call.name in {"where", "exists", "newest"}:
        if isinstance(call.source, Variable) and call.arguments:
            value_set = first_value_set(call.arguments[0], call.source.name)
            return (call.source.name, value_set) if value_set else None
        call = call.source
    return None


def first_value_set(node: Node, variable: str) -> str | None:
    """Return the set of a condition on an indexed variable that begins with code.memberOf('set'), alone or before and.

    Where records are also known by name, `code.memberOf('set') or code.mentions('set', ...)` counts as well.
    """
    if variable not in INDEXED:
        return None
    while isinstance(node, Binary) and node.operator == "and":
        node = node.left
    if variable in NAMED and isinstance(node, Binary) and node.operator == "or":
        one, other = _asked(node.left, "memberOf"), _asked(node.right, "mentions")
        return one if one == other else None
    return _asked(node, "memberOf")


def _asked(node: Node, function: str) -> str | None:
    is_asked = isinstance(node, Call) and node.name == function and node.source == Member(None, "code")
    return _text(node) if is_asked else None


def _text(node: Node) -> str | None:
    argument = node.arguments[0] if isinstance(node, Call) and node.arguments else None
    return argument.value if isinstance(argument, Literal) and isinstance(argument.value, str) else None


def units(node: Node | None) -> frozenset[str]:
    """Return every unit that a condition names."""
    if isinstance(node, Number):
        return frozenset({node.unit})
    if isinstance(node, Binary):
        return units(node.left) | units(node.right)
    if isinstance(node, Call):
        return frozenset().union(*(units(part) for part in (node.source, *node.arguments)))
    return units(node.source) if isinstance(node, Member) else frozenset()


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


def without_first(node: Node) -> Node | None:
    """Return a condition without the first of the parts that `and` joins; None when there is no other."""
    if not isinstance(node, Binary) or node.operator != "and":
        return None
    rest = without_first(node.left)
    return node.right if rest is None else Binary("and", rest, node.right)
