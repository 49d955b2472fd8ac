"""Advice -> CDS Hooks cards (CDS Hooks 2.0, CDS Service Response), with our extension that explains them.

What does not depend on the patient is written once, when the knowledge is loaded.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from cds_service.core.apply import Advice, Recommendation
from cds_service.core.card_text import paragraphs, risk_line, to_matched
from cds_service.core.facts import Evidence
from cds_service.core.plan import INDICATORS, Action, Citation, Link, Plan
from cds_service.core.suggestion import to_suggestion
from cds_service.core.topic import Answered, Topic

RECOMMENDATIONS = "org.cds-service.recommendations"
WARNINGS = "org.cds-service.warnings"
NOTICE = "org.cds-service.notice"
URGENCY = {"critical": 0, "warning": 1, "info": 2}
SUMMARY_LIMIT = 140
Card = dict[str, Any]
NewUuid = Callable[[], str]


class _Static(NamedTuple):
    card: Card
    closing: str
    reasons: list[Mapping[str, str]]


class CardWriter:
    """Writes cards. `meanings` says what each evidence class means, `shared` what every recommendation ends with."""

    def __init__(self, plans: Iterable[Plan], meanings: Mapping[str, str], shared: str) -> None:
        self._meanings = meanings
        self._shared = shared
        self._static = {id(action): self._static_part(plan, action) for plan in plans for action in plan.walk()}

    def _static_part(self, plan: Plan, action: Action) -> _Static:
        card: Card = {"summary": action.title or "", "indicator": INDICATORS[action.priority or "routine"]}
        card["source"] = _source(plan)
        if action.links:
            card["links"] = _links(action.links)
        return _Static(card, self._closing(plan, action), [dict(each) for each in action.override_reasons])

    def _closing(self, plan: Plan, action: Action) -> str:
        parts = [self._meaning(action)]
        if action.stance or action.alternatives:
            parts.append(self._shared)
        parts.append(_cited(plan.citations))
        return "\n\n".join(part for part in parts if part)

    def to_card(self, topic: Topic, new_uuid: NewUuid) -> Card:
        """Return the card of a topic as JSON; nothing in it is null or empty."""
        advice = topic.advice
        static, closing, reasons = self._static[id(advice.action)]
        card: Card = {"uuid": new_uuid(), **static}
        stance, _, rest = (advice.action.description or "").partition("\n\n")
        parts = [stance, *paragraphs(topic), rest, *self._branches(advice)]
        if advice.lines:
            card |= _of_lines(advice)
            parts = ["\n".join(risk_line(each) for each in advice.lines), *paragraphs(topic), stance, rest]
            closing = _cited(citation for each in advice.lines for citation in _of_line(each))
        card["detail"] = "\n\n".join(part for part in [*parts, closing] if part)
        if suggestions := to_suggestions(topic, new_uuid):
            card |= {"suggestions": suggestions, "selectionBehavior": _selection(advice.action)}
        if reasons and card["indicator"] != "info":
            card["overrideReasons"] = reasons
        extension = _extension(topic)
        return card | ({"extension": extension} if extension else {})

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


def _selection(action: Action) -> str:
    """Return how many suggestions may be chosen; what an open question says of its branches is not about them."""
    return "any" if action.alternatives else action.selection or "any"


def _source(plan: Plan) -> dict[str, Any]:
    source: dict[str, Any] = {"label": plan.citations[0].display if plan.citations else plan.title}
    if plan.citations and plan.citations[0].url:
        source["url"] = plan.citations[0].url
    if plan.topic:
        source["topic"] = dict(plan.topic)
    return source


def _cited(citations: Iterable[Citation]) -> str:
    cited = [citation.citation for citation in citations if citation.citation]
    return "Sources: " + " / ".join(dict.fromkeys(cited)) if cited else ""


def _of_line(line: Advice) -> list[Citation]:
    """Return the citations of a line: those that its documentation names, else all of its plan."""
    named = [each for each in line.plan.citations if each.label in line.action.sources]
    return named or list(line.plan.citations)


def _links(links: Iterable[Link]) -> list[dict[str, str]]:
    return [{"label": link.label, "url": link.url, "type": "absolute"} for link in dict.fromkeys(links)]


def _of_lines(advice: Advice) -> Card:
    """Return what the lines of a card decide: summary, indicator and links."""
    titles = list(dict.fromkeys(each.title for each in advice.lines))
    summary = next(
        (text for shown in range(len(titles), 0, -1) if len(text := _summary(advice, titles, shown)) < SUMMARY_LIMIT),
        _summary(advice, titles, 1)[: SUMMARY_LIMIT - 2] + "…",
    )
    card: Card = {"summary": summary, "indicator": INDICATORS[advice.priority]}
    if links := _links(link for each in (advice, *advice.lines) for link in each.action.links):
        card["links"] = links
    return card


def _summary(advice: Advice, titles: list[str], shown: int) -> str:
    more = f" and {len(titles) - shown} more" if shown < len(titles) else ""
    return f"{advice.action.title}: {'; '.join(titles[:shown])}{more}"


def to_suggestions(topic: Topic, new_uuid: NewUuid) -> list[dict[str, Any]]:
    """Return the suggestions of a card, each deed once; where they are about several orders, each names its own."""
    orders = {id(answered): answered.facts.order for answered, _ in topic.offers}.values()
    names = [order.name for order in orders]
    found: dict[str, dict[str, Any]] = {}
    for answered, offer in topic.offers:
        order = answered.facts.order
        told = order.name if names.count(order.name) == 1 else f"{order.name} {order.label}".strip()
        which = told if len(names) > 1 else ""
        suggestion = to_suggestion(offer, answered.facts, answered.draft, new_uuid, which)
        if suggestion:
            (action,) = suggestion["actions"]
            found.setdefault(repr((action["type"], action.get("resourceId"), action.get("resource"))), suggestion)
    return list(found.values())


def _extension(topic: Topic) -> dict[str, Any]:
    advice = topic.advice
    extension: dict[str, Any] = {}
    if advice.recommendations:
        extension[RECOMMENDATIONS] = [
            to_recommendation(each, topic.evidence[i]) for i, each in enumerate(advice.recommendations)
        ]
    if warnings := _warnings(advice):
        extension[WARNINGS] = warnings
    if advice.action.notice:
        extension[NOTICE] = advice.action.notice
    return extension


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
    for each in own + advice.warnings + advice.lines:
        warning = {"risk": each.action.risk, "matched": to_matched(each.evidence), "source": each.plan.canonical}
        found.append({key: value for key, value in warning.items() if value})
    return found


def records_behind(topic: Topic) -> set[tuple[str, tuple[str, str]]]:
    """Return the records that a card rests on, those that its text leaves out included: label, and system and code."""
    advice = topic.advice
    evidence = [*advice.evidence, *(each for found in topic.evidence for each in found)]
    evidence += [each for line in (*advice.warnings, *advice.lines) for each in line.evidence]
    return {(each.record.label, (each.match.code.system, each.match.code.code)) for each in evidence}


def to_cards(answers: Iterable[Answered], writer: CardWriter, new_uuid: NewUuid) -> list[tuple[Card, Topic]]:
    """Return the cards of all orders in scope, each with what it is about; the most urgent come first.

    Equal advice on several orders is one card.
    """
    topics: dict[tuple[object, ...], Topic] = {}
    for each in answers:
        for advice in each.advice:
            topic = topics.setdefault(_subject(advice), Topic(advice, each.facts.not_checked, each.unread))
            _join(topic, advice, each)
    cards = [(writer.to_card(topic, new_uuid), topic) for topic in topics.values()]
    return sorted(cards, key=lambda pair: URGENCY[pair[0]["indicator"]])


def _subject(advice: Advice) -> tuple[object, ...]:
    attached = tuple((id(each.action), each.text) for each in (*advice.warnings, *advice.lines))
    return id(advice.action), advice.notes, attached


def _join(topic: Topic, advice: Advice, answered: Answered) -> None:
    order = answered.facts.order.name
    topic.answered.append(answered)
    if order and order not in topic.orders:
        topic.orders.append(order)
    topic.remarks.setdefault(order, []).extend(advice.remarks)
    topic.offers += [(answered, offer) for offer in advice.offers]
    fresh = [each.evidence for each in advice.recommendations]
    before = topic.evidence or [()] * len(fresh)
    if topic.advice is not advice:
        topic.advice.evidence += advice.evidence
    topic.evidence = [one + other for one, other in zip(before, fresh, strict=True)]
