"""Where a code or a name is used, on the second topic and on the shipped knowledge."""

import json

import pytest

from cds_service.codes.find import find_concepts

RASH = "http://example.org/codes"


@pytest.fixture(scope="module")
def find(sources, knowledge):
    return lambda text: find_concepts(text, sources, knowledge)


def told(found):
    return [(each.code.code, each.value_set, each.how) for each in found]


def test_a_code_is_found_with_what_it_fires(place):
    result = place.run("find", "RASH-1")
    assert result.exit_code == 0
    assert result.output.split("\n\n")[0].splitlines() == [
        f"RASH-1  Example rash  ({RASH})",
        "  also: Red spots",
        "  in example-rash 1, Rash",
        "    alone: example-rash 1.0.0, recommend: recommended, Class I",
    ]


def test_a_risk_is_named_by_its_key_and_a_dose_as_such(place):
    assert "alone: example-safety 1.0.0, wound: risk example-wound" in place.run("find", "WOUND-1").output
    assert "    example-safety 1.0.0, dose: reads the dose" in place.run("find", "WEIGHT-1").output


def test_what_no_action_asks_says_so(place):
    assert "    no action asks about it" in place.run("find", "SEEN").output


@pytest.mark.parametrize(("text", "codes"), [("rash1", ["RASH-1"]), ("EXAMPLE   rash!", ["RASH-1", "RASH-2"])])
def test_dots_case_and_punctuation_do_not_count(place, text, codes):
    found = json.loads(place.run("find", text, "--json").output)
    assert [each["code"] for each in found] == codes


def test_json_holds_all_of_it(place):
    (found,) = json.loads(place.run("find", "red spots", "--json").output)
    assert found == {
        "system": RASH,
        "code": "RASH-1",
        "display": "Example rash",
        "designations": ["Red spots"],
        "how": "name",
        "valueSet": {"id": "example-rash", "version": "1", "title": "Rash"},
        "uses": [
            {
                "plan": "example-rash",
                "version": "1.0.0",
                "action": "recommend",
                "does": "recommended, Class I",
                "stance": "recommended",
                "evidenceClass": "I",
                "disorder": "example-rash",
                "part": "condition",
                "roles": ["alone"],
            }
        ],
    }


@pytest.mark.parametrize("text", ["no such thing", "%%", " "])
def test_nothing_found_says_so_and_exits_1(place, text):
    assert place.refused("find", text) == f"No value set holds {text!r} as a code or in a name.\n"
    assert place.refused("find", text, "--json") == "[]\n"


def test_an_exact_code_comes_before_one_written_otherwise_and_before_a_name(find):
    found = find("g6181")
    assert {each.how for each in found} == {"code, written otherwise"}
    assert {each.code.code for each in found} == {"G61.81"}
    exact = find("G61.81")
    assert [each.how for each in exact] == ["code"] * len(found)
    hows = [each.how for each in find("MG")]
    assert hows == sorted(hows, key=["code", "code, written otherwise", "name"].index)


def test_another_form_of_a_drug_code_is_the_same_product(find):
    packaged = told(find("00944-2700-02"))
    assert packaged == [(code, name, "code, written otherwise") for code, name, _ in told(find("0944-2700"))]
    assert len(packaged) > 1


def test_what_a_note_of_a_card_asks_is_told_as_such(find):
    uses = {(use.plan.id, use.action.id): use.does for each in find("0944-2700") for use in each.uses}
    assert uses["dose-remarks", "remarks"] == "a note of the card"


def test_diagnoses_that_fire_only_together_or_hold_off_say_so(find):
    def roles(code, value_set):
        uses = [use for each in find(code) if each.value_set == value_set for use in each.uses]
        return {(use.plan.id, use.action.id): use.roles for use in uses}

    assert roles("I10", "hypertension")["thrombosis-risks", "thrombosis-risk"] == ("only together",)
    (distant,) = {use.roles for each in find("rule out") for use in each.uses if use.plan.id == "cidp"}
    assert distant == ("holds off",)
