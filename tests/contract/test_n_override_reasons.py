"""N: codings, and the reasons to override a card, over all golden cases."""

import json

from tests.contract.walk import cards

HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"


def reasons(answers):
    found = [each for _, card in cards(answers) for each in card.get("overrideReasons", [])]
    assert len(found) > 500
    return found


def test_N1_every_coding_has_system_code_and_display(answers):
    for each in reasons(answers):
        assert set(each) == {"system", "code", "display"}
        assert all(isinstance(value, str) and value.strip() for value in each.values())
        assert "://" in each["system"]


def test_N2_reasons_are_of_hl7s_code_system_or_of_ours_and_all_are_published(answers, shipped):
    listed = json.loads((shipped.valuesets / "override-reasons.json").read_text())["compose"]["include"]
    ours = json.loads((shipped.valuesets / "codesystem-override-reason.json").read_text())
    published = {(each["system"], concept["code"]) for each in listed for concept in each["concept"]}
    used = {(each["system"], each["code"]) for each in reasons(answers)}
    assert used <= published
    assert {system for system, _ in used} == {HL7, ours["url"]}
    assert {code for system, code in published if system == ours["url"]} == {each["code"] for each in ours["concept"]}


def test_N3_a_reason_is_written_the_same_on_every_card(answers):
    seen = {}
    for each in reasons(answers):
        assert seen.setdefault((each["system"], each["code"]), each["display"]) == each["display"]
    assert len(set(seen.values())) == len(seen)
