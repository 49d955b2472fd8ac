"""The runner of golden cases fails where an expectation is wrong, and coverage fails where a case is missing."""

import copy
import json

import msgspec
import pytest

from cds_service.cases.read import Case
from cds_service.cases.run import Outcome, _parsed, check_cases, run_case, shown_silent
from cds_service.cases.words import holds
from tests.test_cases import CASES, FIRING, names_of_errors, source

CONFLICT = "ivig-order-select/cidp-and-ibm-conflict"
SILENT = "ivig-order-select/chronic-lymphocytic-leukemia-is-silent"


def differences(knowledge, name, change):
    changed = copy.deepcopy(source(name))
    change(changed)
    return run_case(knowledge, name, msgspec.json.decode(json.dumps(changed).encode(), type=Case)).differences


def card(changed):
    return changed["cards"][0]


def recommendation(changed):
    return changed["cards"][0]["recommendations"][0]


def match(changed):
    return recommendation(changed)["matched"][0]


WRONG = {
    "stance": (lambda case: recommendation(case).update(stance="consider"), "recommendations: expected"),
    "class": (lambda case: recommendation(case).update(evidenceClass="II"), "recommendations: expected"),
    "class left out": (lambda case: recommendation(case).pop("evidenceClass"), "recommendations: expected"),
    "guideline": (lambda case: recommendation(case).update(guideline="aanem-2009"), "recommendations: expected"),
    "evidence from": (lambda case: recommendation(case).update(evidenceFrom="aanem-2009"), "recommendations: expected"),
    "disorder": (lambda case: recommendation(case).update(disorder="mmn"), "recommendations: expected"),
    "how": (lambda case: match(case).update(how="text"), "cidp: expected matched"),
    "code": (lambda case: match(case).update(code="G61.82"), "cidp: expected matched"),
    "resource": (lambda case: match(case).update(resource="Condition/other"), "cidp: expected matched"),
    "a match more": (
        lambda case: recommendation(case)["matched"].append({"resource": "Condition/other", "how": "code"}),
        "cidp: expected matched",
    ),
    "no match": (lambda case: recommendation(case).update(matched=[]), "cidp: expected matched"),
    "a recommendation more": (
        lambda case: card(case)["recommendations"].append(recommendation(case) | {"disorder": "mmn"}),
        "recommendations: expected",
    ),
    "no recommendation": (lambda case: card(case).pop("recommendations"), "recommendations: expected"),
    "a warning that is not there": (lambda case: card(case).update(warnings=["renal-risk"]), "warnings: expected"),
    "a notice that is not there": (lambda case: card(case).update(notice="indication-missing"), "notice: expected"),
    "indicator": (lambda case: card(case).update(indicator="warning"), "indicator: expected warning, got info"),
    "summary": (lambda case: card(case).update(summary=["unicorn"]), "summary lacks 'unicorn'"),
    "detail": (lambda case: card(case).update(detail=["unicorn"]), "detail lacks 'unicorn'"),
    "part of a word of the summary": (
        lambda case: card(case).update(summary=["Class I evid"]),
        "summary lacks 'Class I",
    ),
    "part of a word of the detail": (
        lambda case: card(case).update(detail=["ecommended, Class I"]),
        "detail lacks 'ec",
    ),
    "part of a word of a label": (
        lambda case: card(case).update(suggestions=[{"type": "update", "label": ["Rec"]}, *[{"type": "create"}] * 3]),
        "lacks 'Rec'",
    ),
    "a card more": (lambda case: case["cards"].append({"indicator": "info"}), "expected 2 card(s), got 1"),
    "no card": (lambda case: case.update(cards=[]), "expected 0 card(s), got 1"),
    "a silent plan that fires": (lambda case: case.update(silent=["cidp"]), "cidp fired, and must be silent"),
    "an unknown silent plan": (lambda case: case.update(silent=["unicorn"]), "silent: there is no plan unicorn"),
    "a retired silent plan": (lambda case: case.update(silent=["aanem-2009-cidp"]), "there is no plan aanem-2009-cidp"),
    "an error": (
        lambda case: (case.pop("cards"), case.update(error={"status": 400})),
        "expected error 400, got 1 card",
    ),
}


