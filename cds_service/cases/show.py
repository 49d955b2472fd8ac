"""An answer as a person reads it, or as JSON."""

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from cds_service.core.card import RECOMMENDATIONS, WARNINGS

MARKS = {"critical": "!!", "warning": "! ", "info": "  "}


def show_answer(answer: Mapping[str, Any], as_json: bool) -> str:
    """Return the raw answer, or its cards in plain text, or the reason why there are none."""
    if as_json:
        return json.dumps(answer, indent=2, ensure_ascii=False)
    if "issue" in answer:
        return f"Refused: {answer['issue'][0]['diagnostics']}"
    if not answer["cards"]:
        return "No cards: evaluated, nothing to say."
    return "\n\n".join(_card(card) for card in answer["cards"])


def _card(card: Mapping[str, Any]) -> str:
    head = f"{MARKS[card['indicator']]} {card['indicator'].upper()}: {card['summary']}"
    lines = [head, "=" * len(head)]
    for each in card.get("extension", {}).get(RECOMMENDATIONS, []):
        keys = [each["disorder"], each["stance"], f"class {each.get('evidenceClass', 'not given')}", each["guideline"]]
        lines.append("   " + " | ".join(keys))
    lines += [f"   warning: {each['risk']}" for each in card.get("extension", {}).get(WARNINGS, [])]
    lines += [f"   suggestion: {each['label']}" for each in card.get("suggestions", [])]
    lines += [f"   override: {each['display']}" for each in card.get("overrideReasons", [])]
    paragraphs = [textwrap.fill(part, 100) for part in card["detail"].replace("**", "").splitlines()]
    return "\n".join([*lines, "", *paragraphs, "", f"Source: {card['source']['label']}"])
