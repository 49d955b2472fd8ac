"""A request without what could tell who it is about: what becomes a golden case.

Works by allow-list (cases.elements): what the service does not read is not copied. That leaves out names, addresses,
telecom, photos, contacts, identifiers, narratives, notes, the displays of references, extensions, the FHIR server and
its token, and every element that nobody has heard of. Of what is read,

- ids become invented ones, and every reference to them with it, in whatever form it is written;
- dates move together (cases.moved): age in months and intervals stay, the days are others;
- code systems of the house get invented addresses;
- a modifierExtension stays as a marker, a dosage text as a mark that it holds a number or none.

- the display of a code that the knowledge knows becomes the knowledge's own, unless it names something else as well;
- times of day go, or become invented ones where they order the results of a day.

Texts that conditions read (names of diagnoses, drugs and results, written values, units, codes of the house) stay as
they are. What of them holds a word by which the request itself tells who it is about (cases.identity) is given back as
`telling`, and must not be written. The others a person has to look at: that is not all that HIPAA's Safe Harbor (45 CFR
164.514(b)(2)) asks for, and not promised. Intervals, ages and rare combinations of codes stay too, and whoever knows
the day of the call can tell the other days. A case that must be beyond doubt is one that was invented.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
import orjson

from cds_service.cases.elements import CONTEXT, resource
from cds_service.cases.identity import Identity, leaves
from cds_service.cases.invented import Invented
from cds_service.cases.kept import Keeper
from cds_service.cases.moved import Move, times
from cds_service.core.fhirpath.dates import parse_date
from cds_service.core.hook import HOOKS
from cds_service.core.valueset import Terminology
from cds_service.errors import RequestError
from cds_service.hooks.answer import answer
from cds_service.knowledge.load import KnowledgeBase, Service

HOOK_INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
_NAMED = re.compile(r"\b[A-Z][A-Za-z]+/[\w.:-]+|\b\d{4}(-\d{2}){0,2}\b")


@dataclass(frozen=True)
class Stripped:
    """A request without who it is about, the day it is set to, and the texts that a person has to look at.

    `telling` is what must not be kept, by the place where it stands: the words there that tell who it is about, each
    with the element of the request that gives it.
    """

    request: dict[str, Any]
    today: date
    texts: tuple[str, ...]
    telling: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def strip(
    request: Mapping[str, Any], asked: date, today: date, keys: Iterable[str], terminology: Terminology
) -> Stripped:
    """Return a CDS Hooks request without what could tell who it is about.

    `asked` is the day of the call, `today` the day it is moved to, `keys` the prefetch keys of the service.
    """
    context = request.get("context")
    invented = Invented()
    for name, kind in (("patientId", "Patient"), ("userId", None), ("encounterId", "Encounter")):
        invented.meet_reference(context.get(name) if isinstance(context, dict) else None, kind)
    invented.meet(request)
    move = Move(asked, today, times(request))
    keeper = Keeper(invented, move, _ordered(context), Identity(request, terminology), terminology)
    kept: dict[str, Any] = {}
    if isinstance(request.get("hook"), str):
        kept["hook"] = request["hook"] if request["hook"] in HOOKS else "another-hook"
    if isinstance(request.get("hookInstance"), str):
        kept["hookInstance"] = HOOK_INSTANCE
    if (held := CONTEXT(context, keeper)) is not None:
        kept["context"] = held
    if isinstance(prefetch := request.get("prefetch"), dict):
        kept["prefetch"] = {name: _prefetched(prefetch[name], keeper) for name in keys if _came(prefetch, name)}
    places = {place: keeper.telling[each] for place, each in leaves(kept) if each in keeper.telling}
    return Stripped(kept, today, tuple(keeper.texts), places)


def _ordered(context: Any) -> list[date]:
    """Return the days of the draft orders."""
    drafts = context.get("draftOrders") if isinstance(context, dict) else None
    entries = drafts.get("entry") if isinstance(drafts, dict) else None
    held = (
        [each.get("resource") for each in entries or () if isinstance(each, dict)] if isinstance(entries, list) else []
    )
    days = [parse_date(each.get("authoredOn")) for each in held if isinstance(each, dict)]
    return [date(*day) for day in days if day and len(day) == 3]


def _came(prefetch: Mapping[str, Any], name: str) -> bool:
    return name in prefetch and (prefetch[name] is None or isinstance(prefetch[name], dict))


def _prefetched(value: Any, keeper: Keeper) -> Any:
    return None if value is None else resource(value, keeper)


def answers_alike(
    knowledge: KnowledgeBase, service: Service, request: Mapping[str, Any], asked: date, to: Stripped
) -> bool:
    """Return whether the stripped request gets the cards of the original; what they call records and days aside."""
    return _answer(knowledge, service, request, asked) == _answer(knowledge, service, to.request, to.today)


def _answer(knowledge: KnowledgeBase, service: Service, request: Mapping[str, Any], today: date) -> int | list[str]:
    try:
        answered = answer(knowledge, service, msgspec.json.encode(request), today, str)
    except RequestError as error:
        return error.status
    cards = orjson.loads(answered.to_json())["cards"]
    for each in (each for card in cards for each in card.get("suggestions", ())):
        each["actions"] = [action["type"] for action in each["actions"]]
    return [_NAMED.sub("…", orjson.dumps(card).decode()) for card in cards]
