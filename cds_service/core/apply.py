"""Evaluation of a service plan on one order: FHIR's PlanDefinition $apply, with the evidence of every step.

Actions are taken in the order of the plan. An action without a condition applies; one whose condition is UNKNOWN does
what its plan says. A group passes on to its children (selectionBehavior at-most-one: to the first that applies),
`definitionCanonical` to the plan it names; alternatives (exactly-one) become one advice that holds every branch, a
visual-group one advice with a line for each risk below it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from cds_service.core.dose.assessment import assess
from cds_service.core.dose.regimens import UNIT_SUSPECT, Dose, Slip
from cds_service.core.facts import Evidence, Facts, of_order
from cds_service.core.fhirpath.logic import FALSE, TRUE
from cds_service.core.fhirpath.scope import Scope, Verdict
from cds_service.core.library import Library
from cds_service.core.plan import Action, Plan
from cds_service.core.records import Order
from cds_service.core.template import MARK, fill
from cds_service.core.valueset import Terminology

MOST_URGENT = ("stat", "urgent", "routine")


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
    """The content of one card, or one line of it: an action that applied, and what belongs to it.

    `notes` are its conditional lines, `warnings` the risks attached to it, `lines` the risks that are one card
    together, `offers` its suggestions; `remarks` and `offers` are about the one order, the rest about the patient.
    """

    plan: Plan
    action: Action
    recommendations: tuple[Recommendation, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()
    title: str = ""
    text: str = ""
    warnings: "list[Advice]" = field(default_factory=list)
    lines: "list[Advice]" = field(default_factory=list)
    remarks: tuple[str, ...] = ()
    offers: "tuple[Offer, ...]" = ()

    @property
    def priority(self) -> str:
        """Return the priority of the action, for a card of several lines the most urgent of theirs."""
        own = [each.action.priority for each in self.lines] or [self.action.priority]
        return min((each or "routine" for each in own), key=MOST_URGENT.index)


class Offer(NamedTuple):
    """A suggestion that applies to the order: its action, its words, what it was matched on, how the dose slipped."""

    plan: Plan
    action: Action
    label: str
    description: str
    evidence: tuple[Evidence, ...]
    slip: Slip | None


def concerning(plan: Plan, order: Order, terminology: Terminology) -> list[Action]:
    """Return the plan's actions that are about an order; asks nothing but the order itself."""
    scope = Scope(Facts(order, None, [], [], (), (), hits=of_order(order, terminology)), terminology, [])
    return [each for each in plan.actions if each.condition is None or each.condition.predicate(scope, None).truth]


def apply_plan(
    plan: Plan, facts: Facts, terminology: Terminology, library: Library, concerned: Iterable[Action] | None = None
) -> list[Advice]:
    """Return the advice on one order, in the order of the plan; empty when there is nothing to say.

    `concerned` names the plan's actions that are known to apply already, as `concerning` returned them.
    """
    walk = Walk(facts, terminology, library)
    if concerned is None:
        walk.take_all(plan, plan.actions)
    for action in concerned or ():
        walk.take_all(plan, action.children, action.first_only)
    return walk.finished()


