"""Mutants of a plan: what is done to each of its elements, and in which order its actions are asked."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from cds_service.core import plan as p
from cds_service.core.fhirpath.needs import value_sets
from cds_service.core.fhirpath.parser import parse_fhirpath
from cds_service.core.fhirpath.unparse import to_text
from cds_service.knowledge.read import Artifact
from tests.mutation.conditions import Others, broken
from tests.mutation.doses import mutants_of_doses
from tests.mutation.edit import DROPPED, Steps, walk
from tests.mutation.mutant import Mutant, change, place
from tests.mutation.offers import mutants_of_offers
from tests.mutation.sayings import mutants_of_extension, mutants_of_wording, recoded, swapped
from tests.mutation.vocabulary import Vocabulary, conditions_of

PRIORITIES = ("routine", "urgent", "stat")
KEYS = {p.DISORDER: "disorder", p.RISK: "risk", p.NOTICE: "notice"}
TEXTS = frozenset({"title", "description", "valueMarkdown"})
LISTS = {"documentation": "link", "relatedArtifact": "source", "trigger": "trigger", "input": "prefetch"}
BEHAVIOURS = {"any": "at-most-one", "at-most-one": "any", "exactly-one": "at-most-one"}


def mutants_of_plan(artifact: Artifact, known: Vocabulary) -> Iterator[Mutant]:
    """Return the mutants of one plan; those of a retired plan are a class of their own, since it never fires."""
    for each in _mutants(artifact, known):
        yield each._replace(kind="retired plan") if artifact.source["status"] == "retired" else each


def _mutants(artifact: Artifact, known: Vocabulary) -> Iterator[Mutant]:
    yield from _of_conditions(artifact, known)
    yield from mutants_of_doses(artifact)
    for path, node in walk(artifact.source):
        if isinstance(node, dict):
            yield from _of_element(artifact, path, node, known)
            yield from mutants_of_offers(artifact, path, node)
        if isinstance(node, list) and path[-1] == "action":
            yield from _of_order(artifact, path, node)
        if isinstance(node, str) and path[-1] in TEXTS and "action" in path:
            yield from mutants_of_wording(artifact, path, node)
    for status in ("active", "retired", "draft"):
        yield change("status of a plan", artifact, f"status {status}", (("status",), status))
    for i, _ in enumerate(artifact.source.get("topic", [])):
        yield change("topic of a plan", artifact, "topic dropped", (("topic", i), DROPPED))


def _of_conditions(artifact: Artifact, known: Vocabulary) -> Iterator[Mutant]:
    """Return every condition of a plan broken in every way, and left out."""
    for path, text in conditions_of(artifact):
        node, where = parse_fhirpath(text), place(artifact.source, path)
        own = sorted(value_sets(node))
        others = Others(own if len(own) > 1 else known.sets, known.texts)
        for each in broken(node, others):
            yield change(each.kind, artifact, f"{where}: {each.what}", (path, to_text(each.node)))
        if "condition" in path:
            yield change("condition dropped", artifact, f"{where} without condition", (path[:-2], DROPPED))


def _of_element(artifact: Artifact, path: Steps, node: Mapping[str, Any], known: Vocabulary) -> Iterator[Mutant]:
    if "url" in node and path[-2:-1] == ("extension",):
        yield from mutants_of_extension(artifact, path, node, known)
    if "action" in path and node.get("system") in KEYS:
        yield from recoded(artifact, path, known.codes[node["system"]], KEYS[node["system"]], known)
    if "priority" in node:
        yield from swapped(artifact, (*path, "priority"), PRIORITIES, "priority")
    yield from _lists(artifact, path, node)
    yield from _behaviours(artifact, path, node)
    target = node.get("definitionCanonical", "#")
    if not target.startswith("#"):
        new = known.next_plan(target)
        what = f"{place(artifact.source, path)} leads to {new.rpartition('/')[2]}"
        yield change("order of plans", artifact, what, ((*path, "definitionCanonical"), new))


def _lists(artifact: Artifact, path: Steps, node: Mapping[str, Any]) -> Iterator[Mutant]:
    for name, kind in LISTS.items():
        for i, item in enumerate(node.get(name, [])):
            told = item.get("label") or item.get("id") or item.get("name") or item.get("resource") or ""
            what = f"{place(artifact.source, path)} {name} {i} {told} dropped"
            yield change(kind, artifact, what, ((*path, name, i), DROPPED))


def _behaviours(artifact: Artifact, path: Steps, node: Mapping[str, Any]) -> Iterator[Mutant]:
    for name in ("selectionBehavior", "groupingBehavior"):
        if name in node:
            kind, what = "selection behaviour", f"{place(artifact.source, path)} {name}"
            yield change(kind, artifact, f"{what} {node[name]} dropped", ((*path, name), DROPPED))
            if other := BEHAVIOURS.get(node[name]):
                yield change(kind, artifact, f"{what} {other}", ((*path, name), other))


def _of_order(artifact: Artifact, path: Steps, actions: Sequence[Mapping[str, Any]]) -> Iterator[Mutant]:
    for i, each in enumerate(actions):
        what = f"{place(artifact.source, (*path, i))} dropped"
        yield change("suggestion" if "type" in each else "order of plans", artifact, what, ((*path, i), DROPPED))
    for i, (one, other) in enumerate(pairwise(actions)):
        what = f"{place(artifact.source, path)} {one['id']} and {other['id']} swapped"
        yield change("order of plans", artifact, what, ((*path, i), other), ((*path, i + 1), one))
