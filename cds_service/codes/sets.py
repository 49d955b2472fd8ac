"""The value sets of a knowledge by id, and their files."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from cds_service.codes.written import Written, load_written
from cds_service.errors import EditError, Problem
from cds_service.knowledge.load import Sources
from cds_service.knowledge.read import Artifact


def value_sets(sources: Sources) -> dict[str, Artifact]:
    """Return the ValueSets by id, in the order of their ids."""
    return {each.id: each for each in sources.terms if each.kind == "ValueSet"}


def pick_sets(sources: Sources, names: Iterable[str]) -> list[Artifact]:
    """Return the value sets of these ids; raises EditError naming each that is not there, and which are near it."""
    known = value_sets(sources)
    problems = [
        Problem(name, "-", "there is no such value set.", near_names(name, known))
        for name in names
        if name not in known
    ]
    if problems:
        raise EditError(problems)
    return [known[name] for name in names]


def near_names(name: str, known: Mapping[str, Artifact]) -> str:
    """Return the advice which id may have been meant: one that is written alike, or whose title is."""
    called = {each.id.casefold(): each.id for each in known.values()}
    called |= {str(each.source.get("title", "")).casefold(): each.id for each in known.values()}
    near = dict.fromkeys(called[each] for each in difflib.get_close_matches(name.casefold(), called, n=4, cutoff=0.5))
    return f"give an id, such as {', '.join(near)}." if near else "give the id of one; codes export lists them all."


def open_set(folder: Path, artifact: Artifact) -> Written:
    """Return the file of a value set below the folder it was read from; raises EditError where it cannot be edited."""
    return load_written(folder / artifact.file.partition("/")[2], artifact.file)
