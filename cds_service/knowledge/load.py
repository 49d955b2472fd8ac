"""Artifacts of folders or of a Bundle -> KnowledgeBase, or all problems at once."""

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cds_service.core.card import CardWriter
from cds_service.core.library import Library
from cds_service.core.parse_plan import parse_plan
from cds_service.core.plan import EVIDENCE_CLASS, Plan, Prefetch
from cds_service.core.units import Units
from cds_service.core.valueset import Terminology
from cds_service.errors import KnowledgeError, Problem
from cds_service.knowledge.bundle import KINDS, read_bundle
from cds_service.knowledge.check import check_directions, check_plans, check_references, check_terms
from cds_service.knowledge.paths import located
from cds_service.knowledge.read import Artifact, read_folder
from cds_service.knowledge.terms import aliases, definitions, to_value_set
from cds_service.knowledge.units import UNITS, to_units

SPECIFICATION = "2.0.1"
PLAN = "PlanDefinition"
NOTHING_READ = Problem("-", "-", "there are no plans, or no value sets.", "give PlanDefinitions and ValueSets.")


@dataclass(frozen=True)
class Service:
    """One CDS service: discovery derives from it (CDS Hooks 2.0, Discovery).

    `content` is the plan that describes its orders: `plan` itself, or the one that `plan` refers to. Advice that was
    given at another hook is not repeated for `not_repeated_s` seconds (0: it always is).
    """

    plan: Plan
    content: Plan
    hook: str
    prefetch: tuple[Prefetch, ...]
    writer: CardWriter
    not_repeated_s: int

    def to_discovery(self) -> dict[str, object]:
        """Return the service's entry in the discovery response."""
        entry: dict[str, object] = {"hook": self.hook, "version": SPECIFICATION, "title": self.plan.title}
        entry |= {"description": self.plan.description, "id": self.plan.id}
        if self.prefetch:
            entry["prefetch"] = {template.key: template.query for template in self.prefetch}
        return entry


@dataclass(frozen=True)
class KnowledgeBase:
    """Everything that is known: services by id, the active plans, all plans, the terminology, and a digest of it all.

    The digest is the same wherever the same artifacts are loaded, and another one when any of them differs.
    """

    services: Mapping[str, Service]
    library: Library
    all_plans: tuple[Plan, ...]
    terminology: Terminology
    digest: str

    @property
    def versions(self) -> dict[str, str]:
        """Return the version of each service's plan, by the service's id."""
        return {name: each.plan.version for name, each in sorted(self.services.items())}


