"""What a condition means: three-valued logic, evidence, and what it cannot do without."""

import re
from dataclasses import replace
from itertools import product

import pytest

from cds_service.core.facts import Facts
from cds_service.core.fhirpath.condition import compile_condition
from cds_service.core.fhirpath.needs import ANYTHING, NEVER
from cds_service.core.fhirpath.scope import Scope
from cds_service.core.records import Lab, Order, Problem
from cds_service.core.resources import Coding, Concept, Resource
from tests.core.small_world import CODES, TERMINOLOGY, TODAY, URLS, indexed, truth

RASH, BURN, LOTION, APART = (URLS[name] for name in ("rash", "burn", "lotion", "apart"))

# Three-valued logic. NONE stands for the empty collection, GONE for data that was not available.

NAMES = {"true": True, "false": False, "{}": None, "%observations.exists()": None}
GONE = frozenset({"observations"})


def facts(**given):
    values = {"order": Order("MedicationRequest/1", "MedicationRequest"), "patient": None, "problems": []}
    values |= {"observations": [], "order_date": TODAY, "today": TODAY}
    return Facts(**(values | given))


@pytest.fixture
def known():
    return facts(unavailable=GONE)


def ternary(operator, one, other):
    if operator == "and":
        return False if False in (one, other) else (None if None in (one, other) else True)
    return True if True in (one, other) else (None if None in (one, other) else False)


@pytest.mark.parametrize(("left", "operator", "right"), list(product(NAMES, ["and", "or"], NAMES)))
def test_and_and_or_are_three_valued(known, left, operator, right):
    assert truth(f"{left} {operator} {right}", known) is ternary(operator, NAMES[left], NAMES[right])


@pytest.mark.parametrize("text", NAMES)
def test_not_leaves_unknown_unknown(known, text):
    negated = {True: False, False: True, None: None}[NAMES[text]]
    assert truth(f"({text}).not()", known) is negated
    assert truth(f"({text}).not().not()", known) is NAMES[text]


@pytest.mark.parametrize(("criterion", "then", "otherwise"), list(product(NAMES, NAMES, NAMES)))
def test_iif_takes_the_second_result_unless_the_criterion_is_true(known, criterion, then, otherwise):
    chosen = then if NAMES[criterion] else otherwise
    assert truth(f"iif({criterion}, {then}, {otherwise})", known) is NAMES[chosen]
    assert truth(f"iif({criterion}, {then})", known) is (NAMES[then] if NAMES[criterion] else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%problems.exists()", False),
        ("%problems.empty()", True),
        ("%problems.where(true).exists()", False),
        ("%problems.where(true).exists().not()", True),
        ("%patient.exists()", False),
        ("%patient.birthDate.exists()", False),
        ("%patient.birthDate.empty()", True),
        ("%patient.deceasedBoolean", None),
        ("%patient.deceasedBoolean = true", None),
        ("%patient.deceasedBoolean != true", None),
        ("(%patient.deceasedBoolean = true).empty()", True),
        ("%patient.birthDate <= today()", None),
        ("(%patient.birthDate <= today()).empty()", True),
        ("(%orderDate <= today()).empty()", False),
        ("%orderDate <= today()", True),
        ("{}.empty()", True),
        ("true.empty()", False),
        ("%order.resourceType = 'MedicationRequest'", True),
        ("%order.resourceType != 'MedicationRequest'", False),
        ("%order.status = 'draft'", None),
        ("%recommendations.exists()", False),
        ("%observations.exists()", None),
        ("%observations.empty()", None),
        ("%observations.exists().not()", None),
        ("%observations.exists().empty()", True),
        ("%observations.where(false).exists()", None),
        ("%observations.where(true).empty()", None),
        (f"%observations.where(code.memberOf('{RASH}')).exists()", None),
        (f"%observations.where(code.memberOf('{RASH}')).exists() and %problems.exists()", False),
        (f"%observations.where(code.memberOf('{RASH}')).exists() or %orderDate = today()", True),
    ],
)
def test_what_nothing_and_what_is_not_available_mean(known, text, expected):
    assert truth(text, known) is expected
    assert truth(text, indexed(known)) is expected


@pytest.mark.parametrize(
    ("born", "operator", "expected"),
    [
        ("2008-11-22", "<=", True),  # the eighteenth birthday
        ("2008-11-23", "<=", False),
        ("2008-11-22", ">", False),
        ("2008-11-23", ">", True),
        ("2008-11", "<=", None),
        ("2008", "<=", None),
        ("2008-10", "<=", True),
        ("2008-12", "<=", False),
        ("2007", "<=", True),
        ("2009", ">", True),
        ("2008-11-22", "=", True),
        ("2008-11-22", "!=", False),
        ("2008-11", "=", None),
        ("unknown", "<=", None),
        (None, "<=", None),
        (2008, "<=", None),
    ],
)
def test_a_birth_date_decides_as_far_as_it_goes(born, operator, expected):
    known = facts(patient=Resource(birth_date=born))
    assert truth(f"%patient.birthDate {operator} %orderDate - 18 years", known) is expected


def test_the_birthday_of_a_leap_day_child_is_the_last_of_february():
    known = facts(patient=Resource(birth_date="2004-02-29"), order_date=(2022, 2, 28))
    assert truth("%patient.birthDate <= %orderDate - 18 years", known) is False
    known.order_date = (2022, 3, 1)
    assert truth("%patient.birthDate <= %orderDate - 18 years", known) is True


