"""Walks over answers: every value of a body, every card, suggestion, action and link of all golden cases."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.contract.service import Call

Json = dict[str, Any]


def values(node: Any, path: str = "$") -> Iterator[tuple[str, Any]]:
    """Yield path and value of a node and of everything below it."""
    yield path, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from values(child, f"{path}.{key}")


def our_own(body: Json) -> Json:
    """Return a body without the drafts that are given back: what they hold is the client's."""
    found = copy.deepcopy(body)
    for card in found.get("cards", []):
        for suggestion in card.get("suggestions", []):
            for action in suggestion.get("actions", []):
                if action.get("type") == "update":
                    action["resource"] = {"resourceType": action["resource"]["resourceType"]}
    return found


def cards(answers: list[Call]) -> Iterator[tuple[Call, Json]]:
    for call in answers:
        yield from ((call, card) for card in call.cards)


def suggestions(answers: list[Call]) -> Iterator[tuple[Call, Json]]:
    for call, card in cards(answers):
        yield from ((call, each) for each in card.get("suggestions", []))


def actions(answers: list[Call]) -> Iterator[tuple[Call, Json]]:
    for call, suggestion in suggestions(answers):
        yield from ((call, each) for each in suggestion["actions"])


def links(answers: list[Call]) -> Iterator[tuple[Call, Json]]:
    for call, card in cards(answers):
        yield from ((call, each) for each in card.get("links", []))


def drafts(request: Json) -> dict[str, Json]:
    """Return the draft orders of a request by 'Type/id'."""
    entries = request["context"]["draftOrders"]["entry"]
    found = [entry["resource"] for entry in entries if isinstance(entry.get("resource"), dict)]
    return {f"{each.get('resourceType')}/{each.get('id')}": each for each in found}
