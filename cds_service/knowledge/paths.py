"""Where in an artifact a problem is, written in one way: its FHIR path, and in a plan also the id of the action."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cds_service.errors import Problem
from cds_service.knowledge.read import Artifact

_BY_ID = re.compile(r"action\(([^)]*)\)(.*)")
_IN_ACTION = re.compile(r"PlanDefinition\.(?:action\[\d+\]\.?)+")


def located(problems: Iterable[Problem], artifacts: Iterable[Artifact]) -> list[Problem]:
    """Return the problems with the paths that an author can follow; of files that cannot be read they stay."""
    by_file = {each.file: each for each in artifacts}
    return [
        replace(each, path=_full(each.path, by_file[each.file])) if each.file in by_file else each for each in problems
    ]


def _full(path: str, artifact: Artifact) -> str:
    if path == "-":
        return path
    ids = dict(_actions(artifact.source, artifact.kind)) if "action" in path else {}
    if found := _BY_ID.match(path):
        places = [place for place, name in ids.items() if name == found[1]] or [f"{artifact.kind}.action"]
        path = places[0] + found[2]
    elif not path.startswith(artifact.kind):
        path = f"{artifact.kind}.{path}"
    inner = _IN_ACTION.match(path)
    name = ids.get(inner[0].rstrip("."), "?") if inner else "?"
    return path if name == "?" else f"{path} ({name})"


def _actions(holder: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for i, action in enumerate(holder.get("action", [])):
        yield f"{path}.action[{i}]", action.get("id", "?")
        yield from _actions(action, f"{path}.action[{i}]")
