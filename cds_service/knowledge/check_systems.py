"""Rules for the systems that value sets name: a URI that is wrong by a sign makes all of its codes match nothing.

A URI that is like no known one is taken as it is: hospitals have code systems of their own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cds_service.errors import Problem
from cds_service.knowledge.concepts import expanded
from cds_service.knowledge.read import Artifact
from cds_service.knowledge.systems import SYSTEMS, without_signs
from cds_service.knowledge.terms import aliases


def check_systems(terms: Iterable[Artifact]) -> list[Problem]:
    """Return the systems that are nearly a known one, or another identifier than the one NamingSystems prefer."""
    terms = list(terms)
    preferred = aliases((each for each in terms if each.kind == "NamingSystem"), [])
    own = [str(each.source.get("url", "")) for each in terms if each.kind == "CodeSystem"]
    known = {uri: uri for uri in (*SYSTEMS, *own)} | preferred
    nearly = {without_signs(uri): meant for uri, meant in known.items()}
    value_sets = [each for each in terms if each.kind == "ValueSet"]
    named = [(each.file, path, uri) for each in value_sets for path, uri in _systems(each.source)]
    found = [(file, path, uri, _wrong(uri, known, nearly)) for file, path, uri in named]
    return [
        Problem(file, path, f"{uri} is {wrong} {meant}.", f"write {meant}, or records with these codes do not match.")
        for file, path, uri, (wrong, meant) in found
        if wrong
    ]


def _systems(source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for i, include in enumerate(source.get("compose", {}).get("include", [])):
        yield f"compose.include[{i}].system", include.get("system", "")
    for uri in sorted({each.get("system", "") for each in expanded(source).concepts}):
        yield "expansion.contains.system", uri


def _wrong(uri: str, known: Mapping[str, str], nearly: Mapping[str, str]) -> tuple[str, str]:
    if uri in known:
        return ("another identifier of" if known[uri] != uri else "", known[uri])
    meant = nearly.get(without_signs(uri), "")
    return ("not known, and nearly" if meant else "", meant)
