"""Mutants of value sets, code systems and naming systems."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cds_service.knowledge.read import Artifact
from tests.mutation.edit import DROPPED, Steps, at, edited
from tests.mutation.mutant import Mutant, change

INCLUDES = ("compose", "include")


def mutants_of_terms(artifacts: Sequence[Artifact]) -> Iterator[Mutant]:
    """Return the mutants of everything but plans."""
    sets = [each for each in artifacts if each.kind == "ValueSet"]
    pool = _Pool(sets)
    for i, each in enumerate(sets):
        yield from _concepts(each)
        yield from _widened(each, pool)
        yield from _moved(each, sets[(i + 1) % len(sets)])
    for each in artifacts:
        if each.kind == "CodeSystem":
            yield from _defined(each)
        if each.kind == "NamingSystem":
            yield from _identified(each)


def concepts_of(artifact: Artifact) -> Iterator[tuple[Steps, str, dict[str, Any]]]:
    """Return each concept of a value set with its path and system."""
    for i, include in enumerate(at(artifact.source, INCLUDES)):
        for j, concept in enumerate(include["concept"]):
            yield (*INCLUDES, i, "concept", j), include["system"], concept


class _Pool:
    """What may widen a set: all concepts of a system, in the order of the sets."""

    def __init__(self, sets: Sequence[Artifact]) -> None:
        self.by_system: dict[str, dict[str, str]] = defaultdict(dict)
        for each in sets:
            for _, system, concept in concepts_of(each):
                self.by_system[system].setdefault(concept["code"], concept["display"])

    def foreign(self, system: str, own: Sequence[str]) -> dict[str, str] | None:
        """Return the concept of the system that stands nearest behind those of the set and is not in it."""
        codes = sorted(self.by_system[system])
        start = codes.index(max(own))
        found = next((code for code in (*codes[start:], *codes[:start]) if code not in own), None)
        return {"code": found, "display": self.by_system[system][found]} if found else None


def _concepts(artifact: Artifact) -> Iterator[Mutant]:
    for path, system, concept in concepts_of(artifact):
        named = f"{system}#{concept['code']}"
        yield change("concept dropped", artifact, f"{named} dropped", (path, DROPPED))
        other = f"{concept['display']} of another kind"
        yield change("display or designation", artifact, f"{named} displayed otherwise", ((*path, "display"), other))
        for i, each in enumerate(concept.get("designation", [])):
            spot, kind = (*path, "designation", i), "display or designation"
            told = f"{named} {each['value']!r}"
            yield change(kind, artifact, f"{told} dropped", (spot, DROPPED))
            yield change(kind, artifact, f"{told} changed", ((*spot, "value"), f"{each['value']} of another kind"))


def _widened(artifact: Artifact, pool: _Pool) -> Iterator[Mutant]:
    for i, include in enumerate(at(artifact.source, INCLUDES)):
        own, path = [each["code"] for each in include["concept"]], (*INCLUDES, i, "concept")
        added = [pool.foreign(include["system"], own)]
        parents = dict.fromkeys(code.rpartition(".")[0] or code[:-1] for code in own)
        added += [{"code": code, "display": f"Parent {code}"} for code in parents if code and code not in own][:3]
        added += [{"code": f"{own[0]}9", "display": f"Child of {own[0]}"}]
        for each in filter(None, added):
            what = f"{include['system']}#{each['code']} added"
            yield change("set widened", artifact, what, (path, [*include["concept"], each]))


def _moved(artifact: Artifact, other: Artifact) -> Iterator[Mutant]:
    """Return the mutants in which a concept is moved to another set: the first and the last of this one."""
    found = list(concepts_of(artifact))
    for path, system, concept in (found[0], found[-1]):
        moved = {"system": system, "concept": [concept]}
        dropped = change("concept moved", artifact, f"{system}#{concept['code']} moved to {other.id}", (path, DROPPED))
        includes = [*at(other.source, INCLUDES), moved]
        yield dropped._replace(
            changed=(*dropped.changed, replace(other, source=edited(other.source, INCLUDES, includes)))
        )


def _defined(artifact: Artifact) -> Iterator[Mutant]:
    kind = "code system"
    for i, concept in enumerate(artifact.source["concept"]):
        yield change(kind, artifact, f"{concept['code']} dropped", (("concept", i), DROPPED))
        for name in ("display", "definition"):
            if name in concept:
                new = f"{concept[name]} of another kind"
                yield change(kind, artifact, f"{name} of {concept['code']} changed", (("concept", i, name), new))


def _identified(artifact: Artifact) -> Iterator[Mutant]:
    kind = "naming system"
    for i, each in enumerate(artifact.source["uniqueId"]):
        yield change(kind, artifact, f"{each['value']} dropped", (("uniqueId", i), DROPPED))
        yield change(kind, artifact, f"{each['value']} changed", (("uniqueId", i, "value"), f"{each['value']}9"))
