"""What judges mutants is right: shortcuts say what the whole would say, and what is blind lets mutants survive."""

from collections import Counter
from copy import copy

from cds_service.errors import KnowledgeError
from cds_service.knowledge.load import Sources, build_knowledge
from cds_service.knowledge.read import to_artifact
from tests.golden import CASES
from tests.mutation.mutant import Mutant, change
from tests.mutation.report import added, counted, plain, table
from tests.mutation.shipped import judge, mutants
from tests.mutation.verdict import CASES as BY_CASES
from tests.mutation.verdict import CHECK, DIFF, SURVIVED, Verdict
from tests.mutation.vocabulary import conditions_of


def of_class(found, kind):
    return [each for each in found if each.kind == kind]


def sample(found, size):
    """Return mutants of as many classes, the same in every run."""
    kinds = sorted({each.kind for each in found})
    dealt = [min(of_class(found, kind), key=lambda each: each.number) for kind in kinds]
    return sorted(dealt, key=lambda each: each.number)[:size]


def refused(mutant):
    """Return what build_knowledge itself says of a mutant."""
    problems = []
    read = {each.key: to_artifact(each.source, each.file, {each.kind}, problems) for each in mutant.changed}
    artifacts = [read.get(each.key, each) for each in judge().sources.artifacts]
    valid = tuple(each for each in artifacts if each and each.is_valid)
    try:
        build_knowledge(Sources(valid, tuple(problems)))
    except KnowledgeError as error:
        return error.problems
    return []


def test_the_check_of_a_mutant_is_that_of_build_knowledge():
    found = Counter()
    for each in sample(mutants(), 12):
        tried, wanted = judge().checker.tried(each), refused(each)
        assert bool(tried.problems) == bool(wanted), each.what
        assert {(one.file, one.reason) for one in tried.problems} <= {(one.file, one.reason) for one in wanted}, (
            each.what
        )
        found[bool(wanted)] += 1
    assert set(found) == {True, False}


def test_a_case_that_fails_on_a_mutant_is_among_those_that_can_notice_it():
    failing = 0
    for each in sample([each for each in mutants() if each.kind != "display or designation"], 8):
        tried = judge().checker.tried(each)
        if tried.knowledge is None:
            continue
        names = {name for name in CASES if judge().cases.first_difference(tried.knowledge, [name])}
        assert names <= set(judge().cases.noticing(tried)), each.what
        failing += len(names)
    assert failing > 3


def test_a_blind_diff_lets_a_mutant_survive():
    wording = next(each for each in of_class(mutants(), "wording") if judge().judge(each).caught_by == DIFF)
    assert blind().judge(wording) == (wording, SURVIVED, "")


def test_blind_cases_leave_a_changed_stance_to_the_diff():
    stance = next(each for each in of_class(mutants(), "stance") if "cidp.json" in each.what)
    assert judge().judge(stance).caught_by == BY_CASES
    without = blind()
    without.cases.first_difference = lambda knowledge, names: None
    assert without.judge(stance).caught_by == SURVIVED
    assert judge().judge(stance).caught_by == BY_CASES


def blind():
    """Return a judge whose diff finds nothing."""
    found = copy(judge())
    found.compare = lambda old, new: []
    found.cases = copy(judge().cases)
    return found


def test_a_broken_condition_is_refused_by_the_check():
    plan = next(each for each in judge().sources.plans if each.id == "cidp")
    path, text = next(conditions_of(plan))
    verdict = judge().judge(change("typing error", plan, "a bracket less", (path, text[:-1])))
    assert verdict.caught_by == CHECK
    assert "does not compile" in verdict.how


def test_the_table_sums_classes_and_parts():
    mutant = Mutant("stance", "changed", ())
    parts = [
        counted(["stance", "stance", "dose"], [Verdict(mutant, BY_CASES), Verdict(mutant, SURVIVED)]),
        counted(["stance"], [Verdict(mutant, DIFF), Verdict(mutant, CHECK)]),
    ]
    lines = table(added(map(plain, parts)))
    assert lines[2].split() == ["stance", "3", "4", "1", "1", "1", "1"]
    assert lines[-1] == "kill rate 75.0 % of 4 judged; without the diff 50.0 %"
    assert table({})[-1] == "no mutant was judged"
