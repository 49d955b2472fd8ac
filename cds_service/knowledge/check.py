"""Rules that hold across artifacts. Each returns every breach it finds, as Problems an author can act on."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import NamedTuple

from cds_service.core import plan as p
from cds_service.core.plan import Action, Plan
from cds_service.core.valueset import Terminology
from cds_service.errors import Problem
from cds_service.knowledge.check_action import OVERRIDE_REASONS, asked_sets, check_action, override_reasons
from cds_service.knowledge.check_class import check_class
from cds_service.knowledge.check_coded import check_coded, check_direction, check_stances, own_codes
from cds_service.knowledge.check_service import check_service
from cds_service.knowledge.check_systems import check_systems
from cds_service.knowledge.conflict import records_that_fire_both_ways
from cds_service.knowledge.read import Artifact
from cds_service.knowledge.terms import definitions
from cds_service.knowledge.units import UNITS

SUMMARY_LIMIT = 140
CODED = {
    "disorder": p.DISORDER,
    "risk": p.RISK,
    "notice": p.NOTICE,
    "stance": p.STANCE,
    "evidence_class": p.EVIDENCE_CLASS,
}
Pair = tuple[Artifact, Plan]


def check_terms(terms: list[Artifact], plans: Iterable[Plan], all_plans_known: bool = True) -> list[Problem]:
    """Return the breaches among value sets and code systems: duplicate canonicals and ids, sets that nothing uses.

    Whether a set is used can be told only when every plan could be read.
    """
    problems = [*_duplicates(terms), *check_systems(terms), *check_stances(terms)]
    used = {url for plan in plans for action in plan.walk() for url in asked_sets(action)} | {UNITS, OVERRIDE_REASONS}
    unused = [each for each in terms if each.kind == "ValueSet" and each.source.get("url") not in used]
    fix = "name it in a condition or delete it."
    if all_plans_known:
        problems += [Problem(each.file, "url", "no plan uses this value set.", fix) for each in unused]
    return problems


def check_plans(
    pairs: list[Pair], terms: list[Artifact], terminology: Terminology, unread: frozenset[str] = frozenset()
) -> list[Problem]:
    """Return the breaches among plans, and between plans and terminology.

    `unread` names files, without their ending, that could not be read: they are not reported again where they are used.
    """
    problems = _duplicates([artifact for artifact, _ in pairs])
    known = _Known(
        {plan.url: plan for _, plan in pairs},
        {str(each.source.get("url")): set(definitions(each)) for each in terms if each.kind == "CodeSystem"},
        frozenset(terminology.value_sets),
        unread,
    )
    reasons, own = override_reasons(terms), own_codes(terms)
    for artifact, plan in pairs:
        found = [
            *_metadata(artifact, plan),
            *_links(plan, known),
            *check_service(plan),
            *check_coded(artifact.source, own),
        ]
        for action in plan.walk():
            found += [*_action(plan, action), *_dangling(action, known), *_unknown_codes(action, known)]
            found += check_direction(plan, action, own)
            if plan.status != "retired":
                found += [*check_action(action, terminology.units, reasons), *check_class(action, own)]
        problems += [Problem(artifact.file, path, reason, fix) for path, reason, fix in found]
    return problems + _second_dose_checks(pairs)


def _second_dose_checks(pairs: list[Pair]) -> list[Problem]:
    checks = [
        (artifact, action)
        for artifact, plan in pairs
        if plan.status == "active"
        for action in plan.walk()
        if action.dose_rules
    ]
    reason, fix = "another action says how doses are read.", "keep the extension dose-check on one action."
    return [Problem(artifact.file, f"action({action.id})", reason, fix) for artifact, action in checks[1:]]


class _Known(NamedTuple):
    plans: dict[str, Plan]
    codes: dict[str, set[str]]
    value_sets: frozenset[str]
    unread: frozenset[str]

    def is_unread(self, url: str) -> bool:
        name = url.partition("|")[0].rpartition("/")[2]
        return name in self.unread or f"codesystem-{name}" in self.unread


def check_references(pairs: list[Pair]) -> list[Problem]:
    """Return the active plans that lead back to themselves or that no service leads to; links must hold already."""
    by_url = {plan.url: plan for _, plan in pairs}
    problems = []
    for artifact, plan in pairs:
        if plan.url in _reached(plan, by_url):
            fix = "break the circle of definitionCanonical."
            problems.append(Problem(artifact.file, "action.definitionCanonical", "the plan refers to itself.", fix))
    return problems + _unreachable(pairs)


def _reached(plan: Plan, by_url: dict[str, Plan]) -> set[str]:
    reached: set[str] = set()
    waiting = [plan]
    while waiting:
        named = {action.definition for action in waiting.pop().walk() if action.definition} - reached
        reached |= named
        waiting += [by_url[url] for url in named if url in by_url]
    return reached


def _unreachable(pairs: list[Pair]) -> list[Problem]:
    active = [(artifact, plan) for artifact, plan in pairs if plan.status == "active"]
    named = {action.definition for _, plan in active for action in plan.walk()}
    reason, fix = "no service leads to this active plan.", "name it in a service plan, or retire it."
    return [
        Problem(artifact.file, "url", reason, fix)
        for artifact, plan in active
        if plan.hook is None and plan.url not in named
    ]


Breach = tuple[str, str, str]


def _duplicates(artifacts: list[Artifact]) -> list[Problem]:
    urls = Counter(each.source.get("url") for each in artifacts if each.kind != "NamingSystem")
    return _of_one_id(artifacts) + [
        Problem(each.file, "url", "another file has the same url.", "give each artifact its own url.")
        for each in artifacts
        if urls[each.source.get("url")] > 1
    ]


def _of_one_id(artifacts: list[Artifact]) -> list[Problem]:
    """Return the artifacts of one type and id, by which they are found everywhere; not where even the url is one."""
    by_key: dict[tuple[str, str], list[Artifact]] = {}
    for each in artifacts:
        by_key.setdefault(each.key, []).append(each)
    fix = "give each artifact of a type its own id, and name the file after it."
    return [
        Problem(one.file, "id", f"{_named(other)} has the same id.", fix)
        for alike in by_key.values()
        for one, other in permutations(alike, 2)
        if one.kind == "NamingSystem" or one.source.get("url") != other.source.get("url")
    ]


def _named(artifact: Artifact) -> str:
    """Return where an artifact is; in a Bundle, where each is called by type and id, only the url tells it apart."""
    url = artifact.source.get("url")
    return f"{artifact.file} ({url})" if url else artifact.file


def _metadata(artifact: Artifact, plan: Plan) -> Iterator[Breach]:
    for name in ("version", "title", "description", "lastReviewDate"):
        if not artifact.source.get(name):
            yield name, f"{name} is missing.", f"add {name}."
    if plan.status not in {"active", "retired", "draft"}:
        yield "status", "the status says nothing about use.", "use active, retired or draft."
    cited = any(citation.label and citation.citation for citation in plan.citations)
    if not cited and any(action.speaks for action in plan.walk()):
        yield "relatedArtifact", "no citation.", "add a relatedArtifact derived-from with label and citation."
    if plan.status == "retired" and not plan.successors:
        yield "relatedArtifact", "a retired plan names no successor.", "add a relatedArtifact of type successor."


def _links(plan: Plan, known: _Known) -> Iterator[Breach]:
    for url in (*plan.predecessors, *plan.successors):
        if url.partition("|")[0] not in known.plans and not known.is_unread(url):
            yield "relatedArtifact", f"{url} is not loaded.", "correct the canonical or add the plan."
    ids = Counter(action.id for action in plan.walk() if action.id)
    for twice in sorted(name for name in ids if ids[name] > 1):
        yield f"action({twice})", "two actions have this id.", "give each action of a plan its own id."
    for action in plan.walk():
        target = known.plans.get(action.definition or "")
        is_active = target is not None and target.status == "active"
        if action.definition and not is_active and not known.is_unread(action.definition):
            yield f"action({action.id})", f"{action.definition} is no active plan.", "correct the canonical."


def _action(plan: Plan, action: Action) -> Iterator[Breach]:
    path = f"action({action.id or '?'})"
    if not action.id:
        yield path, "the action has no id.", "add an id: it is part of the answer."
    if action.direction not in (None, "for", "against"):
        yield path, f"{action.direction} is no direction.", "use for or against, or leave the extension out."
    if action.alternatives and not all(child.definition for child in action.children):
        yield path, "an alternative names no plan.", "give each child a definitionCanonical."
    if action.speaks or action.is_card:
        yield from _card(action, path)
        yield from _evidence(plan, action, path)


def _card(action: Action, path: str) -> Iterator[Breach]:
    title = action.title or ""
    if not title or len(title) >= SUMMARY_LIMIT or "\n" in title:
        yield f"{path}.title", "a card summary is one line of 1 to 139 characters.", "shorten or add the title."
    if not action.description:
        yield f"{path}.description", "the card has no detail.", "add a description."
    if action.priority is None and action.speaks:
        yield f"{path}.priority", "the card has no indicator.", "add priority routine, urgent or stat."


def _evidence(plan: Plan, action: Action, path: str) -> Iterator[Breach]:
    if action.stance and (not action.disorder or not action.links):
        yield path, "a recommendation needs a disorder code and documentation with a url.", "add them."
    labels = {citation.label for citation in plan.citations}
    if bool(action.evidence_class) != bool(action.evidence_from) or (action.evidence_from or "") not in labels | {""}:
        reason = "the evidence class and the statement it is taken from do not go together."
        yield path, reason, "give both or neither; evidence-from is the label of a relatedArtifact."


def _dangling(action: Action, known: _Known) -> Iterator[Breach]:
    for url in sorted(asked_sets(action) - known.value_sets):
        if not known.is_unread(url):
            yield f"action({action.id}).condition", f"the value set {url} is not loaded.", "correct its url or add it."


def _unknown_codes(action: Action, known: _Known) -> Iterator[Breach]:
    for name, system in CODED.items():
        code = getattr(action, name)
        if code is not None and code not in known.codes.get(system, set()) and not known.is_unread(system):
            yield f"action({action.id})", f"{code} is no code of {system}.", "correct the code or add it there."


def check_directions(pairs: list[Pair], terminology: Terminology) -> list[Problem]:
    """Return what alone fires two plans of opposite direction; the other rules must hold already."""
    active = [(artifact, plan) for artifact, plan in pairs if plan.status == "active" and plan.hook is None]
    files = {plan.url: artifact.file for artifact, plan in active}
    found = records_that_fire_both_ways([plan for _, plan in active], terminology)
    fix = "take the code out of one value set, or ask for what tells the disorders apart."
    return [
        Problem(files[one], "action.condition", f"{record} alone fires this plan and {other}.", fix)
        for record, one, other in found
    ]