# Evidence


def problem(*texts, origin="code", text=None):
    return Problem("Condition/1", Concept([Coding(CODES, each) for each in texts] or None, text), origin)


def verdict(text, known):
    return compile_condition(text).predicate(Scope(known, TERMINOLOGY, []), None)


def found(text, known):
    return [(each.record, each.match.code.code, each.by_text, each.combined) for each in verdict(text, known).evidence]


def test_every_record_that_made_a_condition_true_is_named():
    one, other, third = problem("red rash"), problem("burn"), problem(text="itch")
    known = facts(problems=[one, other, third])
    text = f"%problems.where(code.memberOf('{RASH}')).exists()"
    assert found(text, known) == [(one, "red rash", False, False), (third, "itch", True, False)]
    assert found(f"({text}).not()", known) == []
    assert found(f"%problems.where(code.memberOf('{LOTION}')).exists() or {text}", known) == found(text, known)


def test_two_diagnoses_that_are_needed_together_are_marked_as_combined():
    one, other = problem("red rash"), problem("burn")
    known = facts(problems=[one, other])
    sides = [f"%problems.where(code.memberOf('{each}')).exists()" for each in (RASH, BURN)]
    assert found(" and ".join(sides), known) == [(one, "red rash", False, True), (other, "burn", False, True)]
    assert found(" or ".join(sides), known) == [(one, "red rash", False, False), (other, "burn", False, False)]


def test_a_record_told_apart_by_its_text_is_matched_by_text():
    known = facts(problems=[problem("burn", text="burn with red rash")])
    text = f"%problems.where(code.memberOf('{BURN}') and code.mentions('{RASH}', '{APART}')).exists()"
    assert [(code, by_text) for _, code, by_text, _ in found(text, known)] == [("burn", True)]
    known = facts(problems=[problem("burn", text="burn, no red rash")])
    assert verdict(text, known) == (False, ())


def test_an_order_is_recognised_by_its_codes_only_and_its_route_by_text_too():
    order = Order("MedicationRequest/1", "MedicationRequest", code=[Concept(text="lotion")])
    assert truth(f"%order.code.memberOf('{LOTION}')", facts(order=order)) is False
    order = replace(order, code=[Concept([Coding(CODES, "lotion")])], route=[Concept(text="Lotion")])
    assert truth(f"%order.code.memberOf('{LOTION}') and %order.route.memberOf('{LOTION}')", facts(order=order)) is True


def test_current_problems_are_those_of_the_encounter_and_the_order():
    known = facts(problems=[problem("red rash")])
    text = f"%current.where(code.memberOf('{RASH}')).exists()"
    assert truth(text, known) is truth(text, indexed(known)) is False
    for origin in ("encounter", "reason"):
        known = facts(problems=[problem("red rash", origin=origin)])
        assert truth(text, known) is truth(text, indexed(known)) is True


def test_a_result_without_a_value_has_no_value():
    known = facts(observations=[Lab("Observation/1", Concept([Coding(CODES, "assay")]))])
    assert truth("%observations.where(value.exists()).exists()", known) is False


# Needs


def clause(*pairs):
    return frozenset(pairs)


P_RASH, P_BURN, L_RASH = ("problems", RASH), ("problems", BURN), ("observations", RASH)


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        (f"%problems.where(code.memberOf('{RASH}')).exists()", {clause(P_RASH)}),
        (f"%problems.exists(code.memberOf('{RASH}') and true)", {clause(P_RASH)}),
        ("A and B", {clause(P_RASH), clause(P_BURN)}),
        ("A or B", {clause(P_RASH, P_BURN)}),
        ("(A or B) and L", {clause(P_RASH, P_BURN), clause(L_RASH)}),
        ("A or (B and L)", {clause(P_RASH, P_BURN), clause(P_RASH, L_RASH)}),
        ("A or true", ANYTHING),
        ("A or false", {clause(P_RASH)}),
        ("A and true", {clause(P_RASH)}),
        ("A and false", {clause(P_RASH), clause()}),
        ("false", NEVER),
        ("A.not()", ANYTHING),
        ("A.empty()", ANYTHING),
        ("iif(A, B, L)", {clause(P_RASH, L_RASH), clause(P_BURN, L_RASH)}),
        ("iif(A, true, false)", {clause(P_RASH)}),
        ("iif(A, B)", ANYTHING),  # without a second result it is UNKNOWN, not FALSE
        ("%problems.exists()", ANYTHING),
        (f"%problems.where(true and code.memberOf('{RASH}')).exists()", ANYTHING),
        (f"%order.code.memberOf('{LOTION}')", frozenset({frozenset({("order", LOTION)})})),
        (f"%order.route.memberOf('{LOTION}')", ANYTHING),
    ],
)
def test_what_a_condition_cannot_do_without(text, needs):
    searches = {"A": P_RASH, "B": P_BURN, "L": L_RASH}
    long = {letter: f"%{name}.where(code.memberOf('{url}')).exists()" for letter, (name, url) in searches.items()}
    text = re.sub(r"\b[ABL]\b", lambda letter: long[letter[0]], text)
    assert compile_condition(text).needs == needs


def test_a_condition_names_every_value_set_it_asks():
    text = f"%problems.where(code.memberOf('{RASH}') and code.mentions('{BURN}', '{APART}')).exists() and 'x' = 'y'"
    assert compile_condition(text).value_sets == {RASH, BURN, APART}
