"""What a record's CodeableConcept says: its codes of systems that are loaded, and its texts."""

from collections.abc import Mapping

from cds_service.core.resources import Coding, Concept, Junk, many

LONGEST_TEXT = 2000


def is_coded(concept: Concept) -> bool:
    """Return whether a concept carries any code, of whatever system."""
    return any(coding.code for coding in many(concept.coding, Coding))


def is_local(concept: Concept | Junk, systems: Mapping[str, str]) -> bool:
    """Return whether none of the concept's codes is of a system that some loaded set uses."""
    codings = many(concept.coding, Coding) if isinstance(concept, Concept) else []
    return not any(isinstance(coding.system, str) and coding.system in systems for coding in codings)


def known_codes(concept: Concept, systems: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the (preferred system, code) pairs of a concept whose system some loaded set uses."""
    return [
        (systems[coding.system], coding.code)
        for coding in many(concept.coding, Coding)
        if isinstance(coding.system, str) and isinstance(coding.code, str) and coding.system in systems
    ]


def texts_of(concept: Concept) -> list[str]:
    """Return the texts of a concept: its own, then the displays of its codings; the beginning of an endless one."""
    texts = [concept.text, *(coding.display for coding in many(concept.coding, Coding))]
    return [text[:LONGEST_TEXT] for text in texts if isinstance(text, str)]
