"""Mutants of what a plan says: stance, class, direction, what it does when a condition is UNKNOWN, and its words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cds_service.core import plan as p
from cds_service.knowledge.read import Artifact
from tests.mutation.edit import DROPPED, Steps, at
from tests.mutation.mutant import Mutant, change, place
from tests.mutation.vocabulary import Vocabulary

CODING = ("valueCodeableConcept", "coding", 0)
DIRECTION_SYSTEM = "http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-recommendation-direction-cs"
FEW = 6
CODED = {
    p.STRENGTH: ("stance", p.STANCE),
    p.QUALITY: ("evidence class", p.EVIDENCE_CLASS),
    p.DIRECTION: ("direction", ""),
}
DIRECTIONS = ("for", "against")
NUMBER, NEGATION = re.compile(r"\d+(?:\.\d+)?"), re.compile(r"\b(?:not|no|never)\b ?", re.IGNORECASE)


def swapped(artifact: Artifact, path: Steps, known: Sequence[str], kind: str) -> Iterator[Mutant]:
    """Return the mutants in which each other of a few words stands at the path, or the next of many."""
    old, where = at(artifact.source, path), place(artifact.source, path)
    others = known if len(known) < FEW else [known[(known.index(old) + 1) % len(known)]]
    for new in others:
        yield change(kind, artifact, f"{where}: {kind} {old} -> {new}", (path, new))


def recoded(artifact: Artifact, path: Steps, codes: Sequence[str], kind: str, known: Vocabulary) -> Iterator[Mutant]:
    """Return the mutants with another code in a coding, as an author would write it who means that one.

    The code is called as it is, and a stance comes with its direction: else the check would refuse each of them.
    """
    coding, where = at(artifact.source, path), place(artifact.source, path)
    for other in swapped(artifact, (*path, "code"), codes, kind):
        new = at(other.changed[0].source, path)["code"]
        edits = [(path, known.coding(coding, new))]
        if new == coding["code"]:
            continue
        if kind == "stance":
            edits.append((path[:-4], _pointing(at(artifact.source, path[:-4]), edits[0][1], known.direction(new))))
        yield change(kind, artifact, f"{where}: {kind} {coding['code']} -> {new}", *edits)


def _pointing(
    extensions: Sequence[Mapping[str, Any]], stance: Mapping[str, str], direction: str | None
) -> list[Mapping[str, Any]]:
    """Return the extensions of an action with another stance, and with its direction."""
    kept = [each for each in extensions if each["url"] not in (p.STRENGTH, p.DIRECTION)]
    said = [(p.STRENGTH, stance)]
    if direction:
        said.append((p.DIRECTION, {"system": DIRECTION_SYSTEM, "code": direction}))
    return [*({"url": url, "valueCodeableConcept": {"coding": [coding]}} for url, coding in said), *kept]


def mutants_of_extension(
    artifact: Artifact, path: Steps, node: Mapping[str, Any], known: Vocabulary
) -> Iterator[Mutant]:
    """Return the mutants of one extension of an action."""
    where, url = place(artifact.source, path), node["url"]
    if url in CODED:
        kind, system = CODED[url]
        yield from recoded(artifact, (*path, *CODING), known.codes.get(system, DIRECTIONS), kind, known)
        yield change(kind, artifact, f"{where} without {kind}", (path, DROPPED))
    if url == p.QUALITY:
        rest = [each for each in at(artifact.source, path[:-1]) if each["url"] not in (p.QUALITY, p.EVIDENCE_FROM)]
        what = f"{where} without class and where it is from"
        yield change("evidence class", artifact, what, (path[:-1], rest or DROPPED))
    if url == p.EVIDENCE_FROM:
        labels = [each["label"] for each in artifact.source["relatedArtifact"] if "label" in each]
        yield from swapped(artifact, (*path, "valueCode"), [*labels, "efns-2008"], "evidence from")
    if url in (p.ON_UNKNOWN, "on-unknown"):
        yield from swapped(artifact, (*path, "valueCode"), ("apply", "withhold"), "on-unknown")
    if url == p.CONDITIONAL_NOTE:
        yield change("note", artifact, f"{where} note {path[-1]} dropped", (path, DROPPED))


def mutants_of_wording(artifact: Artifact, path: Steps, text: str) -> Iterator[Mutant]:
    """Return the mutants of a text: each number another one, each negation gone, or one where there was none."""
    where = f"{place(artifact.source, path)} {path[-1]}"
    for found in NUMBER.finditer(text):
        new = f"{text[: found.start()]}{found[0]}9{text[found.end() :]}"
        yield change("wording", artifact, f"{where}: {found[0]} at {found.start()} with a 9 behind", (path, new))
    for found in NEGATION.finditer(text):
        new = text[: found.start()] + text[found.end() :]
        yield change("wording", artifact, f"{where}: no {found[0]!r} at {found.start()}", (path, new))
    if not NEGATION.search(text):
        yield change("wording", artifact, f"{where}: 'not' before it all", (path, f"not {text}"))
