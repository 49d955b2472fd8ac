"""Runs golden cases, says how an answer differs from what was expected, and which actions the cases exercise."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from cds_service.cases.compare import compare_suggestions
from cds_service.cases.read import Case, ExpectedCard, ExpectedMatch, ExpectedRecommendation
from cds_service.cases.words import holds
from cds_service.core.card import NOTICE, RECOMMENDATIONS, WARNINGS
from cds_service.errors import Problem, RequestError
from cds_service.hooks.answer import Answer, answer, find_service
from cds_service.knowledge.load import KnowledgeBase


@dataclass
class Outcome:
    """What became of one case: its differences, the actions that fired as 'plan#action', and what was said."""

    differences: list[str]
    fired: set[str] = field(default_factory=set)
    said: tuple[str, ...] = ()


def run_case(knowledge: KnowledgeBase, name: str, case: Case, indexed: bool = True) -> Outcome:
    """Return how the service named by the case's folder answers, compared with the expectation."""
    numbers = count(1)
    known = {plan.id for plan in knowledge.library.plans.values()}
    unknown = [f"silent: there is no plan {each}" for each in sorted(set(case.silent) - known)]
    try:
        service = find_service(knowledge, name.partition("/")[0])
        body = msgspec.json.encode(case.request)
        answered = answer(knowledge, service, body, case.today, lambda: f"card-{next(numbers)}", indexed=indexed)
    except RequestError as error:
        return Outcome(unknown + _compare_error(case, error.status, str(error)), said=(str(error),))
    cards = json.loads(answered.to_json())["cards"]
    said = tuple(card[element] for card in cards for element in ("summary", "detail"))
    if case.error:
        return Outcome([*unknown, f"expected error {case.error.status}, got {len(cards)} card(s)"], said=said)
    fired = fired_actions(answered)
    plans = {each.partition("#")[0] for each in fired}
    differences = unknown + _compare_cards(case.cards or (), cards)
    differences += [f"{each} fired, and must be silent" for each in case.silent if each in plans]
    return Outcome(differences, fired, said)


def fired_actions(answered: Answer) -> set[str]:
    """Return 'plan#action' of every action that made a card, a branch or a line of one, a warning or a suggestion."""
    fired = set()
    for _, advices in answered.advice:
        for advice in advices:
            spoken = [(each.plan, each.action) for each in (advice, *advice.warnings, *advice.lines)]
            spoken += [(each.plan, each.action) for each in advice.recommendations]
            spoken += [(offer.plan, offer.action) for offer in advice.offers]
            fired |= {f"{plan.id}#{action.id}" for plan, action in spoken}
    return fired


def _compare_error(case: Case, status: int, text: str) -> list[str]:
    if case.error is None:
        return [f"expected cards, got error {status}: {text}"]
    found = [] if status == case.error.status else [f"expected error {case.error.status}, got {status}"]
    return found + [f"the error does not mention {word!r}" for word in case.error.mentions if not holds(text, word)]


def _compare_cards(expected: tuple[ExpectedCard, ...], cards: list[dict[str, Any]]) -> list[str]:
    if len(expected) != len(cards):
        summaries = "; ".join(card["summary"] for card in cards)
        return [f"expected {len(expected)} card(s), got {len(cards)}{': ' if cards else ''}{summaries}"]
    left, differences = list(cards), []
    for each in expected:
        tried = [(_compare_card(each, card), i) for i, card in enumerate(left)]
        best, i = min(tried, key=lambda pair: len(pair[0]))
        differences += best
        left.pop(i)
    return differences


def _compare_card(expected: ExpectedCard, card: Mapping[str, Any]) -> list[str]:
    extension = card.get("extension", {})
    pairs = {
        "indicator": (expected.indicator, card["indicator"]),
        "recommendations": (_facts(expected.recommendations), _facts(_parsed(extension.get(RECOMMENDATIONS, [])))),
        "warnings": (sorted(expected.warnings), sorted(each["risk"] for each in extension.get(WARNINGS, []))),
        "notice": (expected.notice, extension.get(NOTICE)),
    }
    found = [f"{key}: expected {_words(want)}, got {_words(got)}" for key, (want, got) in pairs.items() if want != got]
    found += _matches(expected.recommendations, extension.get(RECOMMENDATIONS, []))
    if expected.suggestions is not None:
        found += compare_suggestions(expected.suggestions, card.get("suggestions", []))
    found += [f"summary lacks {each!r}" for each in expected.summary if not holds(card["summary"], each)]
    return found + [f"detail lacks {each!r}" for each in expected.detail if not holds(card["detail"], each)]


