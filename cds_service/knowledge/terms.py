"""ValueSet, CodeSystem and NamingSystem JSON -> core values. What is not interpreted is refused."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cds_service.core.coding import Code, keys
from cds_service.core.text import fold
from cds_service.core.valueset import ValueSet
from cds_service.errors import Problem
from cds_service.knowledge.read import Artifact

VALUE_SET_ELEMENTS = frozenset(
    """
    resourceType id meta url identifier version name title status experimental date publisher contact description
    useContext jurisdiction purpose copyright text compose
    """.split()
)
INCLUDE_ELEMENTS = frozenset({"system", "concept"})
CONCEPT_ELEMENTS = frozenset({"code", "display", "designation"})


def to_value_set(artifact: Artifact, problems: list[Problem]) -> ValueSet:
    """Return the value set of an extensional ValueSet; problems are added for all that is not one."""
    source, file = artifact.source, artifact.file
    names_of: dict[Code, tuple[str, ...]] = {}
    for name in sorted(set(source) - VALUE_SET_ELEMENTS):
        problems += [Problem(file, name, "not interpreted: only compose is.", "list the codes there, or remove it.")]
    compose = source.get("compose", {})
    for name in sorted(set(compose) - {"include"}):
        problems += [Problem(file, f"compose.{name}", "not interpreted.", "use compose.include only.")]
    seen: set[tuple[str, str]] = set()
    for path, system, concept in _concepts(file, compose.get("include", []), problems):
        code = Code(system, concept.get("code", ""), concept.get("display", ""))
        problems += [Problem(file, path, *reason) for reason in _wrong(code, concept, seen)]
        seen.add((code.system, code.code))
        texts = [code.display, *(each.get("value", "") for each in concept.get("designation", []))]
        names_of[code] = tuple(dict.fromkeys(text for text in texts if text.strip()))
    if not source.get("version"):
        problems.append(Problem(file, "version", "version is missing.", "add version: it is part of the answer."))
    if not compose.get("include"):
        problems.append(Problem(file, "compose.include", "the value set is empty.", "add codes or delete it."))
    return ValueSet(source.get("url", ""), source.get("version", ""), names_of)


def _concepts(
    file: str, includes: list[Mapping[str, Any]], problems: list[Problem]
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for i, include in enumerate(includes):
        for name in set(include) - INCLUDE_ELEMENTS:
            path = f"compose.include[{i}].{name}"
            problems.append(Problem(file, path, "not interpreted.", "list the codes as concept instead."))
        if not include.get("concept") and set(include) <= INCLUDE_ELEMENTS:
            reason, fix = "the include lists no codes.", "list the codes as concept, or remove the include."
            problems.append(Problem(file, f"compose.include[{i}]", reason, fix))
        for j, concept in enumerate(include.get("concept", [])):
            yield f"compose.include[{i}].concept[{j}]", include.get("system", ""), concept


def _wrong(code: Code, concept: Mapping[str, Any], seen: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name in sorted(set(concept) - CONCEPT_ELEMENTS):
        yield f"'{name}' of a concept is not interpreted.", "remove it."
    for text in (each.get("value", "") for each in concept.get("designation", [])):
        if not fold(text):
            yield f"the designation {text!r} holds no letter or digit.", "write it in words, or remove it."
    if not code.display.strip():
        yield f"{code.code} has no display.", "add the display of the code system."
    if not code.system:
        yield "the include names no system.", "add the system's URI."
    if (code.system, code.code) in seen:
        yield f"{code.code} is in the set twice.", "remove one of them."
    if not keys(code.system, code.code):
        yield f"{code.code} is no code of its system.", "correct the code."


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
