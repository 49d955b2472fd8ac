"""Codes are looked up in releases, in our own code systems, and at a terminology server; every finding is shown."""

import pytest

from cds_service.codes.systems import ICD_10_CM
from cds_service.codes.terminology_server import Server
from cds_service.codes.validate import Held, Means, held_codes, is_called, own_systems, validate
from cds_service.core.coding import Code
from cds_service.knowledge.load import folder_sources
from tests.codes.releases import NEW, OLD, release
from tests.codes.terminology_stub import terminology_server, told
from tests.knowledge.test_check import TESTS

BOTH = [release(OLD, "2026"), release(NEW, "2027")]
SYSTEM = "http://example.org/codes"


def held(*codes):
    return [Held("rashes", Code(ICD_10_CM, code, OLD.get(code, NEW.get(code, ("?", ())))[0])) for code in codes]


def findings(codes, releases):
    report = validate(codes, Means(releases, {}))
    return {(each.kind, each.code.code, each.said) for each in report.findings}, report


def test_codes_that_are_right_have_no_finding():
    found, report = findings(held("Q00.1", "Q00.21"), BOTH[:1])
    assert found == set()
    assert report.is_right
    assert report.checked == {ICD_10_CM: 2}


def test_a_code_that_is_in_no_release_is_unknown():
    found, report = findings(held("Q00.1", "Z99"), BOTH[:1])
    assert found == {("unknown", "Z99", "")}
    assert not report.is_right


def test_a_code_that_is_called_otherwise_is_told():
    found, report = findings([Held("rashes", Code(ICD_10_CM, "Q01", "Scratch"))], BOTH[:1])
    assert found == {("display", "Q01", "Itch")}
    assert not report.is_right


@pytest.mark.parametrize(
    ("ours", "same"),
    [("rash of  THE arm ", True), ("Rash, of the arm", False), ("Rash of the Arm", True), ("Rash", False)],
)
def test_displays_are_compared_but_for_case_and_spacing(ours, same):
    assert is_called(ours, "Rash of the arm") is same


def test_a_category_is_listed_and_no_mistake():
    found, report = findings(held("Q00.2"), BOTH[:1])
    assert found == {("category", "Q00.2", "Rash of the leg")}
    assert report.is_right


def test_a_new_release_tells_what_it_drops_renames_and_adds_under_the_same_parents():
    found, _ = findings(held("Q00.1", "Q00.22"), BOTH)
    assert found == {
        ("display", "Q00.1", "Rash of the upper arm"),
        ("dropped", "Q00.22", "Rash of the right leg"),
        ("new", "Q00.23", "Rash of the knee"),
        ("new", "Q00.3", "Rash of the ear"),
    }


def test_what_a_set_holds_already_is_not_new_to_it():
    found, _ = findings(held("Q01", "Q01.0"), BOTH)
    assert ("new", "Q01.0", "Itch of the ear") not in found
    assert ("new", "Q01.0", "Itch of the ear") in findings(held("Q01"), BOTH)[0]


def test_each_code_is_told_with_the_years_in_which_it_is_valid():
    report = validate(held("Q00.1", "Q00.22", "Q00.23", "Q01", "Z99"), Means(BOTH, {}))
    assert [(each.code.code, each.years, each.billable) for each in report.validity] == [
        ("Q00.1", ("2026", "2027"), True),
        ("Q00.22", ("2026",), True),
        ("Q00.23", ("2027",), True),
        ("Q01", ("2026", "2027"), False),  # billable until the new release put a code below it
        ("Z99", (), None),
    ]


def others(*pairs):
    return [Held("rashes", Code(SYSTEM, code, display)) for code, display in pairs]


def test_our_own_code_systems_are_looked_up_in_their_files():
    sources = folder_sources(TESTS / "topic" / "plandefinitions", TESTS / "topic" / "valuesets")
    own = own_systems(sources.artifacts)
    (system,) = (each for each in own if each.endswith("/disorder"))
    ours = [Held("v", Code(system, *each)) for each in (("example-rash", "Example rash"), ("rush", "x"))]
    ours.append(Held("v", Code(system, "example-burn", "Fire")))
    report = validate(ours, Means([], own))
    assert [(each.kind, each.code.code) for each in report.findings] == [
        ("unknown", "rush"),
        ("display", "example-burn"),
    ]


def test_codes_of_other_systems_are_counted_as_unchecked_without_a_server():
    report = validate(others(("1", "a"), ("2", "b")), Means([], {}))
    assert report.unchecked == {SYSTEM: (2, "no terminology server was given")}
    assert report.is_right


def test_a_server_is_asked_about_each_code_once():
    answers = {"1": told(result=True), "2": told(result=False, message="no such code")}
    codes = [*others(("1", "a"), ("2", "b")), Held("more", Code(SYSTEM, "2", "b"))]
    with terminology_server(lambda asked: (200, answers[asked["code"]])) as stub:
        report = validate(codes, Means([], {}, Server(stub.url)))
    assert [asked["code"] for asked in stub.asked] == ["1", "2", "2"]  # once with its display, once without
    assert [(each.kind, each.value_set, each.said) for each in report.findings] == [
        ("unknown", "rashes", "no such code"),
        ("unknown", "more", "no such code"),
    ]
    assert (report.checked, report.unchecked) == ({SYSTEM: 3}, {})


def test_a_system_that_the_server_does_not_have_is_asked_about_once():
    with terminology_server(lambda asked: (200, told(result=False, x_unknown_system=SYSTEM))) as stub:
        report = validate(others(("1", "a"), ("2", "b")), Means([], {}, Server(stub.url)))
    assert len(stub.asked) == 1
    assert report.unchecked[SYSTEM][0] == 2
    assert report.checked == {}


def test_codes_of_an_expansion_are_looked_at_too():
    from tests.codes.test_expand import expand, filtered, means, only, topic

    artifact = expand(only(topic(filtered("Q00.2"))), means()).artifact
    assert {each.code.code for each in held_codes([artifact])} == {"RASH-1", "RASH-2", "Q00.2", "Q00.21", "Q00.22"}
