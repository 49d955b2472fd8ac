"""The words of a request that tell who it is about: names, identifiers, telecom, addresses, ids.

A text that is kept must hold none of them. Words are compared folded and whole. A word of a person's name counts from
two letters on, whatever it means otherwise. Words of an address, an identifier, an id or an organisation count from
three letters on, unless names of the knowledge hold them too ("new", "main", "of"): else few texts were left.
Numbers count from five digits on, and as the whole of an identifier or id; numbers with signs between as one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from cds_service.cases.invented import PREFIXES
from cds_service.core.text import Words, words
from cds_service.core.valueset import Terminology
from cds_service.hooks.request import bare_id

HELD: Mapping[str, tuple[str, ...]] = {
    "name": ("text", "family", "given"),
    "identifier": ("value",),
    "telecom": ("value",),
    "address": ("text", "line", "city", "district", "postalCode"),
}
ALIKE = (
    ("humanname", "name"),
    ("address", "address"),
    ("contactpoint", "telecom"),
    ("identifier", "identifier"),
    ("authorstring", "name"),
)
IDS = frozenset({"id", "reference", "fullUrl", "patientId", "encounterId", "userId", "selections"})
PEOPLE = frozenset({"Patient", "Person", "Practitioner", "PractitionerRole", "RelatedPerson"})
CLINICAL = frozenset(PREFIXES) - PEOPLE - {"Device", "Location", "Organization"}
OF_RECORDS = frozenset({"coding", "medication", "medicationReference", "reason", "reasonReference", "condition"})
NOBODY = frozenset(each.casefold() for each in PREFIXES)
LONG_NUMBER, JOINED, SHORTEST = 5, 7, 3
_NUMBER, _SPACED = re.compile(r"\d+"), re.compile(r"\d[\d\s().+/-]*\d")


class Identity:
    """What tells who a request is about, each with the element that gives it."""

    def __init__(self, request: Mapping[str, Any], terminology: Terminology) -> None:
        self._names: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._wholes: dict[Words, str] = {}
        self._numbers: dict[str, str] = {}
        self._terminology = terminology
        for element, text in _given(request, ""):
            self._add(element, text)
        for each in NOBODY:
            self._names.pop(each, None)

    def _add(self, element: str, text: str) -> None:
        spoken = words(text)
        if element == "name of a person":
            self._names |= {each: element for each in spoken if len(each) > 1 and not each.isdigit()}
        elif element != "id of a record":
            self._words |= {each: element for each in spoken if len(each) >= SHORTEST and not each.isdigit()}
        if element != "address" and _is_whole(spoken):
            self._wholes[spoken] = element
        numbers = [each for each in _NUMBER.findall(text) if len(each) >= LONG_NUMBER]
        self._numbers |= dict.fromkeys([*numbers, *_joined(text)], element)

    def told_by(self, text: str) -> dict[str, str]:
        """Return what of a text tells who a request is about, each with the element of the request that gives it."""
        spoken = words(text)
        found = {each: self._words[each] for each in spoken if each in self._words and not self._is_of_knowledge(each)}
        found |= {each: self._names[each] for each in spoken if each in self._names}
        for whole, element in self._wholes.items():
            if any(spoken[i : i + len(whole)] == whole for i in range(len(spoken))):
                found[" ".join(whole)] = element
        numbers = {*_NUMBER.findall(text), *_joined(text)}
        return found | {each: self._numbers[each] for each in sorted(numbers) if each in self._numbers}

    def _is_of_knowledge(self, word: str) -> bool:
        """Return whether a word is one of the knowledge's own: it stands in the name of a code, or of a FHIR type."""
        return word in NOBODY or (word.isalpha() and word in self._vocabulary)

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        value_sets = self._terminology.value_sets.values()
        names = (name for each in value_sets for held in each.names_of.values() for name in held)
        return frozenset(word for name in names for word in words(name))


def _is_whole(spoken: Words) -> bool:
    """Return whether words are an identifier that can be told from a count or a dose."""
    joined = "".join(spoken)
    return (
        len(joined) >= SHORTEST
        and any(each.isdigit() for each in joined)
        and (len(spoken) > 1 or len(joined) > SHORTEST)
    )


def _joined(text: str) -> Iterator[str]:
    """Return the digits of long numbers that have signs or spaces between."""
    for spaced in _SPACED.findall(text):
        digits = "".join(_NUMBER.findall(spaced))
        if len(digits) >= JOINED:
            yield digits


def _given(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Return what tells who a request is about, with the kind of element that gives it."""
    for each in value if isinstance(value, list) else ():
        yield from _given(each, key)
    if not isinstance(value, dict):
        return
    is_person = value.get("resourceType") in PEOPLE
    for name, held in value.items():
        if kind := _kind(name):
            yield from _held(kind, held)
        elif name in IDS:
            yield from _ids(name, held, is_person)
        yield from _given(held, name)
    if key not in OF_RECORDS and isinstance(value.get("display"), str) and not {"code", "system"} & set(value):
        yield from _named(value)


def _kind(name: str) -> str | None:
    return name if name in HELD else next((kind for end, kind in ALIKE if name.casefold().endswith(end)), None)


def _held(kind: str, value: Any) -> Iterator[tuple[str, str]]:
    for each in value if isinstance(value, list) else [value]:
        parts = [each.get(part) for part in HELD[kind]] if isinstance(each, dict) else [each]
        called = "name of a person" if kind == "name" and isinstance(each, dict) else kind
        yield from ((called, text) for part in parts for text in _strings(part))


def _strings(value: Any) -> Iterable[str]:
    return [str(each) for each in (value if isinstance(value, list) else [value]) if isinstance(each, (str, int))]


def _ids(name: str, value: Any, is_person: bool) -> Iterator[tuple[str, str]]:
    for text in _strings(value):
        path = text.strip().split("/")
        of_person = is_person if name == "id" else name in ("patientId", "userId") or bool(PEOPLE & set(path))
        yield "id" if of_person else "id of a record", bare_id(text) or ""


def _named(reference: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    written = str(reference.get("reference") or reference.get("type") or "")
    kinds = set(written.split("/"))
    if not kinds & CLINICAL:
        yield "name of a person" if kinds & PEOPLE else "display", reference["display"]


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Return every text and number of JSON, as a text, with its place."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for i, each in enumerate(value):
            yield from leaves(each, f"{place}[{i}]")
    else:
        yield place, str(value)
