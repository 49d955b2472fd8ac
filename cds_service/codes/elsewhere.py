"""What the new concepts of a value set have in common with other sets: a record may then be in both."""

from collections.abc import Iterator
from typing import NamedTuple

from cds_service.codes.change import Change
from cds_service.codes.edit import Source, concepts_of
from cds_service.codes.find import BY_CODE, BY_NAME, Found, Shelf
from cds_service.core.coding import Code, keys
from cds_service.core.text import fold, without_tag
from cds_service.core.valueset import Terminology, ValueSet
from cds_service.knowledge.load import KnowledgeBase, Sources

Places = dict[str, Code]  # by the url of a value set, which of its codes has it


class Elsewhere(NamedTuple):
    """A code or a name that is new in one value set (`how` it is shared), and who has it in others."""

    text: str
    how: str
    found: tuple[Found, ...]


def find_elsewhere(change: Change, sources: Sources, knowledge: KnowledgeBase) -> list[Elsewhere]:
    """Return what the concepts that a change adds share with other value sets; `knowledge` is that after the change.

    The code first, then each name as records are looked up by it, with and without what kind it is of, and the first
    code of a set that has it. Of a set that has the code, names are not told.
    """
    shelf, url = Shelf(sources, knowledge), str(change.source["url"])
    before = {(system, each["code"]) for system, each in concepts_of(change.written.source)}
    added = [(system, each) for system, each in concepts_of(change.source) if (system, each["code"]) not in before]
    return [
        Elsewhere(text, how, tuple(shelf.take(*place, how) for place in places.items()))
        for system, concept in added
        for text, how, places in _shared(url, system, concept, knowledge.terminology)
    ]


def _shared(url: str, system: str, concept: Source, terminology: Terminology) -> Iterator[tuple[str, str, Places]]:
    coded = _coded(system, concept["code"], terminology)
    coded.pop(url, None)
    if coded:
        yield concept["code"], BY_CODE, coded
    told: set[tuple[str, Code]] = set()
    names = (concept["display"], *(each["value"] for each in concept.get("designation", [])))
    for name in (form for each in names for form in (each, without_tag(each))):
        matches = terminology.sets_named(fold(name))
        named = {place: match.code for place, match in matches.items() if place not in {url, *coded}}
        if not named.items() <= told:
            yield name, BY_NAME, named
        told.update(named.items())


def _coded(system: str, code: str, terminology: Terminology) -> Places:
    found = {url: match.code for url, match in terminology.sets_of(system, code).items()}
    return {url: _held(terminology.value_sets[url], each) for url, each in found.items()}


def _held(value_set: ValueSet, code: Code) -> Code:
    """Return a code as the value set has it, which may write it in another form."""
    forms = (value_set.by_key.get((code.system, key)) for key in keys(code.system, code.code))
    return next(each for each in forms if each)
