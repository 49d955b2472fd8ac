"""A condition taken apart: every part says what the compiled condition says, and on which data."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.core.explain.conditions import explain_condition
from cds_service.core.explain.deciding import deciding, leaves, telling
from cds_service.core.explain.looking import Looking
from cds_service.core.explain.searches import MOST_SHOWN
from cds_service.core.explain.words import lines, negation, worded
from cds_service.core.facts import Facts
from cds_service.core.fhirpath.compiler import compile_predicate
from cds_service.core.fhirpath.condition import compile_condition
from cds_service.core.fhirpath.parser import parse_fhirpath
from cds_service.core.records import Lab, Order, Problem
from cds_service.core.resources import Coding, Concept, Quantity, Resource
from cds_service.core.units import Unit, Units
from cds_service.core.valueset import Terminology
from tests.core.small_world import CODES, TERMINOLOGY, TODAY, URLS, conditions
from tests.core.small_world import facts as any_facts

RASH, BURN, LOTION, APART = (URLS[name] for name in ("rash", "burn", "lotion", "apart"))
GRAM, MILLIGRAM = Unit("g", "mass", 1.0), Unit("mg", "mass", 0.001)
UNITS = Units({"g": GRAM, "mg": MILLIGRAM, "s": Unit("s", "time", 1.0)}, {})
IN_GRAMS = Terminology(TERMINOLOGY.value_sets.values(), {}, UNITS)
GONE = st.sets(st.sampled_from(["problems", "current", "observations"])).map(frozenset)


def facts(**given):
    values = {"order": Order("MedicationRequest/1", "MedicationRequest"), "patient": None, "problems": []}
    values |= {"observations": [], "order_date": TODAY, "today": TODAY}
    return Facts(**(values | given))


def problem(*codes, name="Condition/1", text=None, **more):
    return Problem(name, Concept([Coding(CODES, each) for each in codes] or None, text), **more)


def lab(value, name="Observation/1", day="2026-11-01"):
    return Lab(name, Concept([Coding(CODES, "assay")]), value_quantity=value, effective=day)


def one_lab(value):
    return facts(observations=[lab(value)])


def look(known, terminology=IN_GRAMS, said=()):
    return Looking(known, terminology, list(said))


def explained(text, known, **more):
    return explain_condition(compile_condition(text), look(known, **more))


def parts_of(part):
    return [part, *(each for inner in part.parts for each in parts_of(inner))]


# The truth of the whole and of every part


@given(conditions, any_facts, GONE)
def test_every_part_is_what_the_compiled_condition_of_its_text_is(text, known, gone):
    known = replace(known, unavailable=gone)
    scope = look(known, TERMINOLOGY)
    whole = explain_condition(compile_condition(text), scope)
    assert whole.truth is compile_condition(text).predicate(look(known, TERMINOLOGY), None).truth
    for part in parts_of(whole):
        predicate = compile_predicate(parse_fhirpath(part.text))
        assert part.truth is predicate(look(known, TERMINOLOGY), None).truth, part.text


@given(conditions, any_facts, GONE)
def test_what_a_part_says_of_its_data_goes_with_its_truth(text, known, gone):
    known = replace(known, unavailable=gone)
    for part in leaves(explained(text, known, terminology=TERMINOLOGY)):
        assert set(part.value_sets) == {f"{url}|1" for url in compile_condition(part.text).value_sets}
        if part.kind == "search":
            assert part.truth is (
                True if part.stages and part.stages[-1].kept else None if part.available != "yes" else False
            )
            assert bool(part.evidence) <= (part.truth is True)
        for stage in part.stages:
            assert stage.kept <= stage.considered
            assert len(stage.records) == min(stage.considered, MOST_SHOWN)
            assert sum(each.truth is True for each in stage.records) == min(stage.kept, MOST_SHOWN)
            for each in stage.records:
                assert each.part is None or each.part.truth is each.truth


@given(conditions, any_facts)
def test_what_decided_is_some_of_the_undivided_parts(text, known):
    part = explained(text, known, terminology=TERMINOLOGY)
    assert set(map(id, deciding(part))) <= set(map(id, leaves(part)))
    assert lines(deciding(part))


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        ("true or false or {}", ["true"]),
        ("false and true and false", ["false", "false"]),
        ("true and {}", ["{}"]),
        ("(true and false).not()", ["false"]),
        ("iif(true, {}, false)", ["true", "{}"]),
        ("iif(false, {}, true)", ["false", "true"]),
        ("iif({}, true)", ["{}"]),
    ],
)
def test_the_parts_that_settle_it(text, decided):
    assert [part.text for part in deciding(explained(text, facts()))] == decided


# Searches


def test_records_that_did_not_match_are_named_with_their_codes():
    known = facts(problems=[problem("burn", name="Condition/a"), problem(name="Condition/b", text="Jane Doe has it")])
    part = explained(f"%problems.where(code.memberOf('{LOTION}')).exists()", known)
    (stage,) = part.stages
    assert (part.truth, part.available, stage.considered, stage.kept) == (False, "yes", 2, 0)
    assert [(each.resource, each.codes, each.has_text_only) for each in stage.records] == [
        ("Condition/a", ((CODES, "burn"),), False),
        ("Condition/b", (), True),
    ]
    assert lines([part]) == ["none of 2 %problems is in lotion|1"]


def test_a_record_that_matched_is_named_with_the_value_set_and_its_version():
    known = facts(problems=[problem("red rash", origin="reason")])
    part = explained(f"%problems.where(code.memberOf('{RASH}') and code.memberOf('{BURN}').not()).exists()", known)
    assert part.value_sets == (f"{RASH}|1", f"{BURN}|1")
    (evidence,) = part.evidence
    assert (evidence.match.value_set, evidence.match.code.code) == (f"{RASH}|1", "red rash")
    assert lines([part]) == ["Condition/1 red rash (red rash) is in rash|1 as the reason of the order"]
    criterion = part.stages[0].records[0].part
    assert [(each.kind, each.truth) for each in criterion.parts] == [("memberOf", True), ("not", True)]


def test_a_record_that_came_near_stands_first_and_says_what_it_lacks():
    others = [problem("burn", name=f"Condition/{i}") for i in range(20)]
    known = facts(problems=[*others, problem("itch", name="Condition/near")])
    part = explained(f"%problems.where(code.memberOf('{RASH}') and code.memberOf('{BURN}').not()).exists()", known)
    (stage,) = part.stages
    assert (stage.considered, len(stage.records)) == (21, MOST_SHOWN)
    assert stage.records[0].resource == "Condition/near"
    assert lines([part]) == ["Condition/near itch came near, but Condition/near itch (itch) is in burn|1 by its code"]


def test_a_record_of_which_it_is_not_known_came_near():
    known = facts(problems=[problem("burn", name="Condition/a", onset="2020"), problem("burn", name="Condition/b")])
    part = explained(f"%problems.where(onset > %orderDate and code.memberOf('{BURN}')).exists()", known)
    assert [(each.resource, each.truth) for each in part.stages[0].records] == [
        ("Condition/b", None),
        ("Condition/a", False),
    ]
    assert lines([part]) == ["Condition/b burn came near, but nothing is known of onset"]


def test_searches_of_the_same_records_that_found_nothing_are_one_line():
    text = " or ".join(f"%problems.where(code.memberOf('{each}')).exists()" for each in (RASH, BURN, LOTION))
    assert lines(deciding(explained(text, facts()))) == ["no %problems: rash|1, burn|1, lotion|1"]


def test_data_that_did_not_come_is_said():
    text = f"%observations.where(code.memberOf('{URLS['assay']}')).exists()"
    part = explained(text, facts(unavailable=frozenset({"observations"})))
    assert (part.truth, part.available, part.variable, part.stages) == (None, "no", "observations", ())
    assert lines([part]) == ["%observations: the data was not available"]
    some = explained(text, facts(unavailable=frozenset({"problems"}), problems=[problem("burn")]))
    assert (some.truth, some.available) == (False, "yes")
    partly = explained(
        f"%problems.where(code.memberOf('{RASH}')).exists()",
        facts(unavailable=frozenset({"problems"}), problems=[problem("burn")]),
    )
    assert (partly.truth, partly.available, partly.stages[0].considered) == (None, "partly", 1)


def test_the_steps_of_a_search_are_told_one_by_one():
    labs = [lab(Quantity(5, unit="g", code="g"), "Observation/old", "2026-10-01"), lab(Quantity(2000, code="mg"))]
    text = f"%observations.where(code.memberOf('{URLS['assay']}')).newest().where(value > 3 'g').exists()"
    part = explained(text, facts(observations=labs))
    assert part.truth is False
    assert [(each.text.partition("(")[0], each.considered, each.kept) for each in part.stages] == [
        ("where", 2, 2),
        ("newest", 2, 1),
        ("where", 1, 0),
    ]
    (last,) = part.stages[-1].records
    assert (last.value, last.date) == ("2000 mg", "2026-11-01")
    (line,) = lines([part])
    assert line.endswith("= 2000 mg of 2026-11-01 came near, but value > 3 'g' (2000 mg against 3 g) is false")


def test_a_result_that_matched_is_told_with_its_value_and_what_it_was_held_against():
    labs = [lab(Quantity(4, code="g"), "Observation/a"), lab(Quantity(5, code="g"), "Observation/b", "2026-10-01")]
    text = f"%observations.where(code.memberOf('{URLS['assay']}') and (value > 3 'g' or value > 9 'g')).exists()"
    held = "assay (assay) = {} g of {} is in assay|1 as a result; value > 3 'g' ({} g against 3 g)"
    assert lines([explained(text, facts(observations=labs))]) == [
        "Observation/a " + held.format(4, "2026-11-01", 4),
        "Observation/b " + held.format(5, "2026-10-01", 5),
    ]
    chain = f"%observations.where(code.memberOf('{URLS['assay']}')).newest().where((value <= 3 'g').not()).exists()"
    assert lines([explained(chain, facts(observations=labs))]) == [
        "Observation/a assay (assay) = 4 g of 2026-11-01 is in assay|1 as a result; "
        "value <= 3 'g' (4 g against 3 g) is false"
    ]


# Limits in several units


@pytest.mark.parametrize(
    ("value", "decided"),
    [
        (Quantity(2, code="g"), ["value > 3 'g'"]),
        (Quantity(2, ">", code="g"), ["value > 3 'g'"]),
        (Quantity(2, code="s"), ["value > 4 's'"]),
        (Quantity(5, unit="of something"), ["value > 3 'g'", "value > 4 's'"]),
        (Quantity("much"), ["value > 3 'g'", "value > 4 's'"]),
    ],
)
@pytest.mark.parametrize("last", ["value > 3 'g' or value > 4 's'", "(value <= 3 'g' and value <= 4 's').not()"])
def test_of_limits_in_several_units_that_of_the_record_is_told(value, decided, last):
    part = explained(f"%observations.where(code.memberOf('{URLS['assay']}') and ({last})).exists()", one_lab(value))
    (seen,) = part.stages[0].records
    assert [each.text.replace("<=", ">") for each in telling(seen.part)] == decided


def test_a_value_below_the_limit_of_its_unit_is_said_to_be_and_no_unit_is_blamed():
    known = one_lab(Quantity(5, code="mg"))
    (line,) = lines([explained("%observations.where(value > 4 's' or value > 3 'g').exists()", known)])
    assert line.endswith("came near, but value > 3 'g' (5 mg against 3 g) is false")


def test_a_unit_that_suits_no_limit_is_named_as_the_reason():
    (line,) = lines([explained("%observations.where(value > 4 's').exists()", one_lab(Quantity(5, code="mg")))])
    assert line.endswith("value > 4 's' (5 mg against 4 s) is unknown: one unit cannot be converted into the other")


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        ("value > 1 'g' and value > 4 's'", ["value > 4 's'"]),
        ("(value > 3 'g' or value > 4 's').not()", ["value > 4 's'"]),
        ("value > 4 's' or interpretation.exists()", ["value > 4 's'"]),
        ("value > 4 's' or effective > %orderDate", ["value > 4 's'"]),
    ],
)
def test_a_limit_in_another_unit_is_told_where_no_other_limit_settles_it(text, decided):
    part = explained(f"%observations.where({text}).exists()", one_lab(Quantity(2, code="g")))
    assert [each.text for each in telling(part.stages[0].records[0].part)] == decided


# Comparisons and elements


@pytest.mark.parametrize(
    ("text", "left", "right", "truth"),
    [
        ("%patient.birthDate > %orderDate - 18 years", ("2010-05",), ("2008-11-22",), True),
        ("%patient.birthDate <= %patient.birthDate", ("2010-05",), ("2010-05",), True),
        ("%patient.gender = 'female'", ("male",), ("female",), False),
        ("%order.status = 'draft'", (), ("draft",), None),
        ("%dose.perDay >= 35 'g'", (), ("35 g",), None),
    ],
)
def test_both_sides_of_a_comparison_are_told(text, left, right, truth):
    known = facts(patient=Resource(birth_date="2010-05", gender="male"))
    part = explained(text, known)
    assert (part.kind, part.left, part.right, part.truth) == ("comparison", left, right, truth)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Quantity(5, code="mg"), "5 mg"),
        (Quantity(5, "<", code="mg"), "< 5 mg"),
        (Quantity(5, "Jane", code="mg"), "5 mg"),
        (Quantity(5, unit="of Jane Doe"), "5, unit not known"),
        (Quantity("Jane"), "an amount without a number"),
    ],
)
def test_a_measured_value_is_told_with_its_unit_and_nothing_else(value, told):
    part = explained("%observations.where(value > 3 'g').exists()", facts(observations=[lab(value)]))
    assert part.stages[0].records[0].value == told


@pytest.mark.parametrize("status", ["Jane Doe", "Jane\nDoe", 7, "x" * 65])
def test_a_word_that_is_none_is_not_repeated(status):
    part = explained("%order.status = 'draft'", facts(order=Order("MedicationRequest/1", "x", status)))
    assert part.left == ("a text",)


def test_what_is_there_or_not_is_counted():
    part = explained("%patient.birthDate.exists()", facts(patient=Resource(birth_date="2010-05")))
    assert (part.kind, part.truth, part.found, part.left) == ("exists", True, 1, ("2010-05",))
    part = explained("%order.route.empty()", facts())
    assert (part.kind, part.truth, part.parts[0].kind, part.parts[0].found) == ("not", True, "exists", 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("%patient.birthDate.exists()", ["%patient.birthDate is given (2010-05)"]),
        ("%patient.birthDate.exists().not()", ["%patient.birthDate is given (2010-05)"]),
        ("%recommendations.exists()", ["no %recommendations"]),
        ("%recommendations.empty()", ["no %recommendations"]),
        ("%order.route.exists()", ["no %order.route is given"]),
        ("%patient.gender.empty()", ["nothing is known of %patient.gender"]),
    ],
)
def test_what_is_there_or_not_is_said_plainly(text, told):
    assert lines(deciding(explained(text, facts(patient=Resource(birth_date="2010-05"))))) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("%patient.birthDate.exists().not()", "no %patient.birthDate is given (2010-05)"),
        ("%recommendations.empty()", "no %recommendations"),
        ("(%patient.gender = 'male').not()", "not: %patient.gender = 'male' (female against male)"),
        (f"%problems.where(code.memberOf('{RASH}')).exists().not()", "no %problems: rash|1"),
        (f"%problems.where(code.memberOf('{RASH}')).exists().not().not()", None),
        ("(%patient.gender = 'male' or true).not()", None),
    ],
)
def test_a_simple_negation_is_one_line(text, told):
    part = explained(text, facts(patient=Resource(birth_date="2010-05", gender="female")))
    assert negation(part) == told


@pytest.mark.parametrize(
    ("values", "matched", "told"),
    [
        ({}, "", "Record [matched] of the order. Give [dose meant]."),
        ({"meant": "1 g"}, "red rash", "Record red rash of the order. Give 1 g."),
        ({"given": "1 g"}, "red rash", "Record red rash of the order."),
    ],
)
def test_placeholders_are_filled_or_worded(values, matched, told):
    assert worded("Record {{matched}} of {{order}}. Give {{dose.meant}}.", values, matched) == told
