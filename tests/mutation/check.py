"""The knowledge check of a mutant: the rules of build_knowledge, with what did not change taken as it was parsed.

A test holds it against build_knowledge itself.
"""

from typing import NamedTuple

from cds_service.core.parse_plan import parse_plan
from cds_service.core.plan import EVIDENCE_CLASS, Plan
from cds_service.core.units import Units
from cds_service.core.valueset import Terminology
from cds_service.errors import Problem
from cds_service.knowledge import load
from cds_service.knowledge.check import check_directions, check_plans, check_references, check_terms
from cds_service.knowledge.load import KnowledgeBase, Sources
from cds_service.knowledge.read import Artifact, to_artifact
from cds_service.knowledge.terms import aliases, to_value_set
from cds_service.knowledge.units import UNITS, to_units
from tests.mutation.mutant import Mutant
from tests.mutation.touched import Touched, has_the_same_systems, touched_by

NOTHING_TOUCHED = Touched()


class Tried(NamedTuple):
    """What the check says of a mutant; and its knowledge, if there is nothing wrong with it."""

    problems: list[Problem]
    knowledge: KnowledgeBase | None
    is_whole: bool  # whether more changed than single concepts and single plans
    touched: Touched = NOTHING_TOUCHED
    plans: tuple[tuple[Plan, Plan], ...] = ()


class Checker:
    """The shipped knowledge, parsed once."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.knowledge = load.build_knowledge(sources)
        self.units, self.terminology = self.knowledge.terminology.units, self.knowledge.terminology
        self.plans = dict(zip((each.key for each in sources.plans), self.knowledge.all_plans, strict=True))
        self.sets = {each.key: to_value_set(each, []) for each in sources.terms if each.kind == "ValueSet"}
        self.named = aliases((each for each in sources.terms if each.kind == "NamingSystem"), [])

    def tried(self, mutant: Mutant) -> Tried:
        """Return what the check says of a mutant."""
        problems: list[Problem] = []
        for each in mutant.changed:
            to_artifact(each.source, each.file, {each.kind}, problems)
        if problems:
            return Tried(problems, None, False)
        changed = {each.key: each for each in mutant.changed}
        artifacts = [changed.get(each.key, each) for each in self.sources.artifacts]
        if {each.source.get("url") for each in mutant.changed} & {UNITS} or "NamingSystem" in {
            each.kind for each in mutant.changed
        }:
            return self._anew(Sources(tuple(artifacts)))
        return self._patched(Sources(tuple(artifacts)), mutant)

    def _anew(self, sources: Sources) -> Tried:
        """Return what the check says where terminology and plans are built anew."""
        problems: list[Problem] = []
        terms = sources.terms
        sets = [to_value_set(each, problems) for each in terms if each.kind == "ValueSet"]
        units = to_units(next((each for each in terms if each.source.get("url") == UNITS), None), problems)
        named = aliases((each for each in terms if each.kind == "NamingSystem"), problems)
        plans = [_parsed(each, units, problems) for each in sources.plans]
        terminology = Terminology(sets, named, units)
        return self._ruled(sources, plans, terminology, problems, is_whole=True)

    def _patched(self, sources: Sources, mutant: Mutant) -> Tried:
        """Return what the check says where only value sets, code systems and plans changed."""
        problems: list[Problem] = []
        sets = {each.key: to_value_set(each, problems) for each in mutant.changed if each.kind == "ValueSet"}
        fresh = {each.key: _parsed(each, self.units, problems) for each in mutant.changed if each.kind == load.PLAN}
        plans = [fresh.get(key, plan) for key, plan in self.plans.items()]
        terminology = self.terminology
        if sets:
            terminology = Terminology([sets.get(key, each) for key, each in self.sets.items()], self.named, self.units)
        old = [(self.sets[key], each) for key, each in sets.items()]
        is_meaning = any(each.source.get("url") == EVIDENCE_CLASS for each in mutant.changed)
        if is_meaning or not all(has_the_same_systems(*each) for each in old):
            return self._ruled(sources, plans, terminology, problems, is_whole=True)
        pairs = tuple((self.plans[key], plan) for key, plan in fresh.items())
        return self._ruled(sources, plans, terminology, problems, False, touched_by(old), pairs)

    def _ruled(
        self,
        sources: Sources,
        plans: list[Plan],
        terminology: Terminology,
        problems: list[Problem],
        is_whole: bool,
        touched: Touched = NOTHING_TOUCHED,
        changed: tuple[tuple[Plan, Plan], ...] = (),
    ) -> Tried:
        """Return what the rules across artifacts say, in the order of build_knowledge."""
        pairs = list(zip(sources.plans, plans, strict=True))
        problems += check_terms(sources.terms, plans, all_plans_known=not problems)
        problems += check_plans(pairs, sources.terms, terminology)
        if not problems:
            problems += check_references(pairs)
        if not problems:
            problems += check_directions(pairs, terminology)
        if problems:
            return Tried(problems, None, is_whole)
        knowledge = load._knowledge(plans, sources.terms, terminology, "")
        return Tried([], knowledge, is_whole, touched, changed)


def _parsed(artifact: Artifact, units: Units, problems: list[Problem]) -> Plan:
    def report(path: str, reason: str, fix: str) -> None:
        problems.append(Problem(artifact.file, path, reason, fix))

    return parse_plan(artifact.source, report, units)
