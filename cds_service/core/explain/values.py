"""What an explanation is made of: parts of conditions, steps of a search, records, and actions."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from cds_service.core.facts import Evidence
from cds_service.core.plan import Action, Plan

Truth = bool | None
Available = Literal["yes", "partly", "no"]
Outcome = Literal["fired", "taken", "silent", "not-asked"]
Kind = Literal[
    "recommendation", "branches", "branch", "notice", "risk", "card", "remarks", "group", "plan", "suggestion"
]


class Seen(NamedTuple):
    """A record that a condition looked at: what it is, its codes as (system, code), and what else was compared.

    `has_text_only` says that it carries no code. `truth` and `part` are those of the criterion it was held against.
    """

    resource: str
    codes: tuple[tuple[str, str], ...] = ()
    has_text_only: bool = False
    date: str | None = None
    value: str | None = None
    truth: Truth = False
    part: "Part | None" = None


class Stage(NamedTuple):
    """One step of a search: how many records it looked at, how many it kept, and the first of them.

    `records` holds those that were kept, then those that came near it, then others.
    """

    text: str
    considered: int
    kept: int
    records: tuple[Seen, ...]


class Part(NamedTuple):
    """A part of a condition and what it came to, with the parts it is made of.

    `value_sets` are the canonicals, with version, of the sets it asked; `evidence` the records that made it true.
    `variable` is the one whose data it asked for, `available` whether that data came. `left` and `right` are the values
    that were compared, `found` the number of items that were found.
    """

    text: str
    kind: str
    truth: Truth
    parts: "tuple[Part, ...]" = ()
    value_sets: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    variable: str | None = None
    available: Available | None = None
    stages: tuple[Stage, ...] = ()
    left: tuple[str, ...] | None = None
    right: tuple[str, ...] | None = None
    found: int | None = None
    other_unit: bool = False
    because: str = ""


class LeftOut(NamedTuple):
    """A record that came and does not count, and why.

    `variables` are those it would be in, `value_sets` the canonicals of the sets that hold its code, or else
    `unknown_systems` the systems of its codes that no loaded set uses.
    """

    seen: Seen
    variables: tuple[str, ...]
    because: str
    value_sets: tuple[str, ...] = ()
    unknown_systems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Noted:
    """A conditional note of an action: its words, whether it was said, and why."""

    text: str
    said: bool
    condition: Part


@dataclass(frozen=True, slots=True)
class Step:
    """An action of a plan and what became of it.

    `fired`: it made a card, a line, a warning, a branch or a suggestion. `taken`: a group, plan or remark that applied.
    `silent`: it did not apply, or nothing came of it. `not-asked`: it was not come to. `because` says why in words,
    where the condition does not.
    """

    plan: Plan
    action: Action
    kind: Kind
    outcome: Outcome
    because: str = ""
    title: str = ""
    condition: Part | None = None
    notes: tuple[Noted, ...] = ()
    children: "tuple[Step, ...]" = ()

    @property
    def name(self) -> str:
        """Return 'plan#action'."""
        return f"{self.plan.id}#{self.action.id}"

    @property
    def key(self) -> str | None:
        """Return the key of what it is about: a disorder, a risk or a notice."""
        return self.action.disorder or self.action.notice or self.action.risk

    @property
    def names(self) -> frozenset[str]:
        """Return what it can be asked for by: its key, its plan, its id, and 'plan#action'."""
        return frozenset(filter(None, (self.key, self.plan.id, self.action.id, self.name)))

    def walk(self) -> "list[Step]":
        """Return this step and all below it, parents first."""
        return [self, *(each for child in self.children for each in child.walk())]
