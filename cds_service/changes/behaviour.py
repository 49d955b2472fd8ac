"""The same requests asked of two versions of knowledge: which cards appear, vanish or change."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cds_service.cases.run import fired_actions
from cds_service.changes.card_changes import CardChange, compare_cards, shown
from cds_service.changes.cards import Card
from cds_service.changes.differences import ABSENT, differences
from cds_service.changes.questions import Question
from cds_service.core.card import NOTICE, RECOMMENDATIONS
from cds_service.errors import RequestError
from cds_service.hooks.answer import Answer, answer, find_service
from cds_service.knowledge.load import KnowledgeBase

NO_SERVICE = "there is no such service"
NO_HOOK = "no service of either side answers its hook"


@dataclass(frozen=True)
class Compared:
    """The two answers of one service to one question.

    `refused` is why neither side answers, `versions_only` says that nothing but versions differs, `is_request` that the
    question is a request of a folder and no golden case, `plans` are those that speak in either answer.
    """

    name: str
    service: str
    changes: tuple[CardChange, ...]
    versions_only: bool = False
    refused: str | None = None
    is_request: bool = False
    plans: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reply:
    """What a service said: cards by what they are about, all as they are, or why it refused; which plans spoke."""

    cards: Mapping[str, Card]
    raw: str = ""
    refusal: str | None = None
    plans: frozenset[str] = frozenset()


def compare_answers(old: KnowledgeBase, new: KnowledgeBase, questions: Iterable[Question]) -> list[Compared]:
    """Return, for every question and every service that it is for, how the answers of both sides differ."""
    found = []
    for each in questions:
        services = _services(each, old, new)
        found += [_compare(each, service, ask(old, service, each), ask(new, service, each)) for service in services]
        if not services:
            found.append(Compared(each.name, "", (), refused=NO_HOOK, is_request=True))
    return found


def _services(question: Question, old: KnowledgeBase, new: KnowledgeBase) -> list[str]:
    """Return the service that a golden case names, or every service of a request's hook."""
    if question.service:
        return [question.service]
    both = {**old.services, **new.services}
    return sorted(name for name, service in both.items() if service.hook == question.hook)


def ask(knowledge: KnowledgeBase, name: str, question: Question) -> Reply:
    """Return what a service of some knowledge says to a question."""
    if name not in knowledge.services:
        return Reply({}, refusal=NO_SERVICE)
    try:
        service = find_service(knowledge, name)
        answered = answer(knowledge, service, question.body, question.today, lambda: "uuid")
    except RequestError as error:
        return Reply({}, refusal=f"{error.status}: {error}")
    raw = answered.to_json().decode()
    plans = frozenset(each.partition("#")[0] for each in fired_actions(answered))
    return Reply(_by_subject(json.loads(raw)["cards"], answered), raw, plans=plans)


def _by_subject(cards: list[Card], answered: Answer) -> dict[str, Card]:
    """Return the cards by what each is about; a second one about the same gets its number."""
    found: dict[str, Card] = {}
    for card, (_, topic) in zip(cards, answered.given, strict=True):
        action = topic.advice.action
        subject = name = _subject(card) or action.title or f"{topic.advice.plan.id}#{action.id}"
        number = 1
        while name in found:
            number += 1
            name = f"{subject} ({number})"
        found[name] = card
    return found


def _subject(card: Card) -> str:
    extension = card.get("extension", {})
    disorders = sorted({str(each.get("disorder")) for each in extension.get(RECOMMENDATIONS, [])})
    return ", ".join(disorders) or str(extension.get(NOTICE, ""))


def _compare(question: Question, service: str, old: Reply, new: Reply) -> Compared:
    changes = tuple(_changes(old, new))
    if question.is_private:
        changes = tuple(shown(each) for each in changes)
    refused = new.refusal if old.refusal == new.refusal else None
    versions_only, plans = not changes and old.raw != new.raw, old.plans | new.plans
    return Compared(question.name, service, changes, versions_only, refused, question.is_private, plans)


def _changes(old: Reply, new: Reply) -> Iterator[CardChange]:
    if old.refusal != new.refusal:
        yield CardChange("refused", "", "", old.refusal, new.refusal)
    for name in dict.fromkeys((*old.cards, *new.cards)):
        yield from compare_cards(name, old.cards.get(name), new.cards.get(name))
    kept = [[name for name in one.cards if name in other.cards] for one, other in ((old, new), (new, old))]
    if kept[0] != kept[1]:
        yield CardChange("order", "", "", *("; ".join(each) for each in kept))


def compare_services(old: KnowledgeBase, new: KnowledgeBase) -> list[CardChange]:
    """Return the services that appear or vanish, and what is different in what discovery says of the others."""
    discovered = [{name: each.to_discovery() for name, each in them.services.items()} for them in (old, new)]
    names = sorted({*discovered[0], *discovered[1]})
    return [each for name in names for each in _service_changes(name, *(them.get(name) for them in discovered))]


def _service_changes(name: str, old: Card | None, new: Card | None) -> Iterator[CardChange]:
    if old is None or new is None:
        yield CardChange("appears" if old is None else "vanishes", name, "service")
        return
    for path, *values in differences(old, new):
        yield CardChange(
            "changes", name, f"discovery, {path}", *(None if each is ABSENT else str(each) for each in values)
        )
