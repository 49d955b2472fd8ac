"""Knowledge in several states that can be told from any answer: the example topic, marked all over."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

TOPIC = Path(__file__).parent / "topic"
SERVICE = "/cds-services/lotion-order-select"
MARKED = frozenset({"version", "title", "display", "definition", "citation"})


def write_state(folder: Path, name: str) -> None:
    """Write the topic into a folder, with `state<name>` in every version, title, display, definition and citation."""
    for path in TOPIC.glob("*/*.json"):
        target = folder / path.relative_to(TOPIC)
        target.parent.mkdir(exist_ok=True)
        source = json.loads(path.read_text())
        marked = source if source["id"] == "units" else _marked(source, name)
        target.write_text(json.dumps(marked, indent=2))


def _marked(node: Any, name: str) -> Any:
    if isinstance(node, list):
        return [_marked(each, name) for each in node]
    if not isinstance(node, dict):
        return node
    return {key: f"{value} state{name}" if key in MARKED else _marked(value, name) for key, value in node.items()}


def states_in(text: str) -> dict[str, int]:
    """Return the names of the states that a text is from, with the number of their marks; one, unless it is mixed."""
    return Counter(re.findall(r"state([A-Z])", text))


def folders(folder: Path) -> tuple[str, ...]:
    """Return the options that have the topic of a folder served."""
    return "--plandefinitions", str(folder / "plandefinitions"), "--valuesets", str(folder / "valuesets")


def body() -> Any:
    """Return a request that is answered with a recommendation, a risk, and what a code system says."""
    case = TOPIC / "cases" / "lotion-order-select" / "rash-with-a-wound-is-a-risk.json"
    return json.loads(case.read_text())["request"]
