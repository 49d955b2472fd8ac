"""The same requests on both sides: which cards appear, vanish and change."""

import json

import pytest

from cds_service.cases.read import read_cases
from cds_service.changes.behaviour import NO_HOOK, compare_answers, compare_services
from cds_service.changes.card_changes import CardChange
from cds_service.changes.exercise import Exercise
from cds_service.changes.groups import Group, grouped
from cds_service.changes.page import Table, to_page
from cds_service.changes.questions import Unread, case_questions, read_requests
from cds_service.changes.sheet import Sheet, failing_cases, to_sheet
from cds_service.knowledge.load import build_knowledge
from tests.changes.lotion import BURN, OLD, RASH, RASH_SET, SERVICE, TOPIC, concepts, edited, flip_stance
from tests.conftest import TODAY

CASES, _ = read_cases(TOPIC / "cases")
NAME = "lotion-order-select/rash-is-recommended"
RECOMMENDED = "info: Lotion is recommended for example rash: Class I (2026)"


@pytest.fixture(scope="module")
def old():
    return build_knowledge(OLD)


def after(edits):
    return build_knowledge(edited(edits))


def compared(old, new, cases=CASES, other=None):
    return compare_answers(old, new, case_questions(cases, cases if other is None else other))


def changes_of(old, new, name=NAME):
    (one,) = compared(old, new, {name: CASES[name]})
    return list(one.changes)


def test_the_same_knowledge_answers_the_same(old):
    assert not any(each.changes or each.versions_only for each in compared(old, old))


def test_a_code_that_is_gone_takes_its_card_along(old):
    new = after({RASH_SET: lambda them: concepts(them).pop(0)})
    assert changes_of(old, new) == [CardChange("vanishes", "example-rash", "", RECOMMENDED, None)]
    assert changes_of(new, old) == [CardChange("appears", "example-rash", "", None, RECOMMENDED)]


def test_a_stance_that_flipped_is_a_changed_card(old):
    assert changes_of(old, after({RASH: flip_stance})) == [
        CardChange("changes", "example-rash", "stance of example-rash", "recommended", "not-recommended")
    ]


def test_a_wording_is_told_by_the_lines_that_changed(old):
    text = "**Lotion is recommended for example rash: Class I (2026).**\n\nThe example statement says no more."
    new = after({RASH: lambda plan: plan["action"][0].update(description=text)})
    old_line, new_line = "The example statement says so.", "The example statement says no more."
    assert changes_of(old, new) == [CardChange("changes", "example-rash", "detail", old_line, new_line)]


def test_an_indicator_and_a_summary_are_told(old):
    new = after({BURN: lambda plan: plan["action"][0].update(priority="stat", title="No lotion on a burn")})
    summary = "Lotion is not recommended for example burn: Class II (2026)"
    assert changes_of(old, new, "lotion-order-select/burn-is-not-recommended") == [
        CardChange("changes", "example-burn", "summary", summary, "No lotion on a burn"),
        CardChange("changes", "example-burn", "indicator", "warning", "critical"),
    ]


def test_only_other_versions_are_the_same_advice(old):
    (one,) = compared(old, after({RASH_SET: lambda them: them.update(version="2")}), {NAME: CASES[NAME]})
    assert (one.changes, one.versions_only) == ((), True)


def test_a_case_of_one_side_only_is_asked_of_both(old):
    new = after({RASH: flip_stance})
    for sides in (({}, {NAME: CASES[NAME]}), ({NAME: CASES[NAME]}, {})):
        (one,) = compare_answers(old, new, case_questions(*sides))
        assert [each.fact for each in one.changes] == ["stance of example-rash"]


def test_a_case_with_another_request_is_asked_both_ways():
    burn = CASES["lotion-order-select/burn-is-not-recommended"]
    asked = case_questions({NAME: CASES[NAME]}, {NAME: burn})
    assert [each.name for each in asked] == [f"{NAME} (as in OLD)", NAME]


def test_an_error_that_appears_is_told(old):
    def ask_for_more(plan):
        plan["action"][0]["input"].append(plan["action"][0]["input"][1] | {"id": "observations"})

    (change,) = [each for each in changes_of(old, after({SERVICE: ask_for_more})) if each.deed == "refused"]
    assert change.old is None
    assert change.new.startswith("412: Required prefetch is not available: observations.")


