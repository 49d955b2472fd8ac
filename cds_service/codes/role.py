"""How a condition asks about a value set: what one record of the set does to it.

Told from the text of the condition, which is asked about as if nothing else were recorded. What stands above the
action, and what else its plan asks, is not looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache, reduce
from types import MappingProxyType

from cds_service.core.fhirpath.parser import Binary, Call, Literal, Member, Node, parse_fhirpath

REMEMBERED = 2048


class Role(StrEnum):
    """What one record of a value set does to a condition.

    ALONE: it makes the condition true, where nothing else speaks against. TOGETHER: it takes more in the record.
    AGAINST: it speaks against. EXCUSES: it takes away what would speak against.
    """

    ALONE = "alone"
    TOGETHER = "only together"
    AGAINST = "holds off"
    EXCUSES = "lifts what holds off"


@lru_cache(REMEMBERED)
def roles_of(condition: str) -> Mapping[str, frozenset[Role]]:
    """Return the roles of every value set that a condition (FHIRPath) names; one set may have several."""
    node = _plain(parse_fhirpath(condition))
    enough = _enough(node)
    found: dict[str, set[Role]] = {}
    for url, turns in _asks(node, 0):
        role = Role.AGAINST if turns % 2 else Role.EXCUSES if turns else Role.ALONE if url in enough else Role.TOGETHER
        found.setdefault(url, set()).add(role)
    return MappingProxyType({url: frozenset(roles) for url, roles in found.items()})


def _plain(node: Node) -> Node:
    """Return a condition that means the same without iif."""
    if isinstance(node, Binary):
        return Binary(node.operator, _plain(node.left), _plain(node.right))
    if not isinstance(node, Call):
        return node
    arguments = tuple(_plain(each) for each in node.arguments)
    if node.name != "iif":
        return Call(node.source and _plain(node.source), node.name, arguments)
    criterion, then, *rest = arguments
    choices: list[tuple[Node, Node]] = [
        (criterion, then),
        (Call(criterion, "not", ()), rest[0] if rest else Literal(None)),
    ]
    return _joined("or", [_joined("and", each) for each in choices if each[1] not in (Literal(False), Literal(None))])


def _joined(operator: str, nodes: Sequence[Node]) -> Node:
    return reduce(lambda left, right: Binary(operator, left, right), nodes) if nodes else Literal(False)


def _enough(node: Node) -> frozenset[str]:
    """Return the sets of which one record makes the condition true, nothing else being recorded."""
    if isinstance(node, Binary) and node.operator == "or":
        return _enough(node.left) | _enough(node.right)
    if isinstance(node, Binary) and node.operator == "and":
        left, right = _enough(node.left), _enough(node.right)
        return (
            (left & right)
            | (left if _holds_of_nothing(node.right) else frozenset())
            | (right if _holds_of_nothing(node.left) else frozenset())
        )
    if not isinstance(node, Call):
        return frozenset()
    if node.name in {"memberOf", "mentions"}:
        return frozenset(_texts(node)[:1])
    asked = _conditions(node) if node.name == "exists" else []
    return _enough(_joined("and", asked))


def _conditions(node: Call) -> list[Node]:
    """Return what where() and exists() ask of one record, in all its steps."""
    before = _conditions(node.source) if isinstance(node.source, Call) else []
    return [*before, *node.arguments]


def _holds_of_nothing(node: Node) -> bool:
    """Return whether a condition is true when nothing is recorded."""
    if isinstance(node, Binary) and node.operator in {"and", "or"}:
        joined = all if node.operator == "and" else any
        return joined(map(_holds_of_nothing, (node.left, node.right)))
    if isinstance(node, Call) and node.name in {"not", "empty"} and node.source:
        asks_whether_known = node.name == "empty" and isinstance(node.source, Call) and node.source.name == "exists"
        return not asks_whether_known and not _holds_of_nothing(node.source)
    return isinstance(node, Literal) and node.value is True


def _asks(node: Node | None, turns: int) -> Iterator[tuple[str, int]]:
    """Return every value set that is asked about, and how many negations stand around it."""
    if isinstance(node, Binary):
        yield from _asks(node.left, turns)
        yield from _asks(node.right, turns)
    elif isinstance(node, Member):
        yield from _asks(node.source, turns)
    elif isinstance(node, Call):
        yield from _named(node, turns)
        for part in (node.source, *node.arguments):
            yield from _asks(part, turns + (node.name in {"not", "empty"}))


def _named(node: Call, turns: int) -> Iterator[tuple[str, int]]:
    """Return the sets that a function names; the last of mentions and isPositive holds words that keep a text off."""
    texts = _texts(node) if node.name in {"memberOf", "mentions", "isPositive"} else []
    for i, url in enumerate(texts):
        keeps_off = node.name != "memberOf" and i == len(texts) - 1
        yield url, turns + keeps_off


def _texts(node: Call) -> list[str]:
    return [each.value for each in node.arguments if isinstance(each, Literal) and isinstance(each.value, str)]
