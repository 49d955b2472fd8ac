"""Folders -> KnowledgeBase, or all problems at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cds_service.core.card import CardWriter
from cds_service.core.library import Library
from cds_service.core.parse_plan import parse_plan
from cds_service.core.plan import EVIDENCE_CLASS, Plan, Prefetch
from cds_service.core.units import Units
from cds_service.core.valueset import Terminology
from cds_service.errors import KnowledgeError, Problem
from cds_service.knowledge.check import check_directions, check_plans, check_references, check_terms
from cds_service.knowledge.read import Artifact, read_folder
from cds_service.knowledge.terms import aliases, definitions, to_value_set
from cds_service.knowledge.units import UNITS, to_units


@dataclass(frozen=True)
class Service:
    """One CDS service: discovery derives from it (CDS Hooks 2.0, Discovery)."""

    plan: Plan
    hook: str
    prefetch: tuple[Prefetch, ...]
    writer: CardWriter

    def to_discovery(self) -> dict[str, object]:
        """Return the service's entry in the discovery response."""
        entry: dict[str, object] = {"hook": self.hook, "title": self.plan.title}
        entry |= {"description": self.plan.description, "id": self.plan.id}
        if self.prefetch:
            entry["prefetch"] = {template.key: template.query for template in self.prefetch}
        return entry


@dataclass(frozen=True)
class KnowledgeBase:
    """Everything that is known: services by id, the active plans, all plans, and the terminology."""

    services: Mapping[str, Service]
    library: Library
    all_plans: tuple[Plan, ...]
    terminology: Terminology


def load_knowledge(plandefinitions: Path, valuesets: Path) -> KnowledgeBase:
    """Return the knowledge of two folders.

    Raises KnowledgeError with every problem of every file at once: not JSON, not FHIR R4, an element or condition that
    is not interpreted, or a rule across artifacts that is broken. What would only follow from another problem (a value
    set that cannot be read is missing in every plan) is left out.
    """
    problems: list[Problem] = []
    terms = read_folder(valuesets, {"ValueSet", "CodeSystem", "NamingSystem"}, problems)
    sources = read_folder(plandefinitions, {"PlanDefinition"}, problems)
    if not terms or not sources:
        raise KnowledgeError(problems)
    unread = frozenset(Path(problem.file).stem for problem in problems)
    value_sets = [to_value_set(each, problems) for each in terms if each.kind == "ValueSet"]
    units = to_units(next((each for each in terms if each.source.get("url") == UNITS), None), problems)
    named = aliases((each for each in terms if each.kind == "NamingSystem"), problems)
    terminology = Terminology(value_sets, named, units)
    plans = [_plan(each, units, problems) for each in sources]
    pairs = list(zip(sources, plans, strict=True))
    problems += check_terms(terms, plans, all_plans_known=not problems)
    problems += check_plans(pairs, terms, terminology, unread)
    if not problems:
        problems += check_references(pairs)
    if not problems:
        problems += check_directions(pairs, terminology)
    if problems:
        raise KnowledgeError(problems)
    return _knowledge(plans, terms, terminology)


def _plan(artifact: Artifact, units: Units, problems: list[Problem]) -> Plan:
    def report(path: str, reason: str, fix: str) -> None:
        problems.append(Problem(artifact.file, path, reason, fix))

    return parse_plan(artifact.source, report, units)


def _knowledge(plans: list[Plan], terms: list[Artifact], terminology: Terminology) -> KnowledgeBase:
    active = [plan for plan in plans if plan.status == "active"]
    meanings = next((definitions(each) for each in terms if each.source.get("url") == EVIDENCE_CLASS), {})
    services = {plan.id: _service(plan, active, meanings) for plan in active if plan.hook}
    return KnowledgeBase(services, Library(active), tuple(plans), terminology)


def _service(plan: Plan, active: list[Plan], meanings: Mapping[str, str]) -> Service:
    prefetch = tuple(template for action in plan.actions for template in action.prefetch)
    shared = "\n\n".join(action.description for action in plan.actions if action.description)
    return Service(plan, plan.hook or "", prefetch, CardWriter(active, meanings, shared))
