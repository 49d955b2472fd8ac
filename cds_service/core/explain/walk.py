"""The walk over a plan that remembers every action: what became of it, and why.

It is the service's own walk on facts without the index, so that no action is asleep. Each condition is taken apart on
the scope as it was when the action was taken: recommendations are added as it goes. The parts are evaluated on a copy
of that scope, so that what is asked for the explanation alone, such as the dose, is not remembered for the advice.
"""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from functools import partial

from cds_service.core.apply import Advice, Offer, Walk, dose_of
from cds_service.core.explain.conditions import explain_condition
from cds_service.core.explain.looking import Looking
from cds_service.core.explain.values import Kind, Noted, Outcome, Part, Step
from cds_service.core.explain.words import worded
from cds_service.core.facts import Facts
from cds_service.core.fhirpath.scope import Verdict
from cds_service.core.library import Library
from cds_service.core.plan import Action, Note, Plan
from cds_service.core.records import Order
from cds_service.core.suggestion import matched_name
from cds_service.core.template import MARK
from cds_service.core.valueset import Terminology

NOTHING_TO_JOIN = "its condition holds, but no card of this order was matched on the same records"
NO_LINES = "none of the risks below it applies, so it makes no card"
NOT_OFFERED = "its condition holds, but no card of this order could carry it, or another suggestion stands in its place"
NOT_OF_A_BRANCH = "of a branch only what it says is shown"
NOT_DECIDED = "shown as a branch: the record does not decide between them, so its own condition is not asked"


@dataclass(slots=True)
class _Draft:
    """A step while the walk goes on; `advice` is what the action made, `matched` the diagnosis that an offer names."""

    plan: Plan
    action: Action
    kind: Kind
    outcome: Outcome = "not-asked"
    because: str = ""
    condition: Part | None = None
    advice: Advice | None = None
    matched: str = ""
    notes: dict[int, tuple[Noted, ...]] = field(default_factory=dict)
    children: "list[_Draft]" = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.plan.id}#{self.action.id}"


def explain_order(order: Order, content: Plan, terminology: Terminology) -> tuple[Step, ...]:
    """Return the actions of a service's content for an order it is not about: which part of their condition failed.

    What is below them is left out: nothing of it was asked.
    """
    scope = _scope_of_order(order, terminology)
    return tuple(Step(content, each, "group", "silent", condition=_explained(each, scope)) for each in content.actions)


def _scope_of_order(order: Order, terminology: Terminology) -> Looking:
    return Looking(Facts(order, None, [], [], (), ()), terminology, [])


def _explained(action: Action, scope: Looking) -> Part | None:
    return explain_condition(action.condition, copy(scope)) if action.condition else None


def explain_plan(
    content: Plan, facts: Facts, terminology: Terminology, library: Library, concerned: Iterable[Action]
) -> tuple[Step, ...]:
    """Return every action of a service's content, and of the plans it leads to, for one order it is about.

    `concerned` are its actions that are about the order. The facts must have no index.
    """
    walk, about = _Remembering(facts, terminology, library), {id(each) for each in concerned}
    scope = _scope_of_order(facts.order, terminology)
    drafts = []
    for action in content.actions:
        draft = _Draft(content, action, "group", condition=_explained(action, scope))
        drafts.append(draft)
        walk.begin(draft, id(action) in about)
    walk.settle(walk.finished(), drafts)
    return tuple(walk.to_step(each) for each in drafts)


def _kind(action: Action) -> Kind:
    """Return what an action is, by the first rule that holds (see docs/authoring.md, 'What an action is')."""
    rules: tuple[tuple[object, Kind], ...] = (
        (action.suggestion, "suggestion"),
        (action.definition, "plan"),
        (action.is_card, "card"),
        (action.alternatives, "branches"),
        (action.stance, "recommendation"),
        (action.notice, "notice"),
        (action.risk, "risk"),
        (action.notes, "remarks"),
    )
    return next((kind for holds, kind in rules if holds), "group")