@dataclass(frozen=True)
class Sources:
    """The artifacts that knowledge is made of, in the order of type and id, and what was wrong in reading them."""

    artifacts: tuple[Artifact, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def terms(self) -> list[Artifact]:
        """Return all but the plans."""
        return [each for each in self.artifacts if each.kind != PLAN]

    @property
    def plans(self) -> list[Artifact]:
        """Return the PlanDefinitions."""
        return [each for each in self.artifacts if each.kind == PLAN]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Put off the garbage collection: nothing that is loaded is garbage, and looking for some took half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # what was loaded counts as old, so that it is not looked through at once
            gc.freeze()
            gc.unfreeze()
        if was_on:
            gc.enable()


@_uncollected()
def folder_sources(plandefinitions: Path, valuesets: Path) -> Sources:
    """Return the artifacts of two folders."""
    problems: list[Problem] = []
    terms = read_folder(valuesets, KINDS - {PLAN}, problems)
    plans = read_folder(plandefinitions, {PLAN}, problems)
    return Sources(tuple(sorted((*terms, *plans), key=lambda each: each.key)), tuple(problems))


@_uncollected()
def bundle_sources(raw: bytes, file: str) -> Sources:
    """Return the artifacts of a Bundle; `file` is what messages call it."""
    problems: list[Problem] = []
    return Sources(tuple(read_bundle(raw, file, problems)), tuple(problems))


@_uncollected()
def load_knowledge(plandefinitions: Path, valuesets: Path) -> KnowledgeBase:
    """Return the knowledge of two folders; raises KnowledgeError with every problem of every file at once."""
    return build_knowledge(folder_sources(plandefinitions, valuesets))


@_uncollected()
def build_knowledge(sources: Sources) -> KnowledgeBase:
    """Return the knowledge that artifacts make.

    Raises KnowledgeError with every problem of every file at once: not JSON, not FHIR R4, an element or condition that
    is not interpreted, or a rule across artifacts that is broken. What would only follow from another problem (a value
    set that cannot be read is missing in every plan) is left out.
    """
    problems = list(sources.problems)
    terms, plan_sources = sources.terms, sources.plans
    if not terms or not plan_sources:
        raise KnowledgeError(located(problems, sources.artifacts) or [NOTHING_READ])
    unread = frozenset(Path(problem.file).stem for problem in problems)
    terminology, plans = _values(sources, problems)
    pairs = list(zip(plan_sources, plans, strict=True))
    problems += check_terms(terms, plans, all_plans_known=not problems)
    problems += check_plans(pairs, terms, terminology, unread)
    if not problems:
        problems += check_references(pairs)
    if not problems:
        problems += check_directions(pairs, terminology)
    if problems:
        raise KnowledgeError(located(problems, sources.artifacts))
    return _knowledge(plans, terms, terminology, digest_of(sources.artifacts))


def rebuild_knowledge(artifacts: Iterable[Artifact]) -> KnowledgeBase:
    """Return the knowledge of artifacts in which build_knowledge found no problem.

    What it asks of several artifacts together is not asked again, which is most of its time.
    """
    sources = Sources(tuple(artifacts))
    problems: list[Problem] = []
    terminology, plans = _values(sources, problems)
    if problems:
        raise KnowledgeError(problems)
    return _knowledge(plans, sources.terms, terminology, digest_of(sources.artifacts))


def _values(sources: Sources, problems: list[Problem]) -> tuple[Terminology, list[Plan]]:
    terms = sources.terms
    value_sets = [to_value_set(each, problems) for each in terms if each.kind == "ValueSet"]
    units = to_units(next((each for each in terms if each.source.get("url") == UNITS), None), problems)
    named = aliases((each for each in terms if each.kind == "NamingSystem"), problems)
    return Terminology(value_sets, named, units), [_plan(each, units, problems) for each in sources.plans]


def _plan(artifact: Artifact, units: Units, problems: list[Problem]) -> Plan:
    def report(path: str, reason: str, fix: str) -> None:
        problems.append(Problem(artifact.file, path, reason, fix))

    return parse_plan(artifact.source, report, units)


def digest_of(artifacts: Iterable[Artifact]) -> str:
    """Return the digest by which the knowledge of some artifacts is known, in their order of type and id."""
    found = hashlib.sha256()
    for each in artifacts:  # one at a time: a process that answers calls does this, too
        found.update(each.digest)
    return found.hexdigest()[:12]


def _knowledge(plans: list[Plan], terms: list[Artifact], terminology: Terminology, digest: str) -> KnowledgeBase:
    active = [plan for plan in plans if plan.status == "active"]
    meanings = next((definitions(each) for each in terms if each.source.get("url") == EVIDENCE_CLASS), {})
    services = {plan.id: _service(plan, active, meanings) for plan in active if plan.hook}
    return KnowledgeBase(services, Library(active), tuple(plans), terminology, digest)


def _service(plan: Plan, active: list[Plan], meanings: Mapping[str, str]) -> Service:
    (action,) = plan.actions
    content = next((each for each in active if each.url == action.definition), plan)
    prefetch = tuple(template for each in content.actions for template in each.prefetch)
    shared = "\n\n".join(each.description for each in content.actions if each.description)
    writer = CardWriter(active, meanings, shared)
    return Service(plan, content, action.hook or "", prefetch, writer, action.not_repeated_s)
