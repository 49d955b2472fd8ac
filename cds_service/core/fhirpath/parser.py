"""FHIRPath text -> a small syntax tree, by way of fhirpathpy's grammar and the whole text.

fhirpathpy's own `parse` accepts trailing text and swallows syntax errors; here the rule that ends in EOF is used and
the first error is raised with its place.
"""

import re
from dataclasses import dataclass
from typing import Any

from antlr4 import CommonTokenStream, InputStream, TerminalNode
from antlr4.error.ErrorListener import ErrorListener
from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer
from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser


class FhirPathError(ValueError):
    """The text is not FHIRPath, or not the part of it that is supported."""


@dataclass(frozen=True)
class Literal:
    """A string, boolean or the empty collection (`None`)."""

    value: str | bool | None


@dataclass(frozen=True)
class Duration:
    """A calendar duration such as `18 years`."""

    number: int
    unit: str


@dataclass(frozen=True)
class Number:
    """A number, with the UCUM code of its unit ('1' for a bare number)."""

    value: float
    unit: str


@dataclass(frozen=True)
class Variable:
    """`%name`."""

    name: str


@dataclass(frozen=True)
class Member:
    """`source.name`, or `name` of the current item."""

    source: "Node | None"
    name: str


@dataclass(frozen=True)
class Call:
    """`source.name(arguments)`, or a function of the current item."""

    source: "Node | None"
    name: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True)
class Binary:
    """`left operator right`."""

    operator: str
    left: "Node"
    right: "Node"


Node = Literal | Duration | Number | Variable | Member | Call | Binary
_BINARY = {
    "AndExpression",
    "OrExpression",
    "EqualityExpression",
    "InequalityExpression",
    "AdditiveExpression",
}
_WRAPPERS = {"EntireExpression", "TermExpression", "InvocationTerm", "LiteralTerm", "ParenthesizedTerm"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))")
_ESCAPED = {each: each for each in "'\"`\\/"} | {"f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class _Raising(ErrorListener):  # type: ignore[misc]
    def syntaxError(self, recognizer: Any, symbol: Any, line: int, column: int, msg: str, e: Any) -> None:  # noqa: ARG002, N802
        raise FhirPathError(f"not FHIRPath at character {column + 1}: {msg}.")


def parse_fhirpath(text: str) -> Node:
    """Return the syntax tree of the whole text.

    Raises FhirPathError with the place of the first syntax error, or naming the first construct outside the subset.
    """
    if not text.strip():
        raise FhirPathError("the expression is empty.")
    lexer = FHIRPathLexer(InputStream(text))
    parser = FHIRPathParser(CommonTokenStream(lexer))
    for recognizer in (lexer, parser):
        recognizer.removeErrorListeners()
        recognizer.addErrorListener(_Raising())
    return _node(_tree(parser.entireExpression()))


def _tree(context: Any) -> dict[str, Any]:
    """Return a node of the parse as fhirpathpy's own listener writes it, with `text` only where it is read."""
    kind = type(context).__name__.removesuffix("Context")
    tokens = [child.getText() for child in context.children if isinstance(child, TerminalNode)]
    children = [_tree(child) for child in context.children if not isinstance(child, TerminalNode)]
    text = context.getText() if kind == "Identifier" or kind.endswith("Literal") else ""
    return {"type": kind, "terminalNodeText": tokens, "children": children, "text": text}


def _node(tree: dict[str, Any]) -> Node:
    kind, children = tree["type"], tree.get("children", [])
    if kind in _WRAPPERS:
        return _node(children[0])
    if kind in _BINARY:
        return Binary(tree["terminalNodeText"][0], _node(children[0]), _node(children[1]))
    if kind == "InvocationExpression":
        return _invocation(children[1], _node(children[0]))
    if kind in {"MemberInvocation", "FunctionInvocation"}:
        return _invocation(tree, None)
    if kind == "ExternalConstantTerm":
        return Variable(children[0]["children"][0]["text"])
    return _literal(kind, tree)


def _invocation(tree: dict[str, Any], source: Node | None) -> Node:
    if tree["type"] == "MemberInvocation":
        return Member(source, tree["children"][0]["text"])
    if tree["type"] == "FunctionInvocation":
        name, *parameters = tree["children"][0]["children"]
        arguments = tuple(_node(argument) for argument in parameters[0]["children"]) if parameters else ()
        return Call(source, name["text"], arguments)
    raise FhirPathError(f"{_plainly(tree['type'])} is not supported here.")


def _literal(kind: str, tree: dict[str, Any]) -> Node:
    if kind == "NullLiteral":
        return Literal(None)
    if kind == "BooleanLiteral":
        return Literal(tree["text"] == "true")
    if kind == "StringLiteral":
        return Literal(_unescape(tree["text"][1:-1]))
    if kind == "QuantityLiteral":
        return _quantity(tree["children"][0])
    if kind == "NumberLiteral":
        return Number(float(tree["terminalNodeText"][0]), "1")
    raise FhirPathError(f"{_plainly(kind)} is not supported.")


def _plainly(kind: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower()


def _quantity(quantity: dict[str, Any]) -> Duration | Number:
    number, unit = quantity["terminalNodeText"][0], quantity["children"][0]
    if not unit.get("children"):
        return Number(float(number), _unescape(unit["terminalNodeText"][0][1:-1]))
    precision = unit["children"][0]["terminalNodeText"][0].rstrip("s")
    if not number.isdigit() or precision not in {"year", "month", "week", "day"}:
        raise FhirPathError("only whole years, months, weeks and days are supported as durations.")
    return Duration(int(number) * 7, "day") if precision == "week" else Duration(int(number), precision)


def _unescape(text: str) -> str:
    """Return what a string literal means (FHIRPath N1, 4.1.2 String)."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPED.get(found[2], found[0]), text)