@pytest.mark.parametrize(("change", "difference"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_expectation_fails(knowledge, change, difference):
    assert differences(knowledge, FIRING, lambda case: None) == []
    found = differences(knowledge, FIRING, change)
    assert any(difference in each for each in found), found


SAID = "**Recommended, Class IV (2023)**: 10.4 g/kg/day, at least 2,500 mL of _high-dose_ IVIG; 0.45 g. Doses: 3-4 g."
CUT_OUT = [
    "Class I",
    "lass IV",
    "0.4",
    "0.4 g",
    "4 g/kg/day",
    "10.4 g/kg",
    "500 mL",
    "2",
    "45 g",
    "dose",
    "3",
    "4 g",
    "g. D",
]
WHOLE = [
    "Class IV",
    "class iv (2023)",
    "**",
    "10.4 g/kg/day",
    "2,500 mL",
    "High-dose",
    "0.45",
    "0.45 g",
    "Doses",
    "3-4 g",
]


@pytest.mark.parametrize(
    ("expected", "found"), [*((each, False) for each in CUT_OUT), *((each, True) for each in WHOLE)]
)
def test_expected_words_are_not_cut_out_of_longer_words_or_numbers(expected, found):
    assert holds(SAID, expected) is found


def test_a_warning_that_is_not_expected_fails(knowledge):
    def forget(changed):
        for each in changed["cards"]:
            each.pop("warnings", None)

    assert any("warnings: expected none, got " in each for each in differences(knowledge, CONFLICT, forget))


def test_a_card_expected_of_a_silent_case_fails(knowledge):
    found = differences(knowledge, SILENT, lambda case: case.update(cards=[{"indicator": "info"}]))
    assert found == ["expected 1 card(s), got 0"]


def test_a_difference_is_told_in_words(knowledge):
    """Expectations are read by clinicians: what is expected and what came stand there without Python's brackets."""

    def change(case):
        recommendation(case).update(stance="consider", guideline="x-2020", matched=[{"resource": "C/1", "how": "text"}])
        recommendation(case).pop("evidenceClass", None)
        recommendation(case).pop("evidenceFrom", None)

    found = differences(knowledge, FIRING, change)
    assert found[0].startswith("recommendations: expected cidp: consider (x-2020), got cidp: recommended (aanem-2023")
    assert found[1].startswith("cidp: expected matched C/1 (by text), got Condition/")
    assert not any(sign in each for each in found for sign in "[]'")


def test_a_wrong_error_fails(knowledge):
    name = names_of_errors()[0]
    status = CASES[name].error.status
    found = differences(knowledge, name, lambda case: case["error"].update(status=418))
    assert found == [f"expected error 418, got {status}"]
    found = differences(knowledge, name, lambda case: case["error"].update(mentions=["unicorn"]))
    assert found == ["the error does not mention 'unicorn'"]
    found = differences(
        knowledge, name, lambda case: case["error"].update(mentions=[case["error"]["mentions"][0][:-1]])
    )
    assert len(found) == 1, "a part of a word is not mentioned"
    found = differences(knowledge, name, lambda case: (case.pop("error"), case.update(cards=[])))
    assert found[0].startswith(f"expected cards, got error {status}")


def test_an_unknown_silent_plan_of_an_error_fails(knowledge):
    assert differences(knowledge, names_of_errors()[0], lambda case: case.update(silent=["unicorn"])) != []


def test_an_unknown_service_is_an_error(knowledge):
    case = CASES[FIRING]
    assert run_case(knowledge, "no-such-service/x", case).differences[0].startswith("expected cards, got error 404")


def test_an_action_that_no_case_shows_is_a_problem(knowledge):
    left = {name: case for name, case in CASES.items() if name in {FIRING, SILENT}}
    reasons = {(problem.file, problem.reason) for problem in check_cases(knowledge, left)}
    assert ("mmn#recommend", "no case makes this action fire.") in reasons
    assert ("cidp#recommend", "no case makes this action fire.") not in reasons
    bare = {name: msgspec.structs.replace(case, silent=()) for name, case in left.items()}
    reasons = {(problem.file, problem.reason) for problem in check_cases(knowledge, bare)}
    assert ("mmn#recommend", "no case shows this action silent.") in reasons


def test_an_action_is_shown_silent_by_a_case_that_names_its_plan_or_fires_only_its_siblings():
    actions = {"burn#stop", "burn#wait", "rash#treat"}
    bare = msgspec.structs.replace(CASES[FIRING], silent=())
    assert shown_silent(bare, Outcome([], {"burn#stop"}), actions) == {"burn#wait"}
    assert shown_silent(bare, Outcome([], {"burn#stop", "burn#wait"}), actions) == set()
    naming = msgspec.structs.replace(bare, silent=("rash",))
    assert shown_silent(naming, Outcome([], set()), actions) == {"rash#treat"}


def test_a_recommendation_that_was_matched_on_nothing_is_a_difference_and_no_crash():
    (found,) = _parsed([{"disorder": "burn", "stance": "consider", "guideline": "example"}])
    assert found.matched == ()
