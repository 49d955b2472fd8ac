"""Who catches a mutant: the check, else the golden cases, else the diff."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from cds_service.cases.read import Case
from cds_service.knowledge.load import Sources
from tests.mutation.cases import CaseIndex
from tests.mutation.check import Checker
from tests.mutation.mutant import Mutant, distinct
from tests.mutation.plans import mutants_of_plan
from tests.mutation.terms import mutants_of_terms
from tests.mutation.verdict import CASES, CHECK, DIFF, SURVIVED, Verdict
from tests.mutation.vocabulary import Vocabulary

Compare = Callable[[Sources, Sources], Sequence[object]]


class Judge:
    """The shipped knowledge, its cases, and the diff, ready to judge mutants of it."""

    def __init__(self, sources: Sources, cases: Mapping[str, Case], compare: Compare) -> None:
        self.sources, self.compare = sources, compare
        self.checker = Checker(sources)
        self.cases = CaseIndex(self.checker.knowledge, cases)
        self.originals = {each.key: each for each in sources.artifacts}

    def mutants(self) -> Iterator[Mutant]:
        """Return every mutant of the shipped knowledge, the same in every run."""
        known = Vocabulary(self.sources.artifacts)
        found = (each for plan in self.sources.plans for each in mutants_of_plan(plan, known))
        yield from distinct(mutants_of_terms(self.sources.artifacts), lambda each: self.originals[each.key])
        yield from distinct(found, lambda each: self.originals[each.key])

    def judge(self, mutant: Mutant) -> Verdict:
        """Return who catches a mutant; each is asked in turn, on the mutant itself."""
        tried = self.checker.tried(mutant)
        if tried.problems or tried.knowledge is None:
            return Verdict(mutant, CHECK, str(tried.problems[0]))
        if found := self.cases.first_difference(tried.knowledge, self.cases.noticing(tried)):
            return Verdict(mutant, CASES, found)
        old = Sources(tuple(self.originals[each.key] for each in mutant.changed))
        changes = self.compare(old, Sources(mutant.changed))
        return Verdict(mutant, DIFF, str(changes[0])) if changes else Verdict(mutant, SURVIVED)
