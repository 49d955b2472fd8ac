"""What a FHIR terminology server expands (R4, ValueSet/$expand): fetched page by page, kept only when whole."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from cds_service.codes.terminology_server import Server, ask
from cds_service.core.coding import Code
from cds_service.errors import TerminologyError

PARTIAL = {f"http://hl7.org/fhir/StructureDefinition/valueset-{name}" for name in ("toocostly", "unclosed")}
LIMITED = "limitedExpansion"  # a parameter by which servers say that they stopped early
NOT_KEPT = "a partial expansion is not kept."
Json = Mapping[str, Any]


class Expansion(NamedTuple):
    """What a server expanded: the codes, the code systems it used, and how many codes are inactive."""

    codes: tuple[Code, ...]
    used: tuple[str, ...]
    inactive: int


class _Entry(Struct, frozen=True):
    """One code of an expansion. An abstract one only groups those below it and stands in no record."""

    code: str = ""
    system: str = ""
    display: str = ""
    abstract: bool = False
    inactive: bool = False
    contains: tuple["_Entry", ...] = ()

    @property
    def concept(self) -> Code:
        return Code(self.system, self.code, self.display)

    @property
    def is_selectable(self) -> bool:
        return bool(self.code) and not self.abstract

    def walk(self) -> Iterator["_Entry"]:
        yield self
        for each in self.contains:
            yield from each.walk()


class _Expansion(Struct):
    total: int | None = None
    next: str = ""  # R5: the address of the page after this one
    contains: list[_Entry] = []
    parameter: list[dict[str, Any]] = []
    extension: list[dict[str, Any]] = []


def fetch_expansion(server: Server, includes: list[Json], progress: Callable[[int, int], object]) -> Expansion:
    """Return the expansion of the includes of a compose, page by page; `progress` is told how many of how many came.

    Without a total, a page that is empty or only repeats is what comes after the last one, however short those before
    it were: a server may send less than it is asked for. Raises TerminologyError when the expansion cannot be had, is
    partial, or holds codes of other systems than the includes.
    """
    value_set = {"resourceType": "ValueSet", "status": "active", "compose": {"include": includes}}
    systems = [str(each.get("system")) for each in includes]
    found: dict[Code, bool] = {}
    seen: set[_Entry] = set()
    used: set[str] = set()
    came, total = 0, None
    for _ in range(server.pages):
        page = _page(server, value_set, came)
        entries = [each for entry in page.contains for each in entry.walk()]
        _check_systems(server, entries, systems)
        total = total if page.total is None else page.total
        is_news = not seen.issuperset(entries)
        found |= {each.concept: each.inactive for each in entries if each.is_selectable}
        seen.update(entries)
        used |= _used(page)
        came += len(entries) if is_news else 0
        progress(came, total or came)
        if not is_news or came == total:
            _check_end(server, page, len(entries), came, total)
            return Expansion(tuple(found), tuple(sorted(used)), sum(found.values()))
    raise TerminologyError(f"{server.source} did not come to an end in {server.pages} pages: narrow the filter.")


def _check_systems(server: Server, entries: Sequence[_Entry], systems: Sequence[str]) -> None:
    foreign = next((each for each in entries if each.is_selectable and each.system not in systems), None)
    if foreign:
        what = f"{foreign.code} {foreign.display!r} of {foreign.system or 'no system'}"
        asked = f"a filter of {' or '.join(sorted({*systems}))}"
        raise TerminologyError(f"{server.source} answered with {what}, and {asked} was asked: see to that server.")


def _check_end(server: Server, page: _Expansion, number: int, came: int, total: int | None) -> None:
    """Look whether all came; `number` of codes were on the last page."""
    if total is not None and came != total:
        raise TerminologyError(f"{server.source} sent {came} of {total} codes: {NOT_KEPT}")
    if total is None and number and (page.next or number == min([server.page, *_counts(page)])):
        raise TerminologyError(f"{server.source} sent the same {number} codes again, and may have more: {NOT_KEPT}")


def _page(server: Server, value_set: Json, offset: int) -> _Expansion:
    parameters: list[Json] = [
        {"name": "valueSet", "resource": value_set},
        {"name": "excludeNested", "valueBoolean": True},
        {"name": "count", "valueInteger": server.page},
        {"name": "offset", "valueInteger": offset},
    ]
    answer = ask(server, "ValueSet/$expand", parameters)
    try:
        expansion = msgspec.convert(answer["expansion"], _Expansion)
    except (KeyError, msgspec.ValidationError):
        raise TerminologyError(f"{server.source} answered $expand with no expansion that can be read.") from None
    limits = [each for each in expansion.parameter if each.get("name") == LIMITED]
    if any(each.get("valueBoolean") is not False for each in limits) or any(
        each.get("url") in PARTIAL for each in expansion.extension
    ):
        raise TerminologyError(f"{server.source} says that the expansion is not complete: narrow the filter.")
    return expansion


def _counts(expansion: _Expansion) -> list[int]:
    """Return how many codes a page may have, as far as the server says so."""
    found = (each.get("valueInteger") for each in expansion.parameter if each.get("name") == "count")
    return [each for each in found if type(each) is int]


def _used(expansion: _Expansion) -> set[str]:
    found = [each for each in expansion.parameter if each.get("name") in ("used-codesystem", "version")]
    return {value for each in found for key, value in each.items() if key.startswith("value") and type(value) is str}
