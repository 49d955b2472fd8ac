"""Every mutant of the shipped knowledge is caught: the grave classes whole, of the others a sample."""

from functools import cache

import pytest

from tests.mutation.report import PROPERTY, counted, plain
from tests.mutation.shipped import judge, mutants
from tests.mutation.verdict import SURVIVED

PARTS = 8
WHOLE = frozenset(
    {
        "stance",
        "evidence class",
        "evidence from",
        "direction",
        "priority",
        "disorder",
        "risk",
        "notice",
        "on-unknown",
        "dose of a regimen",
        "number of the dose check",
        "not repeated for",
        "trigger",
    }
)
ONE_IN = 32
RARELY = {
    "display or designation": 400,
    "concept dropped": 120,
    "concept moved": 80,
    "set widened": 40,
    "naming system": 80,
}


@cache
def sampled():
    """What is judged: of every class some, the same in every run."""
    classes = {each.kind: [] for each in mutants()}
    for each in sorted(mutants(), key=lambda each: each.number):
        classes[each.kind].append(each)
    steps = {kind: 1 if kind in WHOLE else RARELY.get(kind, ONE_IN) for kind in classes}
    return [each for kind, found in classes.items() for each in found[:: steps[kind]]]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_mutant_is_caught(part, record_property):
    verdicts = [judge().judge(each) for each in sampled()[part::PARTS]]
    made = [each.kind for each in mutants()[part::PARTS]]
    record_property(PROPERTY, plain(counted(made, verdicts)))
    survivors = [f"{each.mutant.kind}: {each.mutant.what}" for each in verdicts if each.caught_by == SURVIVED]
    assert not survivors, "\n".join(["survived:", *survivors])
