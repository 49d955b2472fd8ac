"""Where a code or a name is used: the concepts it means, the value sets that hold them, the actions that ask these."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cds_service.codes.role import Role, roles_of
from cds_service.core.coding import NDC, Code, keys
from cds_service.core.plan import Action, Plan
from cds_service.core.text import fold
from cds_service.knowledge.load import KnowledgeBase, Sources

_NO_SIGN = re.compile(r"[\W_]+")
BY_CODE, BY_WRITTEN_CODE, BY_NAME = "code", "code, written otherwise", "name"
CONDITION, NOTE, DOSE = "condition", "note", "dose"


@dataclass(frozen=True)
class Use:
    """One action that asks about a value set: in its condition, in that of a note, or to read the dose.

    `roles` are empty for a dose.
    """

    plan: Plan
    action: Action
    part: str
    roles: tuple[Role, ...]

    @property
    def does(self) -> str:
        """Return what the action does with it."""
        action = self.action
        if self.part != CONDITION:
            return {NOTE: "a note of the card", DOSE: "reads the dose"}[self.part]
        if action.stance:
            return f"{action.stance}, Class {action.evidence_class}" if action.evidence_class else action.stance
        for kind, key in (("risk", action.risk), ("notice", action.notice)):
            if key:
                return f"{kind} {key}"
        if action.suggestion:
            return f"suggestion to {action.suggestion.type}"
        if action.alternatives:
            return "branches"
        return "card of lines" if action.is_card else "guards the actions below it"

    def to_json(self) -> dict[str, Any]:
        """Return the use as JSON; what the action does not have is left out."""
        action = self.action
        told = {"stance": action.stance, "evidenceClass": action.evidence_class, "disorder": action.disorder}
        told |= {"risk": action.risk, "notice": action.notice}
        found = {"plan": self.plan.id, "version": self.plan.version, "action": action.id, "does": self.does}
        found |= {name: value for name, value in told.items() if value}
        return {**found, "part": self.part, "roles": [str(role) for role in self.roles]}


@dataclass(frozen=True)
class Found:
    """One concept of one value set: how it was found, its names with the display first, and what asks the set."""

    code: Code
    names: tuple[str, ...]
    how: str
    value_set: str
    version: str
    title: str
    uses: tuple[Use, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the concept and its uses as JSON."""
        system, code, display = self.code
        held = {"id": self.value_set, "version": self.version, "title": self.title}
        found = {"system": system, "code": code, "display": display, "designations": [*self.names[1:]]}
        return {**found, "how": self.how, "valueSet": held, "uses": [use.to_json() for use in self.uses]}


def find_concepts(text: str, sources: Sources, knowledge: KnowledgeBase) -> list[Found]:
    """Return the concepts that a text means, and the active actions that ask the sets that hold them.

    First those with this very code, then those whose code is this one but for dots, hyphens and case (or, of the
    National Drug Code, another form of the same product), then those of which a name holds the text, folded.
    """
    shelf = Shelf(sources, knowledge)
    found = [
        shelf.take(url, code, how)
        for url, value_set in knowledge.terminology.value_sets.items()
        for code, names in value_set.names_of.items()
        if (how := _how(text, code, names))
    ]
    order = (BY_CODE, BY_WRITTEN_CODE, BY_NAME)
    return sorted(found, key=lambda each: (order.index(each.how), each.code, each.value_set))


class Shelf:
    """The value sets of a knowledge, from which concepts are taken with all that is told of them."""

    def __init__(self, sources: Sources, knowledge: KnowledgeBase) -> None:
        self._knowledge = knowledge
        self._described = {str(each.source.get("url")): each for each in sources.terms if each.kind == "ValueSet"}
        self._uses: dict[str, tuple[Use, ...]] = {}

    def take(self, url: str, code: Code, how: str) -> Found:
        """Return a concept of the value set `url`, and the active actions that ask the set."""
        if url not in self._uses:
            self._uses[url] = tuple(_uses(url, self._knowledge.library.plans.values()))
        held, value_set = self._described[url], self._knowledge.terminology.value_sets[url]
        title = str(held.source.get("title", ""))
        return Found(code, value_set.names_of[code], how, held.id, value_set.version, title, self._uses[url])


def _how(text: str, code: Code, names: Iterable[str]) -> str | None:
    if code.code == text:
        return BY_CODE
    bare = _bare(text)
    if (bare and bare == _bare(code.code)) or (code.system == NDC and {*keys(NDC, text)} & {*keys(NDC, code.code)}):
        return BY_WRITTEN_CODE
    folded = fold(text)
    return BY_NAME if folded and any(folded in fold(name) for name in names) else None


def _bare(code: str) -> str:
    return _NO_SIGN.sub("", code).casefold()


def _uses(url: str, plans: Iterable[Plan]) -> Iterator[Use]:
    for plan in plans:
        for action in plan.walk():
            own = [action.condition] if action.condition else []
            for part, conditions in ((CONDITION, own), (NOTE, [note.condition for note in action.notes])):
                asking = [each.text for each in conditions if url in each.value_sets]
                if asking:
                    yield Use(plan, action, part, _roles(url, asking))
            if action.dose_rules and url in action.dose_rules.value_sets:
                yield Use(plan, action, DOSE, ())


def _roles(url: str, conditions: Iterable[str]) -> tuple[Role, ...]:
    roles = {role for each in conditions for role in roles_of(each)[url]}
    return tuple(role for role in Role if role in roles)
