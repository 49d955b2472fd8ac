"""One of two versions of knowledge: a folder, a Bundle file or a git revision, with the golden cases beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cds_service.cases.read import Case, read_cases
from cds_service.changes.git import extract_revision
from cds_service.errors import KnowledgeError, Problem
from cds_service.knowledge.load import KnowledgeBase, Sources, build_knowledge
from cds_service.knowledge.place import Place, read_place

PLANS, TERMS = "plandefinitions", "valuesets"
CASES = ("tests/cases", "cases")


@dataclass(frozen=True)
class Side:
    """A version of knowledge that passed the check: what it is called, its artifacts, what they make, its cases."""

    name: str
    sources: Sources
    knowledge: KnowledgeBase
    cases: Mapping[str, Case]


def read_side(name: str, cases: Path | None, spare: Path) -> Side:
    """Return the side of a name: that of a folder, else of a Bundle file, else of a git revision.

    `cases` is the folder of golden cases, None: the one beside the knowledge. `spare` is an empty folder for the files
    of a revision. Raises SideError when there is no such side, and KnowledgeError with every problem of it.
    """
    place, beside = _find(name, spare)
    sources = read_place(place)
    problems, golden = _read_cases(cases or _cases_beside(beside))
    try:
        knowledge = build_knowledge(sources)
    except KnowledgeError as error:
        raise KnowledgeError([*error.problems, *problems]) from None
    if problems:
        raise KnowledgeError(problems)
    return Side(name, sources, knowledge, golden)


def _find(name: str, spare: Path) -> tuple[Place, Path]:
    """Return where the knowledge is, and the folder that it stands in."""
    path = Path(name)
    if path.is_file():
        return Place(path, path, bundle=name), path.parent
    if not path.is_dir():
        extract_revision(name, (PLANS, TERMS, *CASES), spare)
        path = spare
    return Place(path / PLANS, path / TERMS), path


def _cases_beside(folder: Path) -> Path | None:
    return next((folder / each for each in CASES if (folder / each).is_dir()), None)


def _read_cases(folder: Path | None) -> tuple[list[Problem], Mapping[str, Case]]:
    if folder is None:
        return [], {}
    golden, problems = read_cases(folder)
    return problems, golden
