"""Rules for what plans take from our own CodeSystems: the display of a code, and the direction that a stance has."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cds_service.core import plan as p
from cds_service.core.plan import Action, Plan
from cds_service.errors import Problem
from cds_service.knowledge.read import Artifact

DIRECTION = "direction"  # the property of a stance
DIRECTIONS = frozenset({"for", "against", "none"})
SYSTEM_OF = {p.STRENGTH: p.STANCE, p.QUALITY: p.EVIDENCE_CLASS}
Json = Mapping[str, Any]
Breach = tuple[str, str, str]


class OwnCodes(NamedTuple):
    """What our CodeSystems say: the display of each system and code, and the direction of each stance that has one."""

    displays: Mapping[tuple[str, str], str]
    directions: Mapping[str, str]


def own_codes(terms: Iterable[Artifact]) -> OwnCodes:
    """Return what the CodeSystems among the artifacts say."""
    systems = [each.source for each in terms if each.kind == "CodeSystem"]
    concepts = [(each.get("url", ""), concept) for each in systems for concept in each.get("concept", [])]
    displays = {(url, each.get("code", "")): each.get("display", "") for url, each in concepts}
    directions = {each.get("code", ""): _direction_of(each) for url, each in concepts if url == p.STANCE}
    return OwnCodes(displays, {stance: each for stance, each in directions.items() if each in DIRECTIONS})


def _direction_of(concept: Json) -> str:
    found = [each.get("valueString", "") for each in concept.get("property", []) if each.get("code") == DIRECTION]
    return str(found[0]) if len(found) == 1 else ""


def check_stances(terms: Iterable[Artifact]) -> list[Problem]:
    """Return the stances that do not say their direction, where their CodeSystem has a property for it."""
    found = [each for each in terms if each.kind == "CodeSystem" and each.source.get("url") == p.STANCE]
    fix = f"give it the property {DIRECTION} with valueString for, against or none."
    return [
        Problem(each.file, f"concept[{i}]", f"{concept.get('code')} does not say its direction.", fix)
        for each in found
        if any(declared.get("code") == DIRECTION for declared in each.source.get("property", []))
        for i, concept in enumerate(each.source.get("concept", []))
        if _direction_of(concept) not in DIRECTIONS
    ]


def check_coded(source: Json, own: OwnCodes) -> Iterator[Breach]:
    """Return the codings of a plan's actions that are called otherwise than in our CodeSystems, or not read."""
    for action in _actions(source):
        path = f"action({action.get('id', '?')})"
        for place, coding in _codings(action):
            called = own.displays.get((coding.get("system", ""), coding.get("code", "")))
            if called and coding.get("display", called) != called:
                reason = f"{coding['code']} is called {called!r} in {coding['system']}."
                yield f"{path}.{place}.display", reason, "correct the code or the display, whichever is wrong."
        for i, extension in enumerate(action.get("extension", [])):
            if system := SYSTEM_OF.get(extension.get("url")):
                yield from _only_of(system, extension, f"{path}.extension[{i}].valueCodeableConcept.coding")


def _actions(holder: Json) -> Iterator[Json]:
    for action in holder.get("action", []):
        yield action
        yield from _actions(action)


def _codings(action: Json) -> Iterator[tuple[str, Json]]:
    concepts = [(f"code[{i}]", each) for i, each in enumerate(action.get("code", []))]
    for i, extension in enumerate(action.get("extension", [])):
        concepts.append((f"extension[{i}].valueCodeableConcept", extension.get("valueCodeableConcept", {})))
    for place, concept in concepts:
        for i, coding in enumerate(concept.get("coding", [])):
            yield f"{place}.coding[{i}]", coding


def _only_of(system: str, extension: Json, path: str) -> Iterator[Breach]:
    codings = extension.get("valueCodeableConcept", {}).get("coding", [])
    if len(codings) > 1:
        yield path, "only the first coding is read.", "keep one."
    for each in codings[:1]:
        if each.get("system") != system:
            reason = f"{each.get('code')} is a code of {each.get('system', 'no system')} here."
            yield f"{path}[0].system", reason, f"use a code of {system}."


def check_direction(plan: Plan, action: Action, own: OwnCodes) -> Iterator[Breach]:
    """Return where an action's direction is not that of its stance; a retired plan may leave it out."""
    wanted, said = own.directions.get(action.stance or ""), action.direction or "none"
    is_left_out = plan.status == "retired" and action.direction is None
    if wanted is not None and wanted != said and said in DIRECTIONS and not is_left_out:
        reason = f"the stance {action.stance} has the direction {wanted}, and the action says {said}."
        fix = "say in both what the statement says; for none, leave cpg-directionOfRecommendation out."
        yield f"action({action.id or '?'})", reason, fix
