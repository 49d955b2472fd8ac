"""Syntax tree -> FHIRPath text, which parses to the same tree."""

from decimal import Decimal

from cds_service.core.fhirpath.parser import Binary, Call, Duration, Member, Node, Number, Variable

TIGHTNESS = {"or": 1, "xor": 1, "and": 2} | dict.fromkeys(("=", "!=", "~", "!~"), 3)
TIGHTNESS |= dict.fromkeys(("<", "<=", ">", ">="), 4) | dict.fromkeys(("+", "-", "&"), 5)
LITERALS = {None: "{}", True: "true", False: "false"}


def to_text(node: Node) -> str:
    """Return the text of a syntax tree, with no more parentheses than it needs (FHIRPath N1, 6.8 Precedence)."""
    if isinstance(node, Binary):
        tightness = TIGHTNESS[node.operator]
        return f"{_joined(node.left, tightness)} {node.operator} {_joined(node.right, tightness + 1)}"
    if isinstance(node, Variable):
        return f"%{node.name}"
    if isinstance(node, Member):
        return _after(node.source) + node.name
    if isinstance(node, Call):
        return f"{_after(node.source)}{node.name}({', '.join(map(to_text, node.arguments))})"
    if isinstance(node, Duration):
        return f"{node.number} {node.unit}{'' if node.number == 1 else 's'}"
    if isinstance(node, Number):
        unit = "" if node.unit == "1" else f" {_quoted(node.unit)}"
        return f"{_plainly(node.value)}{unit}"
    return _quoted(node.value) if isinstance(node.value, str) else LITERALS[node.value]


def _joined(node: Node, tightness: int) -> str:
    """Return an operand, in parentheses where its own operator binds less tightly; operators lean to the left."""
    text = to_text(node)
    return f"({text})" if isinstance(node, Binary) and TIGHTNESS[node.operator] < tightness else text


def _after(source: Node | None) -> str:
    if source is None:
        return ""
    text = to_text(source)
    return f"({text})." if isinstance(source, Binary | Number | Duration) else f"{text}."


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    if text.endswith("\\"):  # the grammar takes \\' at the end of a literal for an escaped quote
        escaped = escaped[:-2] + "\\u005C"
    return f"'{escaped}'"


def _plainly(number: float) -> str:
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
