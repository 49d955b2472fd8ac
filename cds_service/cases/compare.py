"""How the suggestions of a card differ from those a case expects."""

from collections.abc import Mapping, Sequence
from typing import Any

from cds_service.cases.read import ExpectedSuggestion
from cds_service.cases.words import holds


def compare_suggestions(expected: Sequence[ExpectedSuggestion], got: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the differences; each expected suggestion is held against the one it is most like."""
    if len(expected) != len(got):
        return [f"expected {len(expected)} suggestion(s), got {'; '.join(each['label'] for each in got) or 'none'}"]
    left, differences = list(got), []
    for each in expected:
        tried = [(_compare(each, suggestion), i) for i, suggestion in enumerate(left)]
        best, i = min(tried, key=lambda pair: len(pair[0]))
        differences += best
        left.pop(i)
    return differences


def _compare(expected: ExpectedSuggestion, got: Mapping[str, Any]) -> list[str]:
    (action,) = got["actions"]
    found = [] if action["type"] == expected.type else [f"suggestion: expected {expected.type}, got {action['type']}"]
    label = got["label"]
    found += [f"label {label!r} lacks {each!r}" for each in expected.label if not holds(label, each)]
    if expected.resource is not None:
        found += [f"suggested resource: {each}" for each in _lacking(expected.resource, action.get("resource"), "")]
    return found


def _lacking(expected: Any, got: Any, path: str) -> list[str]:
    """Return where `got` does not hold what is expected: objects may hold more, lists hold the same number of items."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return [line for name, each in expected.items() for line in _lacking(each, got.get(name), f"{path}.{name}")]
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        pairs = enumerate(zip(expected, got, strict=True))
        return [line for i, (one, other) in pairs for line in _lacking(one, other, f"{path}[{i}]")]
    return [] if expected == got else [f"{path}: expected {expected}, got {got}"]
