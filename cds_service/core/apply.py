"""Evaluation of a service plan on one order: FHIR's PlanDefinition $apply, with the evidence of every step.

Actions are taken in the order of the plan. An action without a condition applies; one whose condition is UNKNOWN does
what its plan says. A group passes on to its children (selectionBehavior at-most-one: to the first that applies),
`definitionCanonical` to the plan it names; alternatives (exactly-one) become one advice that holds every branch.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from cds_service.core.facts import Evidence, Facts, Lab, Order, Problem
from cds_service.core.fhirpath.logic import FALSE, TRUE
from cds_service.core.fhirpath.needs import Needs
from cds_service.core.fhirpath.scope import Scope, Verdict
from cds_service.core.library import Library
from cds_service.core.plan import Action, Plan
from cds_service.core.valueset import Terminology


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What a statement says for one disorder of this patient, and the records it was matched on.

    `decided` is False for the branches of a question the record does not answer.
    """

    plan: Plan
    action: Action
    evidence: tuple[Evidence, ...]
    decided: bool = True

    @property
    def disorder(self) -> str | None:
        """Return the disorder key."""
        return self.action.disorder

    @property
    def stance(self) -> str | None:
        """Return the stance key."""
        return self.action.stance

    @property
    def direction(self) -> str | None:
        """Return 'for' or 'against', None where the statement has no direction."""
        return self.action.direction


@dataclass(slots=True)
class Advice:
    """The content of one card: an action that applied, its recommendations, its conditional lines, its warnings."""

    plan: Plan
    action: Action
    recommendations: tuple[Recommendation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: "list[Advice]" = field(default_factory=list)


def concerning(plan: Plan, order: Order, terminology: Terminology) -> list[Action]:
    """Return the plan's actions that are about an order; asks nothing but the order itself."""
    scope = Scope(Facts(order, None, [], [], (), (), hits={}), terminology, [])
    return [each for each in plan.actions if each.condition is None or each.condition.predicate(scope, None).truth]


def apply_plan(
    plan: Plan, facts: Facts, terminology: Terminology, library: Library, concerned: Iterable[Action] | None = None
) -> list[Advice]:
    """Return the advice on one order, in the order of the plan; empty when there is nothing to say.

    `concerned` names the plan's actions that are known to apply already, as `concerning` returned them.
    """
    walk = _Walk(facts, terminology, library)
    if concerned is None:
        walk.take_all(plan, plan.actions)
    for action in concerned or ():
        walk.take_all(plan, action.children, action.first_only)
    return walk.finished()


class _Walk:
    def __init__(self, facts: Facts, terminology: Terminology, library: Library) -> None:
        self.recommendations: list[Recommendation] = []
        self.scope = Scope(facts, terminology, self.recommendations)
        self.plans = library.plans
        self.awake = library.awake(facts)
        self.advice: list[Advice] = []
        self.warnings: list[Advice] = []

    def take(self, plan: Plan, action: Action) -> bool:
        """Take one action and what it leads to; return whether it applied."""
        verdict = self._verdict(action)
        if not (action.applies_on_unknown if verdict.truth is None else verdict.truth):
            return False
        if action.definition:
            target = self.plans[action.definition]
            return self.take_all(target, target.actions)
        if action.alternatives:
            self._take_alternatives(plan, action, verdict)
        elif action.stance:
            self._add(plan, action, verdict, (Recommendation(plan, action, verdict.evidence),))
        elif action.notice:
            self._add(plan, action, verdict, ())
        elif action.risk:
            self.warnings.append(Advice(plan, action, evidence=verdict.evidence))
        else:
            self.take_all(plan, action.children, action.first_only)
        return True

    def take_all(self, plan: Plan, actions: Iterable[Action], first_only: bool = False) -> bool:
        """Take each action, or only the first that applies; return whether any applied."""
        applied = False
        for action in actions:
            if action.definition is None or action.definition in self.awake:
                applied = self.take(plan, action) or applied
            if applied and first_only:
                break
        return applied

    def _verdict(self, action: Action) -> Verdict:
        condition = action.condition
        if condition is None:
            return TRUE
        return FALSE if self._is_idle(condition.needs) else condition.predicate(self.scope, None)

    def _is_idle(self, needs: Needs) -> bool:
        """Return whether a value set the condition cannot do without has no record (or its data is not available)."""
        found, unavailable = self.scope.facts.hits, self.scope.facts.unavailable
        if found is None:
            return False
        for clause in needs:
            if clause.isdisjoint(found) and not any(variable in unavailable for variable, _ in clause):
                return True
        return False

    def _take_alternatives(self, plan: Plan, action: Action, verdict: Verdict) -> None:
        branches = []
        for child in action.children:
            branch = self.plans[child.definition or ""]
            recommending = [each for each in branch.walk() if each.stance]
            branches += [Recommendation(branch, each, verdict.evidence, decided=False) for each in recommending]
        self._add(plan, action, verdict, tuple(branches))

    def _add(self, plan: Plan, action: Action, verdict: Verdict, found: tuple[Recommendation, ...]) -> None:
        actions = [action, *(each.action for each in found if each.action is not action)]
        notes = [note for each in actions for note in each.notes if note.condition.predicate(self.scope, None).truth]
        texts = tuple(dict.fromkeys(note.text for note in notes))
        self.recommendations.extend(found)
        self.advice.append(Advice(plan, action, found, verdict.evidence, texts))

    def finished(self) -> list[Advice]:
        for warning in self.warnings:
            about = {id(each.record) for each in warning.evidence}
            for advice in self.advice:
                if any(id(each.record) in about for each in advice.evidence):
                    advice.warnings.append(warning)
        return self.advice


def how(evidence: Evidence) -> str:
    """Return how a record matched: lab, text, combination, reason, encounter or code."""
    if isinstance(evidence.record, Lab):
        return "lab"
    if evidence.by_text:
        return "text"
    if evidence.combined:
        return "combination"
    return evidence.record.origin if isinstance(evidence.record, Problem) else "code"
