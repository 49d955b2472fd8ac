"""Rules that hold across artifacts. Each returns every breach it finds, as Problems an author can act on."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from cds_service.core import plan as p
from cds_service.core.plan import Action, Plan
from cds_service.core.valueset import Terminology
from cds_service.errors import Problem
from cds_service.knowledge.conflict import codes_that_fire_both_ways
from cds_service.knowledge.read import Artifact
from cds_service.knowledge.terms import definitions

SUMMARY_LIMIT = 140
HOOKS = frozenset({"order-select"})
QUERY = re.compile(r"[A-Z][A-Za-z]+(/\{\{context\.\w+\}\}|\?[\w:-]+=[^&\s]+(&[\w:-]+=[^&\s]+)*)")
TOKENS = frozenset({"{{context.patientId}}", "{{context.encounterId}}", "{{context.userId}}", "{{userPractitionerId}}"})
CODED = {
    "disorder": p.DISORDER,
    "risk": p.RISK,
    "notice": p.NOTICE,
    "stance": p.STANCE,
    "evidence_class": p.EVIDENCE_CLASS,
}
Pair = tuple[Artifact, Plan]


def check_terms(terms: list[Artifact], plans: Iterable[Plan]) -> list[Problem]:
    """Return the breaches among value sets and code systems: duplicate canonicals, sets that nothing uses."""
    problems = _duplicates(terms)
    used = {url for plan in plans for action in plan.walk() for each in action.conditions for url in each.value_sets}
    for each in terms:
        if each.kind == "ValueSet" and each.source.get("url") not in used:
            fix = "name it in a condition or delete it."
            problems.append(Problem(each.file, "url", "no plan uses this value set.", fix))
    return problems


def check_plans(pairs: list[Pair], terms: list[Artifact], terminology: Terminology) -> list[Problem]:
    """Return the breaches among plans, and between plans and terminology."""
    problems = _duplicates([artifact for artifact, _ in pairs])
    by_url = {plan.url: plan for _, plan in pairs}
    codes = {str(each.source.get("url")): set(definitions(each)) for each in terms if each.kind == "CodeSystem"}
    for artifact, plan in pairs:
        found = [*_metadata(artifact, plan), *_links(plan, by_url), *_service(plan)]
        for action in plan.walk():
            found += [*_action(plan, action), *_dangling(action, terminology), *_unknown_codes(action, codes)]
        problems += [Problem(artifact.file, path, reason, fix) for path, reason, fix in found]
    if not problems:
        problems += _both_ways(pairs, terminology)
    return problems


Breach = tuple[str, str, str]


def _duplicates(artifacts: list[Artifact]) -> list[Problem]:
    urls = Counter(each.source.get("url") for each in artifacts if each.kind != "NamingSystem")
    return [
        Problem(each.file, "url", "another file has the same url.", "give each artifact its own url.")
        for each in artifacts
        if urls[each.source.get("url")] > 1
    ]


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


def _links(plan: Plan, by_url: dict[str, Plan]) -> Iterator[Breach]:
    for url in (*plan.predecessors, *plan.successors):
        if url.partition("|")[0] not in by_url:
            yield "relatedArtifact", f"{url} is not loaded.", "correct the canonical or add the plan."
    for action in plan.walk():
        target = by_url.get(action.definition or "")
        if action.definition and (target is None or target.status != "active"):
            yield f"action({action.id})", f"{action.definition} is no active plan.", "correct the canonical."


def _service(plan: Plan) -> Iterator[Breach]:
    if plan.hook is None:
        return
    if plan.hook not in HOOKS:
        yield "action.trigger", f"the hook {plan.hook} is not served.", f"use one of {', '.join(sorted(HOOKS))}."
    for action in plan.actions:
        for template in action.prefetch:
            tokens = set(re.findall(r"\{\{.*?\}\}", template.query))
            if not QUERY.fullmatch(template.query) or tokens - TOKENS:
                reason = "not a CDS Hooks 2.0 prefetch query."
                yield f"action.input({template.key})", reason, "use Type/{{context.x}} or Type?param=value."


def _action(plan: Plan, action: Action) -> Iterator[Breach]:
    path = f"action({action.id or '?'})"
    if not action.id:
        yield path, "the action has no id.", "add an id: it is part of the answer."
    if not action.speaks:
        return
    title = action.title or ""
    if not title or len(title) >= SUMMARY_LIMIT or "\n" in title:
        yield f"{path}.title", "a card summary is one line of 1 to 139 characters.", "shorten or add the title."
    if not action.description:
        yield f"{path}.description", "the card has no detail.", "add a description."
    if action.priority is None:
        yield f"{path}.priority", "the card has no indicator.", "add priority routine, urgent or stat."
    if action.stance and (not action.disorder or not action.links):
        yield path, "a recommendation needs a disorder code and documentation with a url.", "add them."
    labels = {citation.label for citation in plan.citations}
    if bool(action.evidence_class) != bool(action.evidence_from) or (action.evidence_from or "") not in labels | {""}:
        reason = "the evidence class and the statement it is taken from do not go together."
        yield path, reason, "give both or neither; evidence-from is the label of a relatedArtifact."


def _dangling(action: Action, terminology: Terminology) -> Iterator[Breach]:
    for condition in action.conditions:
        for url in sorted(condition.value_sets - set(terminology.value_sets)):
            yield f"action({action.id}).condition", f"the value set {url} is not loaded.", "correct its url or add it."


def _unknown_codes(action: Action, codes: dict[str, set[str]]) -> Iterator[Breach]:
    for name, system in CODED.items():
        code = getattr(action, name)
        if code is not None and code not in codes.get(system, set()):
            yield f"action({action.id})", f"{code} is no code of {system}.", "correct the code or add it there."


def _both_ways(pairs: list[Pair], terminology: Terminology) -> list[Problem]:
    active = [(artifact, plan) for artifact, plan in pairs if plan.status == "active" and plan.hook is None]
    files = {plan.url: artifact.file for artifact, plan in active}
    found = codes_that_fire_both_ways([plan for _, plan in active], terminology)
    fix = "take the code out of one value set, or ask for what tells the disorders apart."
    return [
        Problem(files[one], "action.condition", f"{code.system}#{code.code} alone fires this plan and {other}.", fix)
        for code, one, other in found
    ]
