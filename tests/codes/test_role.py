"""How a condition asks about a set, told from its text; and held against what its evaluation says of single records."""

import pytest

from cds_service.codes.role import Role, roles_of
from cds_service.core.facts import Facts, hits
from cds_service.core.fhirpath.scope import Scope
from cds_service.core.records import Order, Problem
from cds_service.core.resources import Coding, Concept, Resource

ALONE, TOGETHER, AGAINST, EXCUSES = Role
A = "%problems.where(code.memberOf('a')).exists()"
B = "%problems.where(code.memberOf('b')).exists()"
OTHER = ("%order", "%patient", "%dose", "%recommendations", "%notices", "%observations", "%medications", "%procedures")


@pytest.mark.parametrize(
    ("condition", "a", "b"),
    [
        (f"{A} or {B}", {ALONE}, {ALONE}),
        (f"{A} and {B}", {TOGETHER}, {TOGETHER}),
        (f"{A} and {B}.not()", {ALONE}, {AGAINST}),
        (f"{A} and ({A} or {B})", {ALONE}, {TOGETHER}),
        (f"{A} or ({A} and {B})", {ALONE}, {TOGETHER}),
        ("%problems.where(code.memberOf('a') and code.memberOf('b').not()).exists()", {ALONE}, {AGAINST}),
        ("%problems.where(code.memberOf('a') and code.memberOf('b')).exists()", {TOGETHER}, {TOGETHER}),
        ("%problems.where(code.memberOf('a') and code.mentions('b', 'c')).exists()", {TOGETHER}, {TOGETHER}),
        (
            "%problems.where(code.memberOf('a') and onset >= %orderDate - 6 months).exists() or " + B,
            {TOGETHER},
            {ALONE},
        ),
        (f"iif({A}, true, {B})", {ALONE, AGAINST}, {ALONE}),
        (f"iif({A}, false, {B})", {AGAINST}, {ALONE}),
        (f"iif({A}, {B}, false)", {TOGETHER}, {TOGETHER}),
        (f"iif({A}, {B})", {TOGETHER}, {TOGETHER}),
        (f"%patient.birthDate > %orderDate - 18 years and {A} or {B}", {TOGETHER}, {ALONE}),
        (f"({A} or {B}).not()", {AGAINST}, {AGAINST}),
        ("%problems.where(code.memberOf('a') and code.memberOf('b').not()).exists().not()", {AGAINST}, {EXCUSES}),
        (f"%recommendations.empty() and {A} and {B}.not()", {ALONE}, {AGAINST}),
        (f"{A}.empty() or {B}", {AGAINST}, {ALONE}),
        (f"{A}.empty() and {B}", {AGAINST}, {TOGETHER}),
        ("%order.code.memberOf('a') or %order.code.mentions('b', 'c')", {ALONE}, {ALONE}),
        ("%observations.where(code.memberOf('a')).newest().where(value > 1).exists() or " + B, {TOGETHER}, {ALONE}),
        ("%observations.where(code.memberOf('a') and isPositive('b', 'c', 'd')).exists()", {TOGETHER}, {TOGETHER}),
    ],
)
def test_what_a_set_does_to_a_condition(condition, a, b):
    roles = roles_of(condition)
    assert (roles["a"], roles["b"]) == (a, b)


def test_words_that_keep_a_text_off_speak_against():
    roles = roles_of("%problems.where(code.mentions('a', 'off')).exists()")
    assert roles == {"a": {ALONE}, "off": {AGAINST}}
    positive = roles_of("%observations.where(code.memberOf('a') and isPositive('b', 'c', 'off')).exists()")
    assert positive["off"] == {AGAINST}


def is_true_of(condition, coding, knowledge):
    problem = Problem("Condition/1", Concept([coding]))
    facts = Facts(Order("MedicationRequest/1", "MedicationRequest"), Resource(), [problem], [], (2026,), (2026,))
    facts.hits = hits(facts, knowledge.terminology)
    return condition.predicate(Scope(facts, knowledge.terminology, []), None).truth


def test_what_is_alone_in_the_text_is_what_fires_alone(knowledge):
    """Every set of every shipped condition that asks about diagnoses only, by one of its codes that is in no other."""
    conditions = {each.text: each for plan in knowledge.all_plans for a in plan.walk() for each in a.conditions}
    asking = [each for each in conditions.values() if each.value_sets and not any(name in each.text for name in OTHER)]
    asking = [each for each in asking if not is_true_of(each, Coding("http://example.org", "1"), knowledge)]
    seen = set()
    for condition in asking:
        roles = roles_of(condition.text)
        for url in condition.value_sets:
            elsewhere = {
                c[:2] for o in condition.value_sets - {url} for c in knowledge.terminology.value_sets[o].names_of
            }
            own = [code for code in knowledge.terminology.value_sets[url].names_of if code[:2] not in elsewhere]
            for code in own[:1]:
                is_true = bool(is_true_of(condition, Coding(code.system, code.code), knowledge))
                assert is_true == (ALONE in roles[url]), (condition.text, code)
                seen |= roles[url]
    assert seen >= {ALONE, TOGETHER, AGAINST}
