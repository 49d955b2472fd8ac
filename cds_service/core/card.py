"""Advice -> CDS Hooks cards (CDS Hooks 2.0, CDS Service Response), with our extension that explains them.

What does not depend on the patient is written once, when the knowledge is loaded.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.core.apply import Advice, Recommendation, how
from cds_service.core.facts import Evidence, Facts, Problem
from cds_service.core.plan import INDICATORS, Action, Plan

RECOMMENDATIONS = "org.cds-service.recommendations"
WARNINGS = "org.cds-service.warnings"
NOTICE = "org.cds-service.notice"
URGENCY = {"critical": 0, "warning": 1, "info": 2}
Card = dict[str, Any]


@dataclass(slots=True)
class Topic:
    """What one card is about: an advice, the orders it concerns, and what could not be looked at."""

    advice: Advice
    orders: list[str]
    not_checked: tuple[str, ...]
    unread: int
    evidence: list[tuple[Evidence, ...]] = field(default_factory=list)


class CardWriter:
    """Writes cards. `meanings` says what each evidence class means, `shared` what every recommendation ends with."""

    def __init__(self, plans: Iterable[Plan], meanings: Mapping[str, str], shared: str) -> None:
        self._meanings = meanings
        self._shared = shared
        self._static = {id(action): self._static_part(plan, action) for plan in plans for action in plan.walk()}

    def _static_part(self, plan: Plan, action: Action) -> tuple[Card, str]:
        card: Card = {"summary": action.title or "", "indicator": INDICATORS[action.priority or "routine"]}
        card["source"] = _source(plan)
        if action.links:
            card["links"] = [{"label": link.label, "url": link.url, "type": "absolute"} for link in action.links]
        return card, self._closing(plan, action)

    def _closing(self, plan: Plan, action: Action) -> str:
        parts = [self._meaning(action)]
        if action.stance or action.alternatives:
            parts.append(self._shared)
        sources = [citation.citation for citation in plan.citations if citation.citation]
        if sources:
            parts.append("Sources: " + " / ".join(sources))
        return "\n\n".join(part for part in parts if part)

    def to_card(self, topic: Topic, uuid: str) -> Card:
        """Return the card of a topic as JSON; nothing in it is null or empty."""
        advice = topic.advice
        static, closing = self._static[id(advice.action)]
        stance, _, rest = (advice.action.description or "").partition("\n\n")
        parts = [stance, *_lines(topic), rest, *self._branches(advice), closing]
        detail = "\n\n".join(part for part in parts if part)
        extension: dict[str, Any] = {}
        if advice.recommendations:
            extension[RECOMMENDATIONS] = [
                to_recommendation(each, topic.evidence[i]) for i, each in enumerate(advice.recommendations)
            ]
        if warnings := _warnings(advice):
            extension[WARNINGS] = warnings
        if advice.action.notice:
            extension[NOTICE] = advice.action.notice
        return {"uuid": uuid, **static, "detail": detail, **({"extension": extension} if extension else {})}

    def _branches(self, advice: Advice) -> list[str]:
        if not advice.action.alternatives:
            return []
        parts = []
        for each in advice.recommendations:
            parts += [f"**{each.action.title}**", each.action.description or ""]
            parts.append(self._meaning(each.action))
        return parts

    def _meaning(self, action: Action) -> str:
        meaning = self._meanings.get(action.evidence_class or "")
        return f"**Class {action.evidence_class}** means: {meaning}" if meaning else ""


def _source(plan: Plan) -> dict[str, Any]:
    source: dict[str, Any] = {"label": plan.citations[0].display if plan.citations else plan.title}
    if plan.citations and plan.citations[0].url:
        source["url"] = plan.citations[0].url
    if plan.topic:
        source["topic"] = dict(plan.topic)
    return source


def _lines(topic: Topic) -> list[str]:
    evidence = _distinct(topic.advice.evidence)
    lines = [f"**{each.action.title}.** {each.action.description or ''}".strip() for each in topic.advice.warnings]
    if topic.orders:
        lines.append(f"**Order:** {'; '.join(topic.orders)}")
    if evidence:
        lines.append("**Matched on:** " + "; ".join(_in_words(each) for each in evidence))
    lines += topic.advice.notes
    if any(each.match.by_text for each in evidence):
        lines.append("The record was matched on its text only. Please add a code to it.")
    if any(isinstance(each.record, Problem) and each.record.provisional for each in evidence):
        lines.append("The diagnosis is recorded as provisional or unconfirmed.")
    if topic.unread:
        lines.append(f"{topic.unread} record(s) carry a modifier this service does not know and were not used.")
    if topic.not_checked:
        lines.append(f"Could not be checked, because the data was not available: {', '.join(topic.not_checked)}.")
    return lines


def _in_words(evidence: Evidence) -> str:
    code = evidence.match.code
    name, _, version = evidence.match.value_set.rpartition("/")[2].partition("|")
    return (
        f"{code.code} {code.display} ({evidence.record.label}; by {how(evidence)}; value set {name} version {version})"
    )


def _distinct(evidence: Iterable[Evidence]) -> list[Evidence]:
    first_of_record: dict[int, Evidence] = {}
    for each in evidence:
        first_of_record.setdefault(id(each.record), each)
    distinct: dict[tuple[str, str], Evidence] = {}
    for each in first_of_record.values():
        distinct.setdefault((each.record.label, each.match.code.code), each)
    return list(distinct.values())


def to_matched(evidence: Iterable[Evidence]) -> list[dict[str, str]]:
    """Return the records behind a recommendation, one entry a record."""
    return [
        {
            "resource": each.record.label,
            "system": each.match.code.system,
            "code": each.match.code.code,
            "display": each.match.code.display,
            "valueSet": each.match.value_set,
            "how": how(each),
        }
        for each in _distinct(evidence)
    ]


def to_recommendation(recommendation: Recommendation, evidence: Iterable[Evidence]) -> dict[str, Any]:
    """Return a recommendation as the extension carries it; keys that no statement gives are left out."""
    action, plan = recommendation.action, recommendation.plan
    facts = {
        "disorder": action.disorder,
        "stance": action.stance,
        "evidenceClass": action.evidence_class,
        "guideline": plan.citations[0].label if plan.citations else None,
        "evidenceFrom": action.evidence_from,
        "planDefinition": plan.canonical,
        "action": action.id,
        "matched": to_matched(evidence),
    }
    return {key: value for key, value in facts.items() if value}


def _warnings(advice: Advice) -> list[dict[str, Any]]:
    own = [advice] if advice.action.risk else []
    found = []
    for each in own + advice.warnings:
        warning = {"risk": each.action.risk, "matched": to_matched(each.evidence), "source": each.plan.canonical}
        found.append({key: value for key, value in warning.items() if value})
    return found


def to_cards(
    answers: Iterable[tuple[Facts, int, list[Advice]]], writer: CardWriter, new_uuid: Callable[[], str]
) -> list[Card]:
    """Return the cards of all selected orders, most urgent first; equal advice on several orders is one card.

    Each answer is the facts of one order, the number of records that could not be read, and the advice on it.
    """
    topics: dict[tuple[object, ...], Topic] = {}
    for facts, unread, advices in answers:
        for advice in advices:
            key = (id(advice.action), advice.notes, tuple(id(each.action) for each in advice.warnings))
            topic = topics.setdefault(key, Topic(advice, [], facts.not_checked, unread))
            _join(topic, advice, facts.order.name)
    cards = [writer.to_card(topic, new_uuid()) for topic in topics.values()]
    return sorted(cards, key=lambda card: URGENCY[card["indicator"]])


def _join(topic: Topic, advice: Advice, order: str) -> None:
    if order and order not in topic.orders:
        topic.orders.append(order)
    fresh = [each.evidence for each in advice.recommendations]
    before = topic.evidence or [()] * len(fresh)
    if topic.advice is not advice:
        topic.advice.evidence += advice.evidence
    topic.evidence = [one + other for one, other in zip(before, fresh, strict=True)]
