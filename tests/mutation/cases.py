"""The golden cases that can notice a mutant, and whether one does.

Which cases can notice is an optimisation: a test runs a sample of mutants on all cases and compares.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from cds_service.cases.read import Case
from cds_service.cases.run import fired_actions, run_case
from cds_service.core.coding import keys
from cds_service.core.fhirpath.condition import Condition
from cds_service.core.plan import Action, Plan
from cds_service.core.text import without_tag, words
from cds_service.errors import RequestError
from cds_service.knowledge import load
from cds_service.knowledge.load import KnowledgeBase
from tests.golden import ask
from tests.mutation.check import Tried
from tests.mutation.recorded import Recorder, gates
from tests.mutation.touched import Touched

SPOKEN = ("title", "description", "priority", "links", "override_reasons", "evidence_class", "evidence_from")
UNSAID = {**dict.fromkeys(SPOKEN), "sources": frozenset(), "children": ()}


class CaseIndex:
    """All golden cases, and what each asks of the shipped knowledge."""

    def __init__(self, knowledge: KnowledgeBase, cases: Mapping[str, Case]) -> None:
        self.cases, self.all = cases, frozenset(cases)
        self.knowledge = knowledge
        self.recorder = Recorder()
        recording = self._recording(knowledge)
        self._contents = {each.content.id for each in knowledge.services.values()} | set(knowledge.services)
        self._fired: dict[str, set[str]] = defaultdict(set)
        self._held: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._unavailable: dict[str, set[str]] = defaultdict(set)
        self._texts: dict[str, set[str]] = defaultdict(set)
        self._words: dict[str, frozenset[str]] = {}
        self._dosed: set[str] = set()
        for name, case in cases.items():
            self._read(name, case)
            self._answer(recording, name, case)

    def _read(self, name: str, case: Case) -> None:
        spoken: set[str] = set()
        for text in set(_strings(case.request)):
            for key in {text, *keys("http://hl7.org/fhir/sid/ndc", text)}:
                self._texts[key].add(name)
            spoken.update(words(text))
        self._words[name] = frozenset(spoken)
        if b"doseAndRate" in msgspec.json.encode(case.request):
            self._dosed.add(name)

    def _recording(self, knowledge: KnowledgeBase) -> KnowledgeBase:
        plans = [self.recorder.recording(each) for each in knowledge.all_plans]
        return load._knowledge(plans, [], knowledge.terminology, "")

    def _answer(self, recording: KnowledgeBase, name: str, case: Case) -> None:
        self.recorder.case = name
        try:
            answered = ask(recording, name, case.request, case.today)
        except RequestError:
            return
        for each in fired_actions(answered):
            self._fired[each].add(name)
        for facts, _ in answered.advice:
            for pair in facts.hits or {}:
                self._held[pair].add(name)
            for variable in facts.unavailable:
                self._unavailable[variable].add(name)

    def noticing(self, tried: Tried) -> list[str]:
        """Return the cases that can notice a mutant, those first in which it fired or a dose is given."""
        if tried.is_whole:
            return sorted(self.all)
        found, first = self._carrying(tried.touched), set()
        for old, new in tried.plans:
            found |= self._reaching(old, new)
            first |= {name for each in old.walk() for name in self._fired[f"{old.id}#{each.id}"]}
        return sorted(found, key=lambda name: (name not in first, name not in self._dosed, name))

    def _carrying(self, touched: Touched) -> set[str]:
        """Return the cases in which some text is one of the codes, or holds the words of one of the names."""
        found = set().union(*(self._texts[key] for code in touched.codes for key in keys(code.system, code.code)))
        names = [frozenset(words(each)) for text in touched.texts for each in (text, without_tag(text))]
        return found | {case for case, spoken in self._words.items() if any(name <= spoken for name in names)}

    def _reaching(self, old: Plan, new: Plan) -> set[str]:
        """Return the cases in which an action that changed can apply, by what its conditions cannot do without."""
        if "active" not in (old.status, new.status):
            return set()
        if {old.id, new.id} & self._contents:
            return set(self.all)
        pairs = list(zip(_lined(old), _lined(new), strict=False))
        same_shape = [each.id for each in old.walk()] == [each.id for each in new.walk()]
        if not same_shape or replace(old, actions=()) != replace(new, actions=()):
            return self._able([line for plan in (old, new) for line in _lined(plan)]) | self._asked_about(old)
        changed = [(one, other) for one, other in pairs if _own(one[-1]) != _own(other[-1])]
        asked = [(one[-1].id, gates(one[-1], other[-1])) for one, other in changed]
        if all(found is not None for _, found in asked):
            return {
                case
                for action, found in asked
                for i, _, condition, before, now in found or ()
                for case in self.recorder.differing((old.id, action, i), condition, now, before)
            }
        if all(replace(one[-1], **UNSAID) == replace(other[-1], **UNSAID) for one, other in changed):
            return set().union(*(self._fired[f"{old.id}#{one[-1].id}"] for one, _ in changed))
        return self._able([line for pair in changed for line in pair]) | self._asked_about(old)

    def _asked_about(self, plan: Plan) -> set[str]:
        """Return the cases in which another plan shows this one as a branch, whatever its condition says."""
        lines = [line for each in self.knowledge.library.plans.values() for line in _lined(each)]
        showing = [line for line in lines if any(each.definition == plan.url for each in line[-1].children)]
        return self._able([line for line in showing if line[-1].alternatives])

    def _able(self, lines: Iterable[tuple[Action, ...]]) -> set[str]:
        return set().union(*(self.all.intersection(*(self._awake(each.condition) for each in line)) for line in lines))

    def _awake(self, condition: Condition | None) -> frozenset[str] | set[str]:
        clauses = [
            set().union(*(self._held[pair] | self._unavailable[pair[0]] for pair in clause))
            for clause in (condition.needs if condition else ())
        ]
        return self.all.intersection(*clauses)

    def first_difference(self, knowledge: KnowledgeBase, names: Iterable[str]) -> str | None:
        """Return the first of the cases that fails on this knowledge, with how; None when all pass."""
        for name in names:
            if found := self._differences(knowledge, name):
                return f"{name}: {found[0]}"
        return None

    def _differences(self, knowledge: KnowledgeBase, name: str) -> list[str]:
        try:
            return run_case(knowledge, name, self.cases[name]).differences
        except Exception as error:  # noqa: BLE001  (a mutant may break anything; a case that crashes has failed)
            return [f"crashed: {error!r}"]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(each)


def _lined(plan: Plan) -> list[tuple[Action, ...]]:
    """Return every action of a plan, behind those that it is below."""
    waiting, found = [(each,) for each in plan.actions], []
    while waiting:
        line = waiting.pop(0)
        found.append(line)
        waiting = [(*line, child) for child in line[-1].children] + waiting
    return found


def _own(action: Action) -> Action:
    return replace(action, children=())
