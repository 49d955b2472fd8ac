"""How each kind of value is kept, when a request becomes a case: the rules that the tables of elements name.

A rule returns what is written in place of a value, and None for what is left out. Words of FHIR's own lists, numbers
and public codes stay; ids, dates, local code systems and whatever only counts as being there are replaced. So is the
display of a code that the knowledge knows, by its own, unless it says more. Texts that conditions read stay, and are
noted for a person to look at; what holds a word that tells who the request is about is noted as telling.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from cds_service.cases.identity import Identity
from cds_service.cases.invented import Invented
from cds_service.cases.moved import Move
from cds_service.core.resources import Concept
from cds_service.core.text import fold
from cds_service.core.units import UCUM, is_number
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
    """What the rules need, the texts that were kept, and of what is kept that which tells who the request is about.

    The invented names, the move of dates, the days of the orders, the words that tell who it is about, and the
    terminology, which tells public codes and names from those that a person should look at.
    """

    def __init__(
        self, invented: Invented, move: Move, ordered: Iterable[date], identity: Identity, terminology: Terminology
    ) -> None:
        self.invented, self.move, self.ordered = invented, move, tuple(ordered)
        self.identity, self.terminology = identity, terminology
        self.texts: dict[str, None] = {}
        self.telling: dict[str, dict[str, str]] = {}

    def note(self, text: str) -> str:
        """Return a text, which is noted for a person to look at unless it is a name that the knowledge knows."""
        if text.strip() and not self.is_name(text):
            self.texts.setdefault(text)
            self.suspect(text)
        return text

    def suspect(self, value: Any) -> Any:
        """Return a value, which is noted when it holds a word that tells who the request is about."""
        if told := self.identity.told_by(str(value)):
            self.telling[str(value)] = told
        return value

    def is_name(self, text: str) -> bool:
        """Return whether a text is, as a whole, a name that the knowledge knows."""
        return bool(self.terminology.sets_named(fold(text)))

    def is_public(self, system: object) -> bool:
        """Return whether a code system may be named: it is one of the knowledge's, or HL7's own."""
        if not isinstance(system, str) or system in self.terminology.systems:
            return isinstance(system, str)
        return bool(HL7_SYSTEM.fullmatch(system)) and not self.identity.told_by(system)

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
    """The rule for an object, or a list of them, of which some elements are kept: those of `rules`.

    `before` returns what of an object the rules are for.
    """

    def __init__(self, rules: Mapping[str, Rule], before: Rule | None = None) -> None:
        self.rules, self._before = rules, before

    def __call__(self, value: Any, keeper: Keeper) -> Any:
        """Return what is kept of the object, or of each object of a list."""
        return of_each(self._kept)(value, keeper)

    def _kept(self, value: Any, keeper: Keeper) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            return None
        if self._before:
            value = self._before(value, keeper)
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


def _number(value: Any, keeper: Keeper) -> Any:
    return keeper.suspect(value) if is_number(value) else None


def _comparator(value: Any) -> str:
    return value if isinstance(value, str) and value in COMPARATORS else OTHER


def _text(value: Any, keeper: Keeper) -> str | None:
    return keeper.note(value) if isinstance(value, str) else None


def _name(value: Any, keeper: Keeper) -> str | None:
    return value if isinstance(value, str) and keeper.is_name(value) else None


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
    kept = {"system": system(value.get("system"), keeper), "code": _code(value, keeper)}
    kept["display"] = text(_own_display(value, keeper) or value.get("display"), keeper)
    return {name: each for name, each in kept.items() if each is not None}


def _code(value: Mapping[str, Any], keeper: Keeper) -> Any:
    """Keep a code: one that the knowledge lists as it is, another is looked at."""
    of, code = value.get("system"), value.get("code")
    if not isinstance(code, str) and not is_number(code):
        return None
    if keeper.terminology.sets_of(of, code) or (keeper.is_public(of) and code in WORDS):
        return code
    if not keeper.is_plain(of, code):
        keeper.note(str(code))
    return keeper.suspect(code)


def _own_display(value: Mapping[str, Any], keeper: Keeper) -> str | None:
    """Return what the knowledge calls a code, if what the record calls it says no more to a condition than the code."""
    display, known = value.get("display"), keeper.terminology.sets_of(value.get("system"), value.get("code"))
    if not known or not isinstance(display, str) or keeper.is_name(display):
        return None
    says_more = keeper.terminology.naming(Concept(text=display)) - set(known)
    return None if says_more else next(iter(known.values())).code.display


def without_unit_beside_code(value: Mapping[str, Any], keeper: Keeper) -> Mapping[str, Any]:
    """Return a Quantity without a unit that is not known, where its code is: the code is read then."""
    units = keeper.terminology.units
    is_told = value.get("system") in (None, UCUM) and units.find(value.get("code"))
    if not is_told or units.find(value.get("unit")):
        return value
    return {name: each for name, each in value.items() if name != "unit"}


word, truth, comparator, told = (_plain(each) for each in (_word, _truth, _comparator, _told))
number, text, name, unit, system = (leaf(each) for each in (_number, _text, _name, _unit, _system))
day, birth_day, reference, address = leaf(_day), leaf(_birth_day), leaf(_reference), leaf(_address)
coding = of_each(_coding)
