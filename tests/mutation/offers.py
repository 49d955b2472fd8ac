"""Mutants of what a card offers, and of what makes a plan a service: reasons, suggestions, prefetch, repetition."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.core import plan as p
from cds_service.knowledge.read import Artifact
from tests.mutation.edit import DROPPED, Steps
from tests.mutation.mutant import Mutant, change, place
from tests.mutation.sayings import swapped

TYPES = ("create", "update", "remove")
QUERY_END = re.compile(r"[^=/]+$")
DOSE = {"path": "dose", "expression": {"language": "text/fhirpath", "expression": "%dose.meant"}}
REASON = {"path": "reason", "expression": {"language": "text/fhirpath", "expression": "%matched"}}


def mutants_of_offers(artifact: Artifact, path: Steps, node: Mapping[str, Any]) -> Iterator[Mutant]:
    """Return the mutants of one element, if it offers something or asks for data."""
    if "type" in node and path[-2:-1] == ("action",):
        yield from _suggestion(artifact, path, node)
    if node.get("resourceType") == "ActivityDefinition" and "code" in node:
        yield from _created(artifact, path, node)
    if node.get("url") == p.OVERRIDE_REASON:
        what = f"{place(artifact.source, path)} without reason {node['valueCoding']['code']}"
        yield change("override reason", artifact, what, (path, DROPPED))
    if node.get("url") == p.NOT_REPEATED_FOR:
        yield from _repetition(artifact, path, node["valueDuration"]["value"])
    if node.get("url") == p.QUERY_PATTERN:
        new, spot = QUERY_END.sub("other", node["valueString"]), (*path, "valueString")
        yield change("prefetch", artifact, f"{place(artifact.source, path)} query {new}", (spot, new))
    if node.get("url") == p.PREFETCH_REQUIRED:
        what, spot = f"{place(artifact.source, path)} required {not node['valueBoolean']}", (*path, "valueBoolean")
        yield change("prefetch", artifact, what, (spot, not node["valueBoolean"]))


def _suggestion(artifact: Artifact, path: Steps, node: Mapping[str, Any]) -> Iterator[Mutant]:
    where = place(artifact.source, path)
    yield from swapped(artifact, (*path, "type", "coding", 0, "code"), TYPES, "suggestion")
    for i, value in enumerate(node.get("dynamicValue", [])):
        spot, new = (*path, "dynamicValue", i), DOSE if value["path"] == "reason" else REASON
        yield change("suggestion", artifact, f"{where} dynamicValue dropped", (spot, DROPPED))
        yield change("suggestion", artifact, f"{where} dynamicValue {new['path']}", (spot, new))
        odd = ((*spot, "path"), new["path"])
        yield change("suggestion", artifact, f"{where} dynamicValue for {new['path']}", odd)


def _created(artifact: Artifact, path: Steps, node: Mapping[str, Any]) -> Iterator[Mutant]:
    where = place(artifact.source, path)
    for i, coding in enumerate(node["code"].get("coding", [])):
        spot = (*path, "code", "coding", i)
        yield change("suggestion", artifact, f"{where} code changed", ((*spot, "code"), f"{coding['code']}9"))
        yield change("suggestion", artifact, f"{where} coding {i} dropped", (spot, DROPPED))


def _repetition(artifact: Artifact, path: Steps, hours: float) -> Iterator[Mutant]:
    kind, where = "not repeated for", place(artifact.source, path)
    for new in (hours * 10, hours + 1, 0):
        yield change(kind, artifact, f"{where} for {new}", ((*path, "valueDuration", "value"), new))
    yield change(kind, artifact, f"{where} always", (path, DROPPED))
