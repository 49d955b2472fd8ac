"""Who caught a mutant."""

from typing import NamedTuple

from tests.mutation.mutant import Mutant

CHECK, CASES, DIFF, SURVIVED = "check", "cases", "diff", "survived"


class Verdict(NamedTuple):
    """A mutant, who caught it, and by what."""

    mutant: Mutant
    caught_by: str
    how: str = ""