def test_a_service_that_is_gone_is_told(old):
    def rename(plan):
        plan.update(id="lotion-select", url="http://example.org/PlanDefinition/lotion-select")

    new = after({SERVICE: rename})
    assert compare_services(old, new) == [
        CardChange("vanishes", "lotion-order-select", "service"),
        CardChange("appears", "lotion-select", "service"),
    ]
    assert [each.deed for each in changes_of(old, new)] == ["refused", "vanishes"]


def test_what_discovery_says_is_told(old):
    new = after({SERVICE: lambda plan: plan.update(title="Lotion")})
    assert compare_services(old, new) == [
        CardChange("changes", "lotion-order-select", "discovery, title", "Lotion for the skin", "Lotion")
    ]


def test_one_change_in_many_cases_is_told_once_with_its_cases(old):
    groups = grouped(compared(old, after({RASH: flip_stance})))
    (stance,) = [each for each in groups if each.change.fact == "stance of example-rash"]
    expecting = [name for name, case in CASES.items() if any(each.recommendations for each in case.cards)]
    of_rash = [name for name in expecting if "burn" not in name]
    assert sorted(stance.cases) == sorted(of_rash)
    assert stance.cards == ("example-rash",)
    assert groups[0] == stance


def test_a_change_of_cards_names_up_to_five_of_its_cases():
    def cell(number):
        cases = tuple(f"service/case-{i}" for i in range(number))
        group = Group(CardChange("changes", "", "indicator", "info", "warning"), ("card",), cases)
        (table,) = [each for each in to_page(Sheet("a", "b", groups=(group,), asked=9)) if isinstance(each, Table)]
        return table.rows[0][-1][0].text

    assert cell(1) == "1:\nservice/case-0"
    assert cell(5) == "5:\n" + "\n".join(f"service/case-{i}" for i in range(5))
    assert cell(7) == "7, among them:\n" + "\n".join(f"service/case-{i}" for i in range(5))


def test_the_gravest_group_comes_first(old):
    """The case whose text changes is asked before the one whose card vanishes."""

    def reword(plan):
        plan["action"][0].update(description="Other words.", priority="stat")

    new = after({BURN: reword, RASH_SET: lambda them: concepts(them).pop(0)})
    cases = {name: CASES[name] for name in ("lotion-order-select/burn-is-not-recommended", NAME)}
    found = [(each.change.deed, each.change.fact) for each in grouped(compared(old, new, cases))]
    assert list(dict.fromkeys(found)) == [("vanishes", ""), ("changes", "indicator"), ("changes", "detail")]


def test_cases_that_the_new_side_does_not_meet_are_told(old):
    failing = failing_cases(after({RASH: flip_stance}), {NAME: CASES[NAME]})
    assert [each.case for each in failing] == [NAME]
    assert "not-recommended" in failing[0].differences[0]
    assert failing_cases(old, CASES) == []


@pytest.fixture
def requests(tmp_path):
    """A folder of recorded requests: one that is answered, one that is refused, and four that are none."""
    body = CASES[NAME].request
    (tmp_path / "good.json").write_text(json.dumps(body))
    (tmp_path / "refused.json").write_text(json.dumps(body | {"prefetch": {}}))
    (tmp_path / "another-hook.json").write_text(json.dumps(body | {"hook": "patient-view"}))
    (tmp_path / "broken.json").write_text('{"Jane Doe"')
    (tmp_path / "latin.json").write_bytes(b'{"hook": "\xe4"}')
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "notes.txt").write_text("no request")
    return tmp_path


def test_each_file_of_a_folder_is_asked_or_reported(old, requests):
    questions, unread = read_requests(requests, TODAY)
    assert [each.name for each in questions] == ["another-hook.json", "good.json", "refused.json"]
    assert unread == [
        Unread("broken.json", "is not JSON"),
        Unread("folder.json", "cannot be read (IsADirectoryError)"),
        Unread("latin.json", "is not JSON"),
        Unread("list.json", "is no CDS Hooks request: it names no hook"),
    ]
    found = compare_answers(old, after({RASH: flip_stance}), questions)
    sheet = to_sheet("a", "b", [], [], found, [], unread, Exercise())
    refusal = next(each.reason for each in sheet.unread if each.file == "refused.json")
    assert refusal.startswith("412: Required prefetch is not available")
    assert Unread("another-hook.json", NO_HOOK) in sheet.unread
    assert [(each.cases, each.change.fact) for each in sheet.groups] == [
        (("good.json (lotion-order-select)",), "stance of example-rash")
    ]
    assert (sheet.asked, sheet.differing, dict(sheet.cards)) == (3, 1, {"changes": 1})
