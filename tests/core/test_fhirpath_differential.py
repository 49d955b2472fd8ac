"""Our compiled conditions against fhirpathpy's own evaluator, the index against none, and what `needs` promises."""

from itertools import count

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.core.facts import Facts
from cds_service.core.fhirpath.condition import compile_condition
from cds_service.core.records import Order
from cds_service.core.resources import Resource
from cds_service.errors import RequestError
from cds_service.hooks.answer import answer
from tests.core.reference import reference_truth
from tests.core.small_world import DATES, conditions, facts, indexed, truth
from tests.golden import CASES

pytestmark = pytest.mark.usefixtures("unmeasured")

HYPOTHESIS = settings(max_examples=400, deadline=None, database=None)


@HYPOTHESIS
@given(conditions, facts)
def test_a_condition_is_what_fhirpathpy_says_it_is(text, known):
    assert truth(text, known) is reference_truth(text, known)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "=", "!="])
@pytest.mark.parametrize("bound", ["%orderDate - 18 years", "today() - 216 months", "%orderDate", "today() - 1 day"])
def test_a_test_of_dates_is_what_fhirpathpy_says_it_is(operator, bound):
    text = f"%patient.birthDate {operator} {bound}"
    for born in DATES:
        order, patient = Order("MedicationRequest/1", "MedicationRequest"), Resource(birth_date=born)
        known = Facts(order, patient, [], [], (2026, 11, 22), (2026, 11, 23))
        assert truth(text, known) is reference_truth(text, known), born
        assert truth(f"({text}).empty()", known) is reference_truth(f"({text}).empty()", known), born


@HYPOTHESIS
@given(conditions, facts, st.sampled_from([frozenset(), frozenset({"observations"})]))
def test_the_index_of_records_changes_no_condition(text, known, unavailable):
    known.unavailable = unavailable
    assert truth(text, indexed(known)) is truth(text, known)


@HYPOTHESIS
@given(conditions, facts, st.sampled_from([frozenset(), frozenset({"observations"})]))
def test_a_condition_that_needs_what_is_not_there_is_false(text, known, unavailable):
    known.unavailable = unavailable
    found = indexed(known).hits
    for clause in compile_condition(text).needs:
        if clause.isdisjoint(found) and not any(variable in unavailable for variable, _ in clause):
            assert truth(text, known) is False


def facts_of_cases(knowledge):
    """Return, by plan, the facts of up to three cases in which it fires and three that name it as silent."""
    chosen = {}
    for name, case in CASES.items():
        service = knowledge.services.get(name.partition("/")[0])
        body, numbers = msgspec.json.encode(case.request), count()
        try:
            answered = answer(knowledge, service, body, case.today, lambda n=numbers: str(next(n)), indexed=False)
        except RequestError:
            continue
        for known, advices in (each for each in answered.advice if not each[0].unavailable):
            fired = {each.plan.id for advice in advices for each in advice.recommendations}
            for plan, kind in [(each, "fired") for each in fired] + [(each, "silent") for each in case.silent]:
                sample = chosen.setdefault((plan, kind), [])
                if len(sample) < 3:
                    sample.append((name, known))
    return chosen


def is_comparable(condition):
    """fhirpathpy compares quantities wrongly, and knows neither newest() nor doses: tests of their own cover those."""
    return not condition.units and not any(word in condition.text for word in ("newest()", "%dose"))


def test_the_shipped_conditions_are_what_fhirpathpy_says_on_the_facts_of_the_cases(knowledge):
    chosen, compared, told = facts_of_cases(knowledge), 0, set()
    for plan in knowledge.library.plans.values():
        texts = [each.text for action in plan.walk() for each in action.conditions if is_comparable(each)]
        samples = chosen.get((plan.id, "fired"), []) + chosen.get((plan.id, "silent"), [])
        for name, known in samples or next(iter(chosen.values())):
            for text in texts:
                ours = truth(text, known, knowledge.terminology)
                assert ours is reference_truth(text, known, knowledge.terminology), f"{plan.id}: {name}"
                compared, told = compared + 1, told | {ours}
    assert compared > len(knowledge.library.plans)
    assert told >= {True, False}


def test_the_test_above_would_notice_a_wrong_answer(knowledge):
    (_, known), *_ = facts_of_cases(knowledge)["cidp", "fired"]
    (text,) = [each.condition.text for each in knowledge.library.plans[plan_url(knowledge, "cidp")].actions]
    assert truth(text, known, knowledge.terminology) is True
    assert reference_truth(f"({text}).not()", known, knowledge.terminology) is False


def plan_url(knowledge, plan_id):
    return next(url for url, plan in knowledge.library.plans.items() if plan.id == plan_id)
