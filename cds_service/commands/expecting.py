"""The questions that `case new` asks: what the source says must come out. The answer of the service is not at hand."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from cds_service.core.plan import INDICATORS
from cds_service.hooks.references import FIT_ID
from cds_service.knowledge.load import KnowledgeBase

FEW = 6
HOWS = ("code", "text", "reason", "encounter", "lab", "combination")


class Asker:
    """Asks for an expectation, with the keys that the knowledge has; a key that it does not have is asked for again."""

    def __init__(self, knowledge: KnowledgeBase, request: Mapping[str, Any]) -> None:
        plans = knowledge.library.plans.values()
        actions = [action for plan in plans for action in plan.walk()]
        self._disorders = _some(each.disorder for each in actions)
        self._stances = _some(each.stance for each in actions)
        self._classes = _some(each.evidence_class for each in actions)
        self._risks, self._notices = _some(each.risk for each in actions), _some(each.notice for each in actions)
        self._labels = _some(citation.label for plan in plans for citation in plan.citations)
        self._plans = _some(plan.id for plan in plans)
        self._records = dict.fromkeys(_labels(request))

    def ask(self) -> dict[str, Any]:
        """Return the keys of a case: title, why, cards or error, silent."""
        click.echo("What must come out, as the source says. What the service answers is shown afterwards.")
        found: dict[str, Any] = {"title": click.prompt("Who, what, outcome, in one sentence")}
        found["why"] = {
            "statement": click.prompt("Label of the statement, or decision"),
            "section": click.prompt("Section of the statement"),
            "says": click.prompt("What it says there, in your words"),
        }
        if click.confirm("Must the call be refused with an error?"):
            return found | {"error": self._error()}
        found["cards"] = [self._card(i + 1) for i in range(click.prompt("How many cards", type=click.IntRange(0, 50)))]
        silent = self._several("Plans that must not fire", self._plans)
        return found | ({"silent": silent} if silent else {})

    def _error(self) -> dict[str, Any]:
        status = click.prompt("HTTP status", type=click.IntRange(400, 599))
        return {"status": status, "mentions": _words("Words that the reason must hold")}

    def _card(self, number: int) -> dict[str, Any]:
        click.echo(f"Card {number}")
        card: dict[str, Any] = {"indicator": self._one("Indicator", list(INDICATORS.values()))}
        recommendations = []
        while disorder := self._one("Disorder of a recommendation", self._disorders, "empty: none, or no more"):
            recommendations.append(self._recommendation(disorder))
        given = {
            "recommendations": recommendations,
            "warnings": self._several("Warnings (risk codes)", self._risks),
            "notice": self._one("Notice", self._notices, "empty: none") if self._notices else "",
            "summary": _words("Words that the summary must hold"),
            "detail": _words("Words that the detail must hold"),
        }
        return card | {name: each for name, each in given.items() if each}

    def _recommendation(self, disorder: str) -> dict[str, Any]:
        found = {"disorder": disorder, "stance": self._one("Stance", self._stances)}
        if graded := self._one("Evidence class", self._classes, "empty: none given"):
            found["evidenceClass"] = graded
        found["guideline"] = self._one("Label of the guideline", self._labels)
        if source := self._one("Label of what the class is from", self._labels, "empty: none given"):
            found["evidenceFrom"] = source
        return found | {"matched": list(self._matched())}

    def _matched(self) -> Iterator[dict[str, str]]:
        """Return one record at least: no recommendation rests on none."""
        records = list(self._records)
        if len(records) > FEW:
            click.echo(f"Records in the request: {', '.join(records)}")
        record = self._one("Record that it rests on", records) if records else ""
        while record:
            how = self._one("How it is matched", list(HOWS))
            code = click.prompt("Its code (empty: matched by text)", default="", show_default=False)
            yield {"resource": record, "how": how} | ({"code": code} if code else {})
            record = self._one("Another record that it rests on", records, "empty: no more")

    def _one(self, question: str, known: list[str], empty: str = "") -> str:
        """Return one of the known keys, shown where they are few; or nothing, where `empty` says its meaning."""
        shown = ", ".join(known) if len(known) <= FEW else ""
        hint = "; ".join(filter(None, (shown, empty)))
        choices = ["", *known] if empty else known
        asked = f"{question} ({hint})" if hint else question
        return str(click.prompt(asked, default="", show_default=False, value_proc=_among(choices)))

    def _several(self, question: str, known: list[str]) -> list[str]:
        def read(value: str) -> list[str]:
            return [_among(known)(each) for each in value.split()]

        found: list[str] = click.prompt(
            f"{question}, with spaces between", default="", show_default=False, value_proc=read
        )
        return found


def _among(known: list[str]) -> Any:
    def read(value: str) -> str:
        if value not in known:
            raise click.BadParameter(f"{value or 'nothing'} is not one of: {', '.join(filter(None, known))}.")
        return value

    return read


def _some(values: Iterable[str | None]) -> list[str]:
    return sorted({each for each in values if each})


def _words(question: str) -> list[str]:
    given: str = click.prompt(f"{question}, with commas between", default="", show_default=False)
    return [each.strip() for each in given.split(",") if each.strip()]


def _labels(value: Any) -> Iterator[str]:
    """Return 'Type/id' of every resource in JSON that has an id."""
    if isinstance(value, dict) and isinstance(value.get("id"), str) and "resourceType" in value:
        yield f"{value['resourceType']}/{value['id']}" if FIT_ID.fullmatch(value["id"]) else value["resourceType"]
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _labels(each)
