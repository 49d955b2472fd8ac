"""The shipped knowledge with its golden cases, ready to be judged, and its mutants: made when first asked for.

They are no fixtures, because making them is not to be measured for coverage either.
"""

from functools import cache
from pathlib import Path

from cds_service.changes.artifacts import compare_artifacts
from cds_service.knowledge.load import folder_sources
from tests.golden import CASES
from tests.mutation.judge import Judge
from tests.mutation.mutant import Mutant

ROOT = Path(__file__).parents[2]


@cache
def judge() -> Judge:
    """Return the judge of the shipped knowledge."""
    return Judge(folder_sources(ROOT / "plandefinitions", ROOT / "valuesets"), CASES, compare_artifacts)


@cache
def mutants() -> tuple[Mutant, ...]:
    """Return every mutant of the shipped knowledge."""
    return tuple(judge().mutants())
