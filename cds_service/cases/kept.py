"""How each kind of value is kept, when a request becomes a case: the rules that the tables of elements name.

A rule returns what is written in place of a value, and None for what is left out. Words of FHIR's own lists, numbers
and public codes stay; ids, dates, local code systems and whatever only counts as being there are replaced; texts that
conditions read stay, and are noted for a person to look at.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from cds_service.cases.invented import Invented
from cds_service.cases.moved import Move
from cds_service.core.text import fold
from cds_service.core.units import is_number
from cds_service.core.valueset import Terminology

HL7_SYSTEM = re.compile(r"http://(terminology\.hl7\.org|hl7\.org/fhir)(/[A-Za-z0-9-]+){1,2}")
CODE = re.compile(r"(?=.*\d)[\w.:/-]{1,40}", re.ASCII)
COMPARATORS = frozenset({"<", "<=", ">=", ">", "ad"})
WORDS = frozenset(
    """
    draft active on-hold revoked completed entered-in-error unknown cancelled stopped ended aborted rejected
    registered preliminary final amended corrected not-done not-taken declined intended preparation in-progress
    recurrence relapse inactive remission resolved confirmed refuted provisional unconfirmed differential
    planned arrived triaged onleave finished discharged
    female male other low high unable-to-assess mild moderate severe
    order plan proposal original-order reflex-order filler-order instance-order option directive
    collection searchset batch transaction next
    """.split()
)
OTHER = "other"


class Keeper:
    """What the rules need, and the texts that were kept.

    The invented names, the move of dates, the days of the orders, and the terminology, which tells public codes and
    names from those that a person should look at.
    """

    def __init__(self, invented: Invented, move: Move, ordered: Iterable[date], terminology: Terminology) -> None:
        self.invented, self.move, self.ordered = invented, move, tuple(ordered)
        self.terminology = terminology
        self.texts: dict[str, None] = {}

    def note(self, text: str) -> str:
        """Return a text, which is noted for a person to look at unless it is a name that the knowledge knows."""
        if text.strip() and not self.terminology.sets_named(fold(text)):
            self.texts.setdefault(text)
        return text

    def is_public(self, system: object) -> bool:
        """Return whether a code system may be named: it is one of the knowledge's, or HL7's own."""
        return isinstance(system, str) and (system in self.terminology.systems or bool(HL7_SYSTEM.fullmatch(system)))

    def is_plain(self, system: object, code: object) -> bool:
        """Return whether a code needs no look: its system is public, and it is listed or looks like a code."""
        if not isinstance(system, str) or not isinstance(code, str) or not self.is_public(system):
            return False
        return bool(self.terminology.sets_of(system, code)) or code in WORDS or bool(CODE.fullmatch(code))


Rule = Callable[[Any, Keeper], Any]


def of_each(rule: Rule) -> Rule:
    """Return a rule for one value or a list of them."""

    def keep(value: Any, keeper: Keeper) -> Any:
        if isinstance(value, list):
            return [kept for each in value if (kept := keep(each, keeper)) is not None]
        return rule(value, keeper)

    return keep


class Shape:
    """The rule for an object, or a list of them, of which some elements are kept: those of `rules`."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self.rules = rules

    def __call__(self, value: Any, keeper: Keeper) -> Any:
        """Return what is kept of the object, or of each object of a list."""
        return of_each(self._kept)(value, keeper)

    def _kept(self, value: Any, keeper: Keeper) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            return None
        kept = {name: rule(value[name], keeper) for name, rule in self.rules.items() if value.get(name) is not None}
        return {name: each for name, each in kept.items() if each is not None}


def leaf(keep: Rule) -> Rule:
    """Return the rule for a value, or a list of them, that is no object."""
    return of_each(lambda value, keeper: None if isinstance(value, dict) else keep(value, keeper))


def _plain(keep: Callable[[Any], Any]) -> Rule:
    return leaf(lambda value, keeper: keep(value))


def instead(marker: Any, *, even_if_empty: bool = False) -> Rule:
    """Return the rule for what only counts as being there."""
    return lambda value, keeper: marker if value or even_if_empty else None


def _word(value: Any) -> str:
    return value if isinstance(value, str) and value.strip().casefold() in WORDS else OTHER


def _truth(value: Any) -> Any:
    return value if isinstance(value, bool) or value in ("true", "false") else OTHER


def _number(value: Any) -> Any:
    return value if is_number(value) else None


def _comparator(value: Any) -> str:
    return value if isinstance(value, str) and value in COMPARATORS else OTHER


def _text(value: Any, keeper: Keeper) -> str | None:
    return keeper.note(value) if isinstance(value, str) else None


def _unit(value: Any, keeper: Keeper) -> str | None:
    return value if keeper.terminology.units.find(value) else _text(value, keeper)


def _system(value: Any, keeper: Keeper) -> str | None:
    if not isinstance(value, str):
        return None
    return value if keeper.is_public(value) else keeper.invented.system(value)


def _day(value: Any, keeper: Keeper) -> str | None:
    return keeper.move.day(value)


def _birth_day(value: Any, keeper: Keeper) -> str | None:
    return keeper.move.birth_date(value, keeper.ordered)


def _told(value: Any) -> str | None:
    """Keep of a dosage text whether it holds a number, which is all that is read of it."""
    if not isinstance(value, str):
        return None
    return "(1 text removed)" if any(each.isdigit() for each in value) else "(text removed)"


def _reference(value: Any, keeper: Keeper) -> str | None:
    return keeper.invented.reference(value) if isinstance(value, str) else None


def _address(value: Any, keeper: Keeper) -> str | None:
    return keeper.invented.address(value) if isinstance(value, str) else None


def _coding(value: Any, keeper: Keeper) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    code, kept = value.get("code"), {name: rule(value.get(name), keeper) for name, rule in _CODING.items()}
    if isinstance(code, str) or is_number(code):
        kept["code"] = code if keeper.is_plain(value.get("system"), code) else (keeper.note(str(code)), code)[1]
    return {name: each for name, each in kept.items() if each is not None}


word, truth, number, comparator, told = (_plain(each) for each in (_word, _truth, _number, _comparator, _told))
text, unit, system = leaf(_text), leaf(_unit), leaf(_system)
day, birth_day, reference, address = leaf(_day), leaf(_birth_day), leaf(_reference), leaf(_address)
_CODING: Mapping[str, Rule] = {"system": system, "code": leaf(lambda value, keeper: None), "display": text}
coding = of_each(_coding)
