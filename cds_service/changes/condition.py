"""Two conditions -> which of their parts differ, in words."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from cds_service.changes.names import Names
from cds_service.changes.phrases import LOOKED_FOR, phrase
from cds_service.core.fhirpath.parser import Binary, Call, Node
from cds_service.core.fhirpath.unparse import to_text

ALIKE = 0.5
JOINED = {"and": "requirement", "or": "alternative"}
ENOUGH = {"and": "all of its parts are now needed", "or": "any one of its parts is now enough"}


class Part(NamedTuple):
    """What differs in a condition: words before and after, None where there are none, and what they are part of."""

    what: str
    old: str | None = None
    new: str | None = None
    of: str = ""


def compare_conditions(old: Node, new: Node, names: Names) -> list[Part]:
    """Return the parts that differ, added, removed and changed; [] only when both ask the same in the same order."""
    return [] if old == new else list(_compare(old, new, names))


def _compare(old: Node, new: Node, names: Names) -> Iterator[Part]:
    before, after = _parts(old), _parts(new)
    if old in after.nodes:
        yield from _listed(_Parts(after.operator, [old]), after, names)
    elif new in before.nodes:
        yield from _listed(before, _Parts(before.operator, [new]), names)
    elif before.operator and after.operator and before.operator != after.operator:
        yield Part(f"“{before.operator}” became “{after.operator}”: {ENOUGH[after.operator]}")
        if set(before.nodes) != set(after.nodes):
            yield Part("changed", *_worded(old, new, names))
    elif before.operator or after.operator:
        yield from _listed(before, after, names)
    else:
        yield from _single(old, new, names)


class _Parts(NamedTuple):
    """The parts that one operator joins; a part that stands alone has none."""

    operator: str
    nodes: list[Node]


def _parts(node: Node) -> _Parts:
    if not isinstance(node, Binary) or node.operator not in JOINED:
        return _Parts("", [node])
    left, right = _parts(node.left), _parts(node.right)
    one = left.nodes if left.operator == node.operator else [node.left]
    other = right.nodes if right.operator == node.operator else [node.right]
    return _Parts(node.operator, [*one, *other])


def _listed(before: _Parts, after: _Parts, names: Names) -> Iterator[Part]:
    joined = JOINED[before.operator or after.operator]
    gone, come = _without(before.nodes, after.nodes), _without(after.nodes, before.nodes)
    for one, other in _alike(gone, come, names):
        gone.remove(one)
        come.remove(other)
        yield from _compare(one, other, names)
    yield from (Part(f"{joined} removed", phrase(each, names)) for each in gone)
    yield from (Part(f"{joined} added", None, phrase(each, names)) for each in come)
    if sorted(before.nodes, key=repr) == sorted(after.nodes, key=repr):
        yield Part("the same parts in another order or other brackets")


def _without(nodes: list[Node], others: list[Node]) -> list[Node]:
    """Return the nodes that the others do not hold, as often as they do not."""
    left, found = list(others), []
    for each in nodes:
        if each in left:
            left.remove(each)
        else:
            found.append(each)
    return found


def _alike(gone: list[Node], come: list[Node], names: Names) -> list[tuple[Node, Node]]:
    """Return which part became which: those that are most alike in words."""
    tried = [(_likeness(one, other, names), i, j) for i, one in enumerate(gone) for j, other in enumerate(come)]
    found: dict[int, int] = {}
    for likeness, i, j in sorted(tried, reverse=True):
        if likeness > ALIKE and i not in found and j not in found.values():
            found[i] = j
    return [(gone[i], come[j]) for i, j in sorted(found.items())]


def _likeness(one: Node, other: Node, names: Names) -> float:
    words = phrase(one, names).split(), phrase(other, names).split()
    return SequenceMatcher(None, *words, autojunk=False).ratio()


def _single(old: Node, new: Node, names: Names) -> Iterator[Part]:
    if new == Call(old, "not", ()) or old == Call(new, "not", ()):
        yield Part("turned into its opposite", *_worded(old, new, names))
    elif isinstance(old, Call) and isinstance(new, Call) and _asks_alike(old, new):
        inner = [(old.source, new.source), *zip(old.arguments, new.arguments, strict=True)]
        found = [part for one, other in inner if one and other for part in compare_conditions(one, other, names)]
        yield from (part if part.of or old.name == "not" else part._replace(of=phrase(old, names)) for part in found)
    else:
        yield Part("changed", *_worded(old, new, names))


def _worded(old: Node, new: Node, names: Names) -> tuple[str, str]:
    """Return both in words; where these are the same, as they are written, so that no difference goes unseen."""
    words = phrase(old, names), phrase(new, names)
    return words if words[0] != words[1] else (to_text(old), to_text(new))


def _asks_alike(old: Call, new: Call) -> bool:
    """Return whether two calls are of one function, so that what it is asked of can be held against each other."""
    is_same = old.name == new.name and len(old.arguments) == len(new.arguments)
    return is_same and bool(old.source) == bool(new.source) and old.name in {"not", "empty", "iif", *LOOKED_FOR}
