"""What a card is about: an advice, and all the orders of a call that it was given for."""

from dataclasses import dataclass, field
from typing import NamedTuple

from cds_service.core.apply import Advice, Offer
from cds_service.core.facts import Evidence, Facts
from cds_service.core.suggestion import Draft


class Answered(NamedTuple):
    """The advice on one order: its facts, its draft, and the number of records that could not be read."""

    facts: Facts
    draft: Draft
    unread: int
    advice: list[Advice]


@dataclass(slots=True)
class Topic:
    """What one card is about: an advice, the orders it concerns by name, and what belongs to each of them."""

    advice: Advice
    not_checked: tuple[str, ...]
    unread: int
    orders: list[str] = field(default_factory=list)
    evidence: list[tuple[Evidence, ...]] = field(default_factory=list)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    offers: list[tuple[Answered, Offer]] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return what the card is called in reports: its disorders or its notice, else the id of its action."""
        action = self.advice.action
        disorders = dict.fromkeys(each.disorder or "" for each in self.advice.recommendations)
        return "+".join(filter(None, disorders)) or action.notice or action.id
