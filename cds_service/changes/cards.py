"""A card as facts, each with a name a clinician knows, so that two cards can be held against each other.

Nothing of a card is left out but its uuids. Versions are taken out first: the same advice from another version of a
value set or plan is the same advice.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cds_service.core.card import NOTICE, RECOMMENDATIONS, WARNINGS

Card = Mapping[str, Any]
CANONICALS = frozenset({"valueSet", "planDefinition", "source"})
CITED = re.compile(r"(; value set \S+) version [^);]+\)")
MATCHED_ON = "**Matched on:**"
OF_RECOMMENDATION = {
    "stance": "stance",
    "evidenceClass": "evidence class",
    "guideline": "statement",
    "evidenceFrom": "source of the evidence",
    "planDefinition": "plan",
    "action": "action of the plan",
}
OF_CARD = {"selectionBehavior": "how many suggestions may be chosen"}
GIVEN = "on the card"
MATCHED_CODES = "matched codes"


class Name(NamedTuple):
    """What a fact is about, and which part of that: '' is the thing itself, without which no part is told."""

    of: str
    part: str = ""


Facts = dict[Name, Any]


def facts_of(card: Card) -> Facts:
    """Return every fact of a card by its name: indicator, summary, stance of a disorder, matched codes, detail.

    A fact is a text, of one line or several, or other JSON.
    """
    plain = without_versions(dict(card))
    extension = plain.pop("extension", {})
    facts: Facts = dict(_of_recommendations(extension.pop(RECOMMENDATIONS, [])))
    facts |= dict(_of_warnings(extension.pop(WARNINGS, [])))
    facts |= {Name("notice" if name == NOTICE else f"extension {name}"): each for name, each in extension.items()}
    facts |= dict(_of_detail(plain.pop("detail", "")))
    facts |= dict(_of_suggestions(plain.pop("suggestions", [])))
    facts |= dict(_of_reasons(plain.pop("overrideReasons", [])))
    return facts | {Name(OF_CARD.get(name, name)): each for name, each in plain.items()}


def without_versions(value: Any) -> Any:
    """Return JSON of an answer without uuids and without the versions of the value sets and plans it names."""
    if isinstance(value, dict):
        named = {name: each for name, each in value.items() if name != "uuid"}
        return {
            name: each.partition("|")[0] if name in CANONICALS and isinstance(each, str) else without_versions(each)
            for name, each in named.items()
        }
    return [without_versions(each) for each in value] if isinstance(value, list) else value


def _numbered(names: Iterator[str]) -> Iterator[str]:
    """Return names that are told apart: a second one of the same name gets its number."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def _of_recommendations(found: list[Card]) -> Iterator[tuple[Name, Any]]:
    disorders = _numbered(str(each.get("disorder")) for each in found)
    for disorder, each in zip(disorders, found, strict=True):
        rest = dict(each)
        matched = rest.pop("matched", [])
        yield Name(f"{MATCHED_CODES} of {disorder}"), _codes(matched)
        yield Name(f"{MATCHED_CODES} of {disorder}", "records"), matched
        for key, value in rest.items():
            yield Name(f"{OF_RECOMMENDATION.get(key, key)} of {disorder}"), value


def _codes(matched: list[Card]) -> str:
    """Return what was matched, one record a line: the code and its name in the value set, how, and which set."""
    sets = (str(each.get("valueSet")).rpartition("/")[2] for each in matched)
    codes = (f"{each.get('code')} {each.get('display')}, by {each.get('how')}" for each in matched)
    return "\n".join(f"{code} in {value_set}" for code, value_set in zip(codes, sets, strict=True))


def _of_warnings(found: list[Card]) -> Iterator[tuple[Name, Any]]:
    risks = _numbered(f"warning “{each.get('risk')}”" for each in found)
    for risk, each in zip(risks, found, strict=True):
        rest = dict(each)
        yield Name(risk), GIVEN
        yield Name(risk, MATCHED_CODES), _codes(rest.get("matched", []))
        yield from ((Name(risk, key), value) for key, value in rest.items() if key != "risk")


def _of_detail(detail: str) -> Iterator[tuple[Name, Any]]:
    lines = detail.split("\n")
    told = [each for each in lines if each.startswith(MATCHED_ON)]
    yield Name("detail"), "\n".join(each for each in lines if each not in told)
    yield Name("detail", MATCHED_CODES), CITED.sub(r"\1)", "\n".join(told))


def _of_suggestions(found: list[Card]) -> Iterator[tuple[Name, Any]]:
    labels = _numbered(f"suggestion “{each.get('label')}”" for each in found)
    for label, each in zip(labels, found, strict=True):
        yield Name(label), GIVEN
        yield from ((Name(label, key), value) for key, value in each.items() if key != "label")


def _of_reasons(found: list[Card]) -> Iterator[tuple[Name, Any]]:
    yield Name("override reasons"), "\n".join(str(each.get("display")) for each in found)
    yield Name("override reasons", "as coded"), found
