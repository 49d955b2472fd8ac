"""Whether the codes of the value sets are still codes, and called so.

ICD-10-CM is looked up in its releases, our own code systems in their files, all others at a terminology server.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cds_service.codes.icd10cm import Release
from cds_service.codes.systems import ICD_10_CM
from cds_service.codes.terminology_server import Server, Validation, fetch_validation
from cds_service.core.coding import Code
from cds_service.knowledge.concepts import every
from cds_service.knowledge.read import Artifact

Kind = Literal["unknown", "display", "dropped", "new", "category"]
WRONG: frozenset[Kind] = frozenset({"unknown", "display"})
Progress = Callable[[int, int], object]


class Held(NamedTuple):
    """A code of a value set."""

    value_set: str
    code: Code


class Finding(NamedTuple):
    """What is to be said of a code: `said` is what the release or server calls it, or a reason; `source` is which."""

    kind: Kind
    value_set: str
    code: Code
    said: str
    source: str


class Validity(NamedTuple):
    """An ICD-10-CM code: the years of the releases that hold it, and whether it is billable in the last of them."""

    value_set: str
    code: Code
    years: tuple[str, ...]
    billable: bool | None


class Means(NamedTuple):
    """What codes are looked up in: releases of ICD-10-CM, the older one first, our own code systems, a server."""

    releases: list[Release]
    own: Mapping[str, Mapping[str, str]]
    server: Server | None = None


@dataclass(frozen=True)
class Report:
    """All findings, the validity of the ICD-10-CM codes, and how many codes of each system were looked at or not."""

    findings: tuple[Finding, ...]
    validity: tuple[Validity, ...]
    checked: Mapping[str, int]
    unchecked: Mapping[str, tuple[int, str]]

    @property
    def is_right(self) -> bool:
        """Return whether every code that was looked at exists and is called so."""
        return not any(each.kind in WRONG for each in self.findings)


def held_codes(artifacts: Iterable[Artifact]) -> list[Held]:
    """Return every code of the value sets."""
    return [
        Held(artifact.id, Code(system, concept.get("code", ""), concept.get("display", "")))
        for artifact in artifacts
        if artifact.kind == "ValueSet"
        for _, system, concept in every(artifact.source)
    ]


def own_systems(artifacts: Iterable[Artifact]) -> dict[str, dict[str, str]]:
    """Return the displays of the codes of each code system that is among the artifacts as a whole."""
    whole = [
        each.source for each in artifacts if each.kind == "CodeSystem" and each.source.get("content") == "complete"
    ]
    return {
        source.get("url", ""): {each.get("code", ""): each.get("display", "") for each in source.get("concept", [])}
        for source in whole
    }


def validate(held: list[Held], means: Means, progress: Progress = lambda *_: None) -> Report:
    """Return what is to be said of the codes.

    Raises TerminologyError when the server cannot be asked at all.
    """
    coded = [each for each in held if each.code.system == ICD_10_CM]
    known = [each for each in held if each.code.system in means.own]
    others = [each for each in held if each.code.system != ICD_10_CM and each.code.system not in means.own]
    findings = [finding for each in coded for finding in _by_releases(each, means.releases)]
    findings += _added(coded, means.releases)
    findings += [finding for each in known for finding in _by_file(each, means.own[each.code.system])]
    told, unchecked = _by_server(others, means.server, progress)
    checked = Counter(each.code.system for each in held if each.code.system not in unchecked)
    validity = tuple(_validity(each, means.releases) for each in coded)
    return Report((*findings, *told), validity, checked, unchecked)


def is_called(ours: str, theirs: str) -> bool:
    """Return whether two displays are equal but for case and spacing."""
    return " ".join(ours.split()).casefold() == " ".join(theirs.split()).casefold()


def _validity(held: Held, releases: list[Release]) -> Validity:
    holding = [each for each in releases if held.code.code in each.nodes]
    billable = holding[-1].is_billable(held.code.code) if holding else None
    return Validity(held.value_set, held.code, tuple(each.year for each in holding), billable)


def _by_releases(held: Held, releases: list[Release]) -> Iterator[Finding]:
    holding = [each for each in releases if held.code.code in each.nodes]
    if not holding:
        yield Finding("unknown", *held, "", ", ".join(each.source for each in releases))
        return
    newest = holding[-1]
    if newest is not releases[-1]:
        yield Finding("dropped", *held, newest.nodes[held.code.code].display, releases[-1].source)
    if not is_called(held.code.display, newest.nodes[held.code.code].display):
        yield Finding("display", *held, newest.nodes[held.code.code].display, newest.source)
    if not newest.is_billable(held.code.code):
        yield Finding("category", *held, newest.nodes[held.code.code].display, newest.source)


def _added(held: list[Held], releases: list[Release]) -> Iterator[Finding]:
    """Return the codes that the newer release adds beside and below those of a set, and the set does not hold."""
    if len(releases) < 2:
        return
    old, new = releases
    for value_set in dict.fromkeys(each.value_set for each in held):
        codes = [each.code.code for each in held if each.value_set == value_set]
        roots = dict.fromkeys(new.nodes[code].parent or code for code in codes if code in new.nodes)
        beside = dict.fromkeys(code for root in roots for code in new.below(root))
        for code in beside:
            if code not in old.nodes and code not in codes:
                display = new.nodes[code].display
                yield Finding("new", value_set, Code(ICD_10_CM, code, display), display, new.source)


def _by_file(held: Held, displays: Mapping[str, str]) -> Iterator[Finding]:
    code = held.code
    if code.code not in displays:
        yield Finding("unknown", *held, "", code.system)
    elif not is_called(code.display, displays[code.code]):
        yield Finding("display", *held, displays[code.code], code.system)


def _by_server(
    held: list[Held], server: Server | None, progress: Progress
) -> tuple[list[Finding], dict[str, tuple[int, str]]]:
    """Return the findings, and how many codes of each system could not be looked at, with the reason.

    A code is asked about once, however many sets hold it; so is a system that the server does not have.
    """
    numbers = Counter(each.code.system for each in held)
    if server is None:
        return [], {system: (number, "no terminology server was given") for system, number in numbers.items()}
    told: dict[Code, Validation] = {}
    unchecked: dict[str, tuple[int, str]] = {}
    codes = dict.fromkeys(each.code for each in held)
    for i, code in enumerate(codes):
        if code.system not in unchecked:
            told[code] = fetch_validation(server, code)
            if told[code].verdict == "unchecked":
                unchecked[code.system] = (numbers[code.system], told[code].said)
        progress(i + 1, len(codes))
    return [
        Finding(answer.verdict, *each, answer.said, server.source)
        for each in held
        if (answer := told.get(each.code)) and (answer.verdict == "unknown" or answer.verdict == "display")
    ], unchecked