class Walk:
    """The actions of a plan taken one after the other, and the advice that comes of it."""

    def __init__(self, facts: Facts, terminology: Terminology, library: Library) -> None:
        self.recommendations: list[Recommendation] = []
        self.notices: list[Advice] = []
        dose = partial(dose_of, facts, terminology, library, self.recommendations)  # a method would close a cycle
        self.scope = Scope(facts, terminology, self.recommendations, self.notices, dose)
        self.library = library
        self.awake = library.awake(facts)
        self.advice: list[Advice] = []
        self.warnings: list[Advice] = []
        self.lines: list[Advice] | None = None
        self.homeless: list[Advice] = []

    def take(self, plan: Plan, action: Action) -> bool:
        """Take one action and what it leads to; return whether it applied."""
        verdict = self._verdict(action)
        if not _holds(verdict, action.applies_on_unknown):
            return False
        if action.definition:
            target = self.library.plans[action.definition]
            return self.take_all(target, target.actions)
        if action.is_card:
            return self._take_card(plan, action)
        if action.speaks:
            self._speak(plan, action, verdict)
        elif action.notes:
            self.homeless.append(Advice(plan, action, notes=self._notes(action)))
        else:
            self.take_all(plan, action.children, action.first_only)
        return True

    def _speak(self, plan: Plan, action: Action, verdict: Verdict) -> None:
        if action.alternatives:
            self._take_alternatives(plan, action, verdict)
        elif action.stance:
            self._add(plan, action, verdict, (Recommendation(plan, action, verdict.evidence),))
        elif action.notice:
            self._add(plan, action, verdict, ())
            self.notices.append(self.advice[-1])
        else:
            self._warn(plan, action, verdict)

    def take_all(self, plan: Plan, actions: Iterable[Action], first_only: bool = False) -> bool:
        """Take each action, or only the first that applies; return whether any applied."""
        applied, awake = False, self.awake
        for action in actions:
            if action.suggestion is None and (awake is None or (action.definition or id(action)) in awake):
                applied = self.take(plan, action) or applied
            if applied and first_only:
                break
        return applied

    def _verdict(self, action: Action) -> Verdict:
        condition = action.condition
        if condition is None:
            return TRUE
        return FALSE if self.scope.is_idle(condition.needs) else condition.predicate(self.scope, None)

    def _take_alternatives(self, plan: Plan, action: Action, verdict: Verdict) -> None:
        branches = []
        for child in action.children:
            branch = self.library.plans[child.definition or ""]
            recommending = [each for each in branch.walk() if each.stance]
            branches += [Recommendation(branch, each, verdict.evidence, decided=False) for each in recommending]
        self._add(plan, action, verdict, tuple(branches))

    def _take_card(self, plan: Plan, action: Action) -> bool:
        outer, self.lines = self.lines, []
        self.take_all(plan, action.children)
        lines, self.lines = self.lines, outer
        card = Advice(plan, action, notes=self._notes(action), lines=lines)
        lines.sort(key=lambda line: MOST_URGENT.index(line.priority))
        (self.advice if lines else self.homeless).append(card)
        return bool(lines)

    def _warn(self, plan: Plan, action: Action, verdict: Verdict) -> None:
        title, text = self._worded(action)
        warning = Advice(plan, action, evidence=verdict.evidence, notes=self._notes(action), title=title, text=text)
        (self.warnings if self.lines is None else self.lines).append(warning)

    def _add(self, plan: Plan, action: Action, verdict: Verdict, found: tuple[Recommendation, ...]) -> None:
        actions = [action, *(each.action for each in found if each.action is not action)]
        self.recommendations.extend(found)
        self.advice.append(Advice(plan, action, found, verdict.evidence, self._notes(*actions)))

    def _notes(self, *actions: Action) -> tuple[str, ...]:
        notes = [note for action in actions for note in action.notes]
        if not notes:
            return ()
        said = [note.text for note in notes if _holds(note.condition.predicate(self.scope, None), note.on_unknown)]
        return tuple(dict.fromkeys(filter(None, map(self._fill, said))))

    def _worded(self, action: Action) -> tuple[str, str]:
        return self._fill(action.title or ""), self._fill(action.description or "")

    def _fill(self, text: str) -> str:
        return fill(text, self.scope.dose.texts) if MARK in text else text

    def finished(self) -> list[Advice]:
        """Return the cards: warnings are added to what they are about, notes without a card to the first one."""
        for warning in self.warnings:
            about = {id(each.record) for each in warning.evidence}
            for advice in self.advice:
                if any(id(each.record) in about for each in advice.evidence):
                    advice.warnings.append(warning)
        for advice in self.advice:
            offering = [*advice.lines, advice]
            advice.offers = tuple(offer for each in offering for offer in self._offers(each))
        for each in self.homeless:
            if self.advice:
                self.advice[0].remarks += each.notes
                self.advice[0].offers += self._offers(each)
        return self.advice

    def _offers(self, advice: Advice) -> tuple[Offer, ...]:
        applying = [each for each in advice.action.suggestions if _holds(self._verdict(each), each.applies_on_unknown)]
        slip = self.scope.dose.slip if applying else None
        if self.scope.dose.outcome == UNIT_SUSPECT:  # a draft given back for another reason would bring the slip back
            applying = [each for each in applying if not (each.suggestion and each.suggestion.element == "reason")]
        return tuple(Offer(advice.plan, each, *self._worded(each), advice.evidence, slip) for each in applying)


def _holds(verdict: Verdict, on_unknown: bool) -> bool:
    return on_unknown if verdict.truth is None else verdict.truth


def dose_of(facts: Facts, terminology: Terminology, library: Library, recommendations: list[Recommendation]) -> Dose:
    """Return what is known of the order's dose, held against the regimens of the recommendations made so far."""
    regimens = dict.fromkeys(regimen for each in recommendations for regimen in each.plan.regimens)
    return assess(facts, terminology, library.dose_rules, regimens) if library.dose_rules else Dose()