def _parsed(found: list[dict[str, Any]]) -> list[ExpectedRecommendation]:
    names = ("disorder", "stance", "guideline", "matched", "evidenceClass", "evidenceFrom")
    shown = [{name: each[name] for name in names if name in each} for each in found]
    for each in shown:
        each["matched"] = [
            {key: match[key] for key in ("resource", "how", "code")} for match in each.get("matched", [])
        ]
    return msgspec.convert(shown, list[ExpectedRecommendation])


def _facts(found: Any) -> list[str]:
    return sorted(_fact(each) for each in found)


def _fact(each: ExpectedRecommendation) -> str:
    graded = f", class {each.evidence_class}" if each.evidence_class else ""
    source = f", evidence from {each.evidence_from}" if each.evidence_from else ""
    return f"{each.disorder}: {each.stance} ({each.guideline}{graded}{source})"


def _words(value: Sequence[str] | None) -> str:
    """Return a key, or several, as they are read."""
    return (value if isinstance(value, str) else "; ".join(value or ())) or "none"


def _matches(expected: tuple[ExpectedRecommendation, ...], found: list[dict[str, Any]]) -> list[str]:
    got = {each.disorder: each.matched for each in _parsed(found)}
    differences = []
    for each in expected:
        if not _same(each.matched, got.get(each.disorder, ())):
            shown = [_words(_plain(matched)) for matched in (each.matched, got.get(each.disorder, ()))]
            differences.append(f"{each.disorder}: expected matched {shown[0]}, got {shown[1]}")
    return differences


def _plain(matched: tuple[ExpectedMatch, ...]) -> list[str]:
    return [f"{each.resource} ({each.code + ', ' if each.code else ''}by {each.how})" for each in matched]


def _same(expected: tuple[ExpectedMatch, ...], got: tuple[ExpectedMatch, ...]) -> bool:
    by_record = {(each.resource, each.how): each.code for each in got}
    wanted = {(each.resource, each.how): each.code for each in expected}
    codes_agree = all(code is None or by_record.get(key) == code for key, code in wanted.items())
    return set(by_record) == set(wanted) and len(got) == len(expected) and codes_agree


def check_cases(knowledge: KnowledgeBase, cases: Mapping[str, Case]) -> list[Problem]:
    """Return every difference, and every action that no case makes fire or shows to stay silent."""
    problems: list[Problem] = []
    fired: set[str] = set()
    silent: set[str] = set()
    plans = knowledge.library.plans.values()
    spoken = {f"{plan.id}#{each.id}" for plan in plans for each in plan.walk() if each.speaks}
    fix = "correct the knowledge, or the expectation if the source says otherwise."
    for name, case in cases.items():
        outcome = run_case(knowledge, name, case)
        problems += [Problem(f"{name}.json", "-", f"{each}.", fix) for each in outcome.differences]
        fired |= outcome.fired
        silent |= shown_silent(case, outcome, spoken)
    problems += [problem for each in sorted(spoken) for problem in _uncovered(each, fired, silent)]
    offered = {f"{plan.id}#{each.id}" for plan in plans for each in plan.walk() if each.suggestion}
    fix = "add a case in which it is offered."
    return problems + [
        Problem(each, "cases", "no case shows this suggestion.", fix) for each in sorted(offered - fired)
    ]


def shown_silent(case: Case, outcome: Outcome, actions: set[str]) -> set[str]:
    """Return the actions a case shows to be silent: those of the plans it names, and of the plans that spoke."""
    plans = {*case.silent, *(each.partition("#")[0] for each in outcome.fired)}
    return {each for each in actions - outcome.fired if each.partition("#")[0] in plans}


def _uncovered(action: str, fired: set[str], silent: set[str]) -> list[Problem]:
    found = []
    if action not in fired:
        found.append(Problem(action, "cases", "no case makes this action fire.", "add a case that does."))
    if action not in silent:
        found.append(Problem(action, "cases", "no case shows this action silent.", "add a look-alike case."))
    return found