class _Remembering(Walk):
    def __init__(self, facts: Facts, terminology: Terminology, library: Library) -> None:
        super().__init__(facts, terminology, library)
        dose = partial(dose_of, facts, terminology, library, self.recommendations)
        self.scope: Looking = Looking(facts, terminology, self.recommendations, self.notices, dose)
        self.open: list[_Draft] = []

    def begin(self, draft: _Draft, is_concerned: bool) -> None:
        """Take what is below an action of the service's content, where it is about the order."""
        draft.outcome = "taken" if is_concerned else "silent"
        self.open = [draft]
        if is_concerned:
            self.take_all(draft.plan, draft.action.children, draft.action.first_only)
        else:
            self._pass_over(draft)

    def take(self, plan: Plan, action: Action) -> bool:
        draft = _Draft(plan, action, _kind(action), "taken")
        self.open[-1].children.append(draft)
        self.open.append(draft)
        applied = super().take(plan, action)
        self.open.pop()
        if draft.outcome == "silent":
            self._pass_over(draft)
        return applied

    def take_all(self, plan: Plan, actions: Iterable[Action], first_only: bool = False) -> bool:
        asked = [each for each in actions if each.suggestion is None]
        parent = self.open[-1]
        before = len(parent.children)
        applied = super().take_all(plan, asked, first_only)
        taken = parent.children[before:]
        for action in asked[len(taken) :]:
            self._leave(parent, plan, action, f"{taken[-1].name} applied first")
        return applied

    def _verdict(self, action: Action) -> Verdict:
        verdict = super()._verdict(action)
        if action.suggestion is None:
            draft, holds = self.open[-1], action.applies_on_unknown if verdict.truth is None else verdict.truth
            draft.condition = _explained(action, self.scope)
            draft.outcome = "taken" if holds else "silent"
        return verdict

    def _notes(self, *actions: Action) -> tuple[str, ...]:
        for action in actions:
            told = [(note, explain_condition(note.condition, copy(self.scope))) for note in action.notes]
            self.open[-1].notes[id(action)] = tuple(self._noted(note, part) for note, part in told)
        return super()._notes(*actions)

    def _noted(self, note: Note, part: Part) -> Noted:
        said = note.on_unknown if part.truth is None else part.truth
        return Noted(worded(note.text, copy(self.scope).dose.texts if said and MARK in note.text else {}), said, part)

    # What was not asked

    def _leave(self, parent: _Draft, plan: Plan, action: Action, because: str) -> None:
        draft = _Draft(plan, action, _kind(action), because=because)
        parent.children.append(draft)
        self._pass_over(draft, because)

    def _pass_over(self, draft: _Draft, because: str = "") -> None:
        for plan, action in self._below(draft):
            self._leave(draft, plan, action, because or f"{draft.name} was silent")

    def _below(self, draft: _Draft) -> Iterator[tuple[Plan, Action]]:
        definition = draft.action.definition if draft.kind == "plan" else None
        plan = self.library.plans[definition] if definition else draft.plan
        yield from ((plan, each) for each in (plan.actions if definition else draft.action.children))

    # What became of what was taken

    def settle(self, advices: list[Advice], drafts: Iterable[_Draft]) -> None:
        """Say of each action that was taken whether anything came of it, in the end."""
        said = [each for advice in advices for each in (advice, *advice.warnings, *advice.lines)]
        made = {id(each.action): each for each in said}
        offers = {id(offer.action): offer for advice in advices for offer in advice.offers}
        for draft in drafts:
            self._settle(draft, made, offers)

    def _settle(self, draft: _Draft, made: dict[int, Advice], offers: dict[int, Offer]) -> None:
        action = draft.action
        if draft.outcome == "taken":
            draft.advice = made.get(id(action))
            if draft.kind in {"recommendation", "branches", "notice", "risk", "card"}:
                draft.outcome = "fired" if draft.advice else "silent"
                draft.because = "" if draft.advice else NO_LINES if draft.kind == "card" else NOTHING_TO_JOIN
            self._add_branches(draft)
            draft.children += [self._offered(draft.plan, each, offers) for each in action.suggestions]
        for child in draft.children:
            self._settle(child, made, offers)

    def _add_branches(self, draft: _Draft) -> None:
        fired = {id(each.action) for each in draft.advice.recommendations} if draft.advice else set()
        for child in draft.action.children if draft.kind == "branches" and draft.advice else ():
            reference = _Draft(draft.plan, child, "plan", "taken")
            draft.children.append(reference)
            plan = self.library.plans[child.definition or ""]
            for each in plan.walk():
                reference.children.append(self._branch(draft, plan, each, id(each) in fired))

    def _branch(self, draft: _Draft, plan: Plan, action: Action, is_shown: bool) -> _Draft:
        if not is_shown:
            return _Draft(plan, action, _kind(action), because=NOT_OF_A_BRANCH)
        notes = {id(action): draft.notes.get(id(action), ())}
        return _Draft(plan, action, "branch", "fired", NOT_DECIDED, notes=notes)

    def _offered(self, plan: Plan, action: Action, offers: dict[int, Offer]) -> _Draft:
        draft = _Draft(plan, action, "suggestion", "fired", condition=_explained(action, self.scope))
        if offer := offers.get(id(action)):
            draft.matched = matched_name(offer)
        else:
            truth = draft.condition.truth if draft.condition else True
            draft.outcome = "silent"
            draft.because = NOT_OFFERED if (action.applies_on_unknown if truth is None else truth) else ""
        return draft

    def to_step(self, draft: _Draft) -> Step:
        """Return a draft and what is below it as values."""
        return Step(
            draft.plan,
            draft.action,
            draft.kind,
            draft.outcome,
            draft.because,
            self._title(draft),
            draft.condition,
            draft.notes.get(id(draft.action), ()),
            tuple(self.to_step(each) for each in draft.children),
        )

    def _title(self, draft: _Draft) -> str:
        title = draft.action.title or ""
        values = self.scope.dose.texts if MARK in title and draft.outcome == "fired" else {}
        return worded(title, values, draft.matched)
