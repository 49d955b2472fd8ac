"""What many cases have in common: each change once, with the cases it is seen in, the most dangerous first."""

from collections.abc import Iterable
from dataclasses import dataclass

from cds_service.changes.behaviour import Compared
from cds_service.changes.card_changes import CardChange

DEEDS = ("refused", "vanishes", "appears", "changes", "order")
FACTS = (
    "stance of",
    "evidence class of",
    "indicator",
    "warning",
    "notice",
    "matched codes of",
    "suggestion",
    "summary",
    "detail",
)


@dataclass(frozen=True)
class Group:
    """One change, of which cards it is told, and in which cases."""

    change: CardChange
    cards: tuple[str, ...]
    cases: tuple[str, ...]


def grouped(compared: Iterable[Compared]) -> list[Group]:
    """Return every change once, the most dangerous first; within a kind, that of most cases."""
    cards: dict[CardChange, dict[str, None]] = {}
    cases: dict[CardChange, dict[str, None]] = {}
    for each in compared:
        for change in each.changes:
            key = _key(change)
            cards.setdefault(key, {})[change.card] = None
            cases.setdefault(key, {})[_case(each)] = None
    groups = [Group(key, tuple(sorted(cards[key])), tuple(cases[key])) for key in cards]
    return sorted(groups, key=lambda each: (_danger(each.change), -len(each.cases)))


def _key(change: CardChange) -> CardChange:
    """Return what is the same of a change on many cards: a sentence that all of them hold is one change."""
    return CardChange(change.deed, "", change.fact, change.old, change.new)


def _case(compared: Compared) -> str:
    """Return a case by its name, which begins with its service; a request by its name and the service it was put to."""
    is_case = compared.name.startswith(f"{compared.service}/")
    return compared.name if is_case else f"{compared.name} ({compared.service})"


def _danger(change: CardChange) -> tuple[int, int]:
    rank = next((i for i, each in enumerate(FACTS) if change.fact.startswith(each)), len(FACTS))
    return DEEDS.index(change.deed), rank
