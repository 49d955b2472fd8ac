"""Changes that no golden case exercises are named, with what asks about a code and what it then does."""

from cds_service.cases.read import read_cases
from cds_service.changes.artifacts import compare_artifacts
from cds_service.changes.behaviour import compare_answers
from cds_service.changes.exercise import NOBODY, UNIT, find_unexercised
from cds_service.changes.questions import case_questions
from cds_service.changes.sides import Side
from cds_service.knowledge.load import build_knowledge
from tests.changes.lotion import BURN, OLD, RASH, RASH_SET, TOPIC, concepts, edited, flip_stance

CASES, _ = read_cases(TOPIC / "cases")
SYSTEM = "http://example.org/codes"
RASH_3 = {"code": "RASH-3", "display": "Example rash of the leg"}
RECOMMENDS = "alone: example-rash, recommend: recommended, Class I"


def side(sources, cases=CASES):
    return Side("side", sources, build_knowledge(sources), cases)


def exercise(edits, cases=CASES):
    one, other = side(OLD, cases), side(edited(edits), cases)
    compared = compare_answers(one.knowledge, other.knowledge, case_questions(one.cases, other.cases))
    return find_unexercised(one, other, compare_artifacts(one.sources, other.sources), compared)


def unexercised(edits):
    return {change: each.asked for each in exercise(edits).unexercised for change in each.changes}


def test_a_code_that_no_case_holds_is_named_with_what_it_fires_alone():
    edits = {RASH_SET: lambda them: (concepts(them).append(RASH_3), them.update(version="2"))}
    assert unexercised(edits) == {f"Code added ({SYSTEM}): RASH-3 Example rash of the leg": RECOMMENDS}


def test_a_code_whose_loss_a_case_shows_is_not_named():
    assert unexercised({RASH_SET: lambda them: concepts(them).pop(0)}) == {}


def test_only_the_codes_of_a_set_that_no_case_shows_are_named():
    def edit(value_set):
        concepts(value_set).pop(0)
        concepts(value_set).append(RASH_3)

    found = exercise({RASH_SET: edit})
    assert [each.changes for each in found.unexercised] == [(f"Code added ({SYSTEM}): RASH-3 Example rash of the leg",)]
    assert (found.number, found.judged) == (1, 2)


def test_cases_that_differ_for_another_reason_do_not_show_a_name():
    """Every case of rash is answered otherwise, by the stance; none has the new name."""
    edits = {RASH: flip_stance, RASH_SET: lambda them: concepts(them)[0]["designation"].append({"value": "Dots"})}
    name = f"Name of RASH-1 Example rash ({SYSTEM}) added: Dots"
    assert unexercised(edits) == {name: "alone: example-rash, recommend: not-recommended, Class I"}


def test_a_display_that_a_card_shows_is_not_named():
    assert unexercised({RASH_SET: lambda them: concepts(them)[0].update(display="Rash")}) == {}


def test_a_plan_that_speaks_in_no_case_that_differs_is_named():
    found = unexercised({RASH: flip_stance, BURN: lambda plan: plan.update(description="What is said of burns.")})
    assert list(found) == [
        "Description of the plan: What the example statement says about burn. → What is said of burns."
    ]


def test_what_is_only_for_readers_is_not_judged():
    assert exercise({RASH: lambda plan: plan.update(publisher="somebody")}).judged == 0


def test_several_changes_of_one_code_are_one_line():
    def rename(value_set):
        concepts(value_set)[1].update(display="Arm rash", designation=[{"value": "Rash on an arm"}])

    (one,) = exercise({RASH_SET: rename}, cases={}).unexercised
    assert one.changes == (
        f"Display of RASH-2 ({SYSTEM}): Example rash of the arm → Arm rash",
        f"Name of RASH-2 Arm rash ({SYSTEM}) added: Rash on an arm",
    )


def test_a_code_that_nobody_asks_about_is_told_so():
    row = {"code": "OTHER", "display": "Another reason"}
    (asked,) = unexercised({"ValueSet/override-reasons": lambda them: concepts(them).append(row)}).values()
    assert asked == NOBODY


def test_a_unit_is_told_to_be_read_with_amounts():
    row = {"code": "wk", "display": "week"}
    (asked,) = unexercised({"ValueSet/units": lambda them: concepts(them).append(row)}).values()
    assert asked == UNIT
