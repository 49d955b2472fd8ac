"""The sign-off sheet: all that differs between two sides, and how many cases it reaches."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cds_service.cases.read import Case
from cds_service.cases.run import run_case
from cds_service.changes.behaviour import Compared
from cds_service.changes.card_changes import CardChange
from cds_service.changes.change import Change
from cds_service.changes.exercise import Exercise
from cds_service.changes.groups import Group, grouped
from cds_service.changes.questions import Unread
from cds_service.knowledge.load import KnowledgeBase

CARD_DEEDS = {"appears": "appear", "vanishes": "vanish", "changes": "change"}


@dataclass(frozen=True)
class Failing:
    """A golden case of the new side whose expectation the new side does not meet, and how it differs."""

    case: str
    differences: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """What differs: artifacts, services, cards over all cases; what fails; and what could not be asked.

    `asked` and `differing` count questions, `versions_only` those whose advice is the same from other versions. `cards`
    counts cards that appear, vanish and change, `exercise` tells what no case exercises. `is_same` says that the
    artifacts are equal, so that nothing was asked.
    """

    old: str
    new: str
    changes: tuple[Change, ...] = ()
    services: tuple[CardChange, ...] = ()
    groups: tuple[Group, ...] = ()
    asked: int = 0
    differing: int = 0
    versions_only: int = 0
    cards: Mapping[str, int] = field(default_factory=dict)
    failing: tuple[Failing, ...] = ()
    unread: tuple[Unread, ...] = ()
    exercise: Exercise = field(default_factory=Exercise)
    is_same: bool = False

    @property
    def behaves_otherwise(self) -> bool:
        """Return whether an answer or discovery differs, or a golden case of the new side is not met."""
        return bool(self.services or self.groups or self.failing)


def to_sheet(
    old: str,
    new: str,
    changes: Iterable[Change],
    services: Iterable[CardChange],
    compared: list[Compared],
    failing: Iterable[Failing],
    unread: Iterable[Unread],
    exercise: Exercise,
) -> Sheet:
    """Return the sheet of two sides, which are called `old` and `new`."""
    refused = [Unread(each.name, each.refused) for each in compared if each.refused and each.is_request]
    return Sheet(
        old,
        new,
        tuple(changes),
        tuple(services),
        tuple(grouped(compared)),
        asked=len({each.name for each in compared}),
        differing=len({each.name for each in compared if each.changes}),
        versions_only=len({each.name for each in compared if each.versions_only}),
        cards=_count(compared),
        failing=tuple(failing),
        unread=(*unread, *refused),
        exercise=exercise,
    )


def _count(compared: Iterable[Compared]) -> Mapping[str, int]:
    """Return how many cards appear, vanish and change, a card with several changes once."""
    seen = {(each.name, each.service, one.card, one.deed) for each in compared for one in each.changes}
    return dict(Counter(deed for _, _, _, deed in seen if deed in CARD_DEEDS))


def failing_cases(knowledge: KnowledgeBase, cases: Mapping[str, Case]) -> list[Failing]:
    """Return the golden cases that knowledge does not meet."""
    ran = ((name, run_case(knowledge, name, case).differences) for name, case in cases.items())
    return [Failing(name, tuple(differences)) for name, differences in ran if differences]
