"""ValueSet, CodeSystem and NamingSystem JSON -> core values. What is not interpreted is refused."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from cds_service.core.coding import Code
from cds_service.core.text import fold, fold_all
from cds_service.core.valueset import ValueSet
from cds_service.errors import Problem
from cds_service.knowledge.concepts import Concepts, expanded, is_intensional, listed
from cds_service.knowledge.expansion import check_expansion, check_filters
from cds_service.knowledge.read import Artifact
from cds_service.knowledge.systems import RULED, are_codes_of, how_written, is_code_of

VALUE_SET_ELEMENTS = frozenset(
    """
    resourceType id meta url identifier version name title status experimental date publisher contact description
    useContext jurisdiction purpose copyright text compose expansion
    """.split()
)
INCLUDE_ELEMENTS = frozenset({"system", "concept", "filter"})
Known = dict[str, set[str]]  # codes by system


def to_value_set(artifact: Artifact, problems: list[Problem]) -> ValueSet:
    """Return the codes of a ValueSet: those it lists, and those of the expansion that is stored of its filters.

    Problems are added for all that is not interpreted. Where a code is in both, the list says how it is called.
    """
    source, file = artifact.source, artifact.file
    problems += [Problem(file, *breach) for breach in (*_set(source), *check_expansion(source))]
    names_of: dict[Code, tuple[str, ...]] = {}
    known: Known = {}
    for each in listed(source):
        names, held = _names(each, file, known, problems)
        names_of |= names
        for system, codes in held.items():
            known.setdefault(system, set()).update(codes)
    if is_intensional(source):
        names, held = _names(expanded(source), file, {}, problems)
        names_of |= (
            names if _are_apart(known, held) else {code: names[code] for code in names if not _is_in(code, known)}
        )
    return ValueSet(source.get("url", ""), source.get("version", ""), names_of)


def _set(source: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name in sorted(set(source) - VALUE_SET_ELEMENTS):
        yield name, "not interpreted: only compose is.", "list the codes there, or remove it."
    compose = source.get("compose", {})
    for name in sorted(set(compose) - {"include"}):
        yield f"compose.{name}", "not interpreted.", "use compose.include only."
    if not source.get("version"):
        yield "version", "version is missing.", "add version: it is part of the answer."
    if not compose.get("include"):
        yield "compose.include", "the value set is empty.", "add codes or delete it."
    for i, include in enumerate(compose.get("include", [])):
        yield from _include(f"compose.include[{i}]", include)


def _include(path: str, include: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name in sorted(set(include) - INCLUDE_ELEMENTS):
        yield f"{path}.{name}", "not interpreted.", "list the codes as concept, or describe them by a filter."
    if include.get("filter"):
        yield from check_filters(path, include)
    elif not include.get("concept") and set(include) <= INCLUDE_ELEMENTS:
        yield path, "the include lists no codes.", "list the codes as concept, or remove the include."


def _names(
    group: Concepts, file: str, known: Known, problems: list[Problem]
) -> tuple[dict[Code, tuple[str, ...]], Known]:
    """Return the names of each code of a list, and its codes by system; the known ones must not be among them.

    It goes from column to column: a list may be long.
    """
    rows = group.concepts
    one = group.system
    written = [
        (row.get("system", "") if one is None else one, row.get("code", ""), row.get("display", "")) for row in rows
    ]
    codes = list(map(Code._make, written))
    systems, symbols, displays = zip(*codes, strict=True) if codes else ((), (), ())
    held = _by_system(systems, symbols)
    is_once = sum(map(len, held.values())) == len(codes) and _are_apart(known, held)
    elements: set[str] = set().union(*rows)
    is_named = "designation" in elements
    is_read = elements <= group.elements and not (is_named and _is_any_unreadable(rows))
    if not (is_once and is_read and all(map(str.strip, displays)) and _are_codes(systems, symbols)):
        problems += [Problem(file, *breach) for breach in _breaches(group, codes, known)]
    texts = map(_texts, displays, rows) if is_named else zip(displays, strict=True)
    return dict(zip(codes, texts, strict=True)), held


def _by_system(systems: Sequence[str], codes: Sequence[str]) -> Known:
    if len({*systems}) == 1:
        return {systems[0]: {*codes}}
    held: Known = {}
    for system, code in zip(systems, codes, strict=True):
        held.setdefault(system, set()).add(code)
    return held


def _are_apart(known: Known, held: Known) -> bool:
    return all(known[system].isdisjoint(held[system]) for system in known.keys() & held.keys())


def _is_in(code: Code, known: Known) -> bool:
    return code.code in known.get(code.system, ())


def _texts(display: str, concept: Mapping[str, Any]) -> tuple[str, ...]:
    designations = concept.get("designation", ())
    if len(designations) == 1 and designations[0].get("value", display) != display:  # nearly all; the rest takes time
        return (display, designations[0]["value"])
    return tuple(dict.fromkeys((display, *(each.get("value", "") for each in designations))))


def _are_codes(systems: Sequence[str], codes: Sequence[str]) -> bool:
    """Return whether nothing is wrong with single codes; only where something is, each is looked at."""
    named = {*systems}
    ruled = [(each, codes if len(named) == 1 else _of(each, systems, codes)) for each in named & RULED]
    return all(named) and all(codes) and all(are_codes_of(*each) for each in ruled)


def _of(system: str, systems: Sequence[str], codes: Sequence[str]) -> list[str]:
    return [code for each, code in zip(systems, codes, strict=True) if each == system]


def _is_any_unreadable(rows: list[Mapping[str, Any]]) -> bool:
    """Return whether some designation holds no letter or digit, so that it is in no text."""
    texts = [each.get("value", "") for row in rows for each in row.get("designation", ())]
    return not all(fold_all(texts))


def _breaches(group: Concepts, codes: list[Code], known: Known) -> Iterator[tuple[str, str, str]]:
    seen = {(system, code) for system, held in known.items() for code in held}
    for i, (code, concept) in enumerate(zip(codes, group.concepts, strict=True)):
        for reason in _wrong(code, concept, group.elements, seen):
            yield f"{group.path}[{i}]", *reason
        seen.add(code[:2])


def _wrong(
    code: Code, concept: Mapping[str, Any], read: Set[str], seen: Set[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    for name in sorted(concept.keys() - read):
        yield f"'{name}' of a concept is not interpreted.", "remove it."
    for text in (each.get("value", "") for each in concept.get("designation", [])):
        if not fold(text):
            yield f"the designation {text!r} holds no letter or digit.", "write it in words, or remove it."
    if not code.display.strip():
        yield f"{code.code} has no display.", "add the display of the code system."
    if not code.system:
        yield f"{code.code} has no system.", "add the system's URI."
    if code[:2] in seen:
        yield f"{code.code} is in the set twice.", "remove one of them."
    if not is_code_of(code.system, code.code):
        written = how_written(code.system)
        fix = f"write it as they are: {written}." if written else "correct the code."
        yield f"{code.code or 'nothing'} is no code of {code.system or 'its system'}.", fix


def definitions(artifact: Artifact) -> dict[str, str]:
    """Return the codes of a CodeSystem with what each means."""
    concepts = artifact.source.get("concept", [])
    return {each.get("code", ""): each.get("definition", each.get("display", "")) for each in concepts}


def aliases(artifacts: Iterable[Artifact], problems: list[Problem]) -> dict[str, str]:
    """Return every other identifier of a code system, from NamingSystems, with the preferred URI.

    Problems are added for a NamingSystem that does not prefer exactly one.
    """
    found: dict[str, str] = {}
    for artifact in artifacts:
        identifiers = artifact.source.get("uniqueId", [])
        preferences = [each.get("value", "") for each in identifiers if each.get("preferred")]
        if len(preferences) != 1:
            reason, fix = "exactly one identifier must be preferred.", "mark the URI that value sets use."
            problems.append(Problem(artifact.file, "uniqueId", reason, fix))
            continue
        preferred = preferences[0]
        for each in identifiers:
            value = each.get("value", "")
            found[f"urn:oid:{value}" if each.get("type") == "oid" else value] = preferred
    return found
