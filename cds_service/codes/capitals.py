"""Codes in small letters, of a system of which all other codes are in capitals: records are compared as written."""

from collections.abc import Sequence

from cds_service.codes.change import Change
from cds_service.codes.edit import concepts_of
from cds_service.knowledge.load import Sources


def in_small_letters(changes: Sequence[Change], sources: Sources) -> list[tuple[str, str]]:
    """Return (system, code) of what changes add in small letters, though the value sets hold none of that system so.

    No list of systems says which of them know capitals only, so those that hold no letter at all are not judged.
    """
    held: dict[str, set[str]] = {}
    for system, concept in (each for artifact in sources.terms for each in concepts_of(artifact.source)):
        held.setdefault(system, set()).add(concept["code"])
    capital = {
        system
        for system, codes in held.items()
        if all(code == code.upper() for code in codes) and any(code != code.lower() for code in codes)
    }
    added = [(system, concept["code"]) for change in changes for system, concept in change.named]
    return [(system, code) for system, code in added if system in capital and code != code.upper()]
