"""A part of a condition in words: 'a diagnosis in “one set” and not in “another set”'."""

from collections.abc import Callable

from cds_service.changes.names import Names
from cds_service.core.fhirpath.parser import Binary, Call, Duration, Literal, Member, Node, Number, Variable

RECORDS = {
    "problems": "a diagnosis",
    "current": "a current diagnosis",
    "observations": "a result",
    "medications": "a drug on board",
    "pastMedications": "a past drug",
    "allergies": "an allergy",
    "procedures": "a procedure",
    "immunizations": "a vaccine",
    "recommendations": "a recommendation",
    "notices": "a notice",
}
THINGS = {"orderDate": "the order's date", **{name: f"the {name}" for name in ("order", "patient", "dose")}}
DATED = frozenset({"effective", "performed", "date"})
OPERATORS = {"=": "is", "!=": "is not", "<": "below", "<=": "at most", ">": "above", ">=": "at least"}
DATES = {"<": "before", "<=": "on or before", ">": "after", ">=": "on or after"}
SETS = ("in “", "not in “", "text naming “")
LOOKED_FOR = frozenset({"where", "exists", "newest"})


def phrase(node: Node, names: Names) -> str:
    """Return a part of a condition in words; value sets by their titles."""
    if isinstance(node, Binary):
        return _binary(node, names)
    if isinstance(node, Call):
        return _CALLS.get(node.name, _call)(node, names)
    if isinstance(node, Member):
        name = "date" if node.name in DATED else _spaced(node.name)
        return f"{name} of {phrase(node.source, names)}" if node.source else name
    if isinstance(node, Variable):
        return THINGS.get(node.name) or RECORDS.get(node.name) or node.name
    return _leaf(node)


def _leaf(node: Literal | Duration | Number) -> str:
    if isinstance(node, Duration):
        return f"{node.number} {node.unit}{'' if node.number == 1 else 's'}"
    if isinstance(node, Number):
        return f"{node.value:.15g}" if node.unit == "1" else f"{node.value:.15g} {node.unit}"
    if isinstance(node.value, str):
        return f"“{node.value}”"
    return {True: "true", False: "false", None: "unknown"}[node.value]


def _spaced(name: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)


def _binary(node: Binary, names: Names) -> str:
    left, right = _bracketed(node, node.left, names), _bracketed(node, node.right, names)
    if node.operator in {"+", "-"}:
        return f"{right} {'before' if node.operator == '-' else 'after'} {left}"
    if _is_date(node.right):
        return f"{left} {DATES.get(node.operator, OPERATORS.get(node.operator))} {right}"
    return f"{left} {OPERATORS.get(node.operator, node.operator)} {right}"


def _is_date(node: Node) -> bool:
    if isinstance(node, Binary):
        return isinstance(node.right, Duration)
    return node == Variable("orderDate") or (isinstance(node, Call) and node.name == "today")


def _bracketed(parent: Binary, node: Node, names: Names) -> str:
    text = phrase(node, names)
    if isinstance(node, Binary):
        return f"({text})" if node.operator in {"and", "or"} and node.operator != parent.operator else text
    return f"({text})" if isinstance(node, Call) and (" and " in text or " or " in text) else text


def _searched(node: Call, names: Names) -> str:
    """Return where() and exists(): which record is looked for."""
    criteria: list[str] = []
    call: Node | None = node
    newest = ""
    while isinstance(call, Call) and call.name in LOOKED_FOR:
        newest = "the newest of " if call.name == "newest" else newest
        criteria = [*(phrase(each, names) for each in call.arguments), *criteria]
        call = call.source
    if call is None:
        return "exists"
    who = phrase(call, names)
    if not criteria:
        return f"{who} is there" if isinstance(call, Member) else f"there is {newest}{who}"
    return f"{newest}{who}{' ' if criteria[0].lstrip('(').startswith(SETS) else ' with '}{', and '.join(criteria)}"


def _not(node: Call, names: Names) -> str:
    of = phrase(node.source, names) if node.source else ""
    if of.startswith("in “"):
        return f"not {of}"
    return f"no {of.partition(' ')[2]}" if of.startswith(("a ", "an ")) and " or " not in of else f"not ({of})"


def _empty(node: Call, names: Names) -> str:
    if isinstance(node.source, Call) and node.source.name in LOOKED_FOR:
        return _not(node, names)
    of = phrase(node.source, names) if node.source else ""
    return f"{of} is not there" if isinstance(node.source, Member | Variable) else f"it is not known whether ({of})"


def _set(node: Node, names: Names) -> str:
    is_text = isinstance(node, Literal) and isinstance(node.value, str)
    return f"“{names.title(str(node.value))}”" if is_text else phrase(node, names)  # type: ignore[union-attr]


def _of(node: Call, names: Names) -> str:
    return "" if node.source is None or node.source == Member(None, "code") else f"{phrase(node.source, names)} "


def _member_of(node: Call, names: Names) -> str:
    return f"{_of(node, names)}in {_set(node.arguments[0], names)}"


def _mentions(node: Call, names: Names) -> str:
    what, apart = (_set(each, names) for each in node.arguments)
    return f"{_of(node, names)}text naming {what} (but for {apart})"


def _positive(node: Call, names: Names) -> str:
    return f"a positive result ({', '.join(_set(each, names) for each in node.arguments)})"


def _iif(node: Call, names: Names) -> str:
    condition, then, *otherwise = (phrase(each, names) for each in node.arguments)
    return f"if ({condition}) then ({then}) else ({otherwise[0] if otherwise else 'unknown'})"


def _call(node: Call, names: Names) -> str:
    arguments = ", ".join(phrase(each, names) for each in node.arguments)
    return f"{_of(node, names)}{_spaced(node.name)}({arguments})"


_CALLS: dict[str, Callable[[Call, Names], str]] = {
    **dict.fromkeys(LOOKED_FOR, _searched),
    "not": _not,
    "empty": _empty,
    "memberOf": _member_of,
    "mentions": _mentions,
    "isPositive": _positive,
    "iif": _iif,
}
