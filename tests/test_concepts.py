"""Taking a code away that a case relies on breaks the case: no code of a firing case is there by accident."""

from dataclasses import replace

import msgspec
import pytest

from cds_service.cases.run import run_case
from cds_service.core.coding import Code
from cds_service.core.valueset import Terminology, ValueSet
from cds_service.hooks.answer import answer
from cds_service.knowledge.load import KnowledgeBase
from tests.golden import CASES

pytestmark = pytest.mark.usefixtures("unmeasured")

PARTS = 2


def relied_on(knowledge: KnowledgeBase) -> dict[Code, str]:
    """Return every code on which a recommendation of some case was matched, with the first such case."""
    found: dict[Code, str] = {}
    for name in CASES:
        for code in matched_codes(knowledge, name):
            found.setdefault(code, name)
    return found


def matched_codes(knowledge: KnowledgeBase, name: str) -> set[Code]:
    case, service = CASES[name], knowledge.services[name.partition("/")[0]]
    if case.error:
        return set()
    answered = answer(knowledge, service, msgspec.json.encode(case.request), case.today, str)
    advice = [each for _, advices in answered.advice for each in advices if each.recommendations]
    return {evidence.match.code for each in advice for evidence in each.evidence if not evidence.match.by_text}


def without(value_set: ValueSet, code: Code) -> ValueSet:
    if all(each[:2] != code[:2] for each in value_set.names_of):
        return value_set
    kept = {each: names for each, names in value_set.names_of.items() if each[:2] != code[:2]}
    return ValueSet(value_set.url, value_set.version, kept)


def holding(knowledge: KnowledgeBase, code: Code) -> KnowledgeBase:
    known = knowledge.terminology
    sets = [without(each, code) for each in known.value_sets.values()]
    return replace(knowledge, terminology=Terminology(sets, known.systems, known.units))


@pytest.mark.parametrize("part", range(PARTS))
def test_a_case_breaks_when_its_code_is_taken_away(knowledge, part):
    codes = sorted(relied_on(knowledge).items())
    assert len(codes) > 120
    for code, name in codes[part::PARTS]:
        assert run_case(holding(knowledge, code), name, CASES[name]).differences, f"{code} of {name}"
