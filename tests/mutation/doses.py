"""Mutants of doses: the regimens that sources describe, and every number of the dose check."""

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.core.plan import DOSE_CHECK
from cds_service.knowledge.read import Artifact
from tests.mutation.edit import DROPPED, Steps, walk
from tests.mutation.mutant import Mutant, change, place

TIMES = frozenset({"frequency", "period", "duration", "count", "periodMax", "durationMax", "frequencyMax"})
NUMBERS = frozenset({"value", "valueInteger", "valueDecimal"})


def mutants_of_doses(artifact: Artifact) -> Iterator[Mutant]:
    """Return the mutants of the regimens and of the dose check of a plan."""
    for i, each in enumerate(artifact.source.get("contained", [])):
        path: Steps = ("contained", i)
        if "dosage" in each:
            yield _without(artifact, path, each)
            yield from _numbers(artifact, path, each["dosage"], "dosage")
    for path, node in walk(artifact.source):
        if isinstance(node, dict) and node.get("url") == DOSE_CHECK:
            yield from _check(artifact, path, node)


def _without(artifact: Artifact, path: Steps, regimen: Mapping[str, Any]) -> Mutant:
    related = artifact.source["relatedArtifact"]
    link = next(i for i, each in enumerate(related) if each.get("resource") == f"#{regimen['id']}")
    what = f"regimen {regimen['id']} dropped"
    return change("dose of a regimen", artifact, what, (path, DROPPED), (("relatedArtifact", link), DROPPED))


def _numbers(artifact: Artifact, path: Steps, node: Any, step: str) -> Iterator[Mutant]:
    for inner, value in walk(node):
        if inner and inner[-1] in TIMES | NUMBERS:
            spot = (*path, step, *inner)
            names = ".".join(str(each) for each in inner if isinstance(each, str))
            factors = (10, 2) if inner[-1] in TIMES else (10, 0.1, 2, 1.2)
            for factor in factors:
                new = round(value * factor, 9)
                new = int(new) if new == int(new) else new
                what = f"{place(artifact.source, spot)} {names} {inner} {value} -> {new}"
                yield change("dose of a regimen", artifact, what, (spot, new))


def _check(artifact: Artifact, path: Steps, extension: Mapping[str, Any]) -> Iterator[Mutant]:
    for inner, value in walk(extension["extension"]):
        spot = (*path, "extension", *inner)
        if inner and inner[-1] in NUMBERS:
            name = extension["extension"][inner[0]]["url"]
            for new in (value * 10, value + 1, round(value / 2, 9)):
                whole = int(new) if inner[-1] == "valueInteger" else new
                what = f"{name} {inner} {value} -> {whole}"
                yield change("number of the dose check", artifact, what, (spot, whole))
        if isinstance(value, dict) and "url" in value:
            what = f"{value['url']} {inner} dropped"
            yield change("number of the dose check", artifact, what, (spot, DROPPED))
