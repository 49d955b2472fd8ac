"""Coverage on a small knowledge, where every number can be worked out by hand."""

import json
import sys

import pytest

from cds_service.cases.coverage import find_coverage
from cds_service.cases.removal import Bearers, Member, without
from cds_service.cases.run import run_case
from cds_service.core.coding import Code
from cds_service.core.valueset import Terminology, ValueSet
from cds_service.errors import KnowledgeError
from cds_service.knowledge.check_action import OVERRIDE_REASONS
from cds_service.knowledge.units import UNITS
from tests.cases_tools.conftest import TOPIC
from tests.golden import CASES as CASES_SHIPPED

CASES = TOPIC / "cases"
DISTANCING = "http://cds-service.example.org/fhir/ValueSet/distancing-wording"
SERVICE = "lotion-order-select"


def set_url(name):
    return f"http://example.org/ValueSet/example-{name}"


def used(coverage, kind):
    return {use.member.code.code for each in coverage.sets for use in getattr(each, kind)}


def concept(coverage, code):
    (found,) = [use for each in coverage.sets for use in each.concepts if use.member.code.code == code]
    return found


@pytest.fixture(scope="module")
def found(topic, topic_cases):
    return find_coverage(topic, topic_cases)


def test_the_numbers_worked_out_by_hand(found):
    """Seven sets hold a burn, a height, a lotion, two rashes, a weight, a wound and five units: twelve concepts.

    No case has a weight, a height or the second rash; all doses are written in g/kg and by the day, and the reading of
    a dose asks what a gram is. Nothing is said of a dose in days that would be another without them, or in grams.
    """
    assert len(found.sets) == 7
    assert sum(len(each.concepts) for each in found.sets) == 12
    assert used(found, "exercised") == {"BURN-1", "LOTION-1", "RASH-1", "WOUND-1", "g/kg", "g", "d"}
    assert used(found, "missed") == {"BURN-1", "LOTION-1", "RASH-1", "WOUND-1", "g/kg"}
    assert [each.id for each in found.sets if not each.exercised] == ["example-height", "example-weight"]


def test_every_action_of_the_topic_is_fired_and_shown_silent(found):
    spoken = [each for each in found.actions if not each.is_suggestion]
    assert [each.action for each in spoken] == [
        "example-burn#recommend",
        "example-rash#recommend",
        "example-safety#slip",
        "example-safety#too-high",
        "example-safety#wound",
    ]
    assert all(each.fired_by and each.silent_in for each in spoken)
    offered = [each for each in found.actions if each.is_suggestion]
    assert {each.action for each in offered} == {"example-safety#correct-dose", "example-safety#remove-order"}
    assert all(each.fired_by and each.silent_in is None for each in offered)


def test_who_exercises_and_who_would_miss_a_concept(found):
    assert concept(found, "BURN-1").missed_by == f"{SERVICE}/burn-is-not-recommended"
    second = concept(found, "RASH-2")
    assert (second.exercised_by, second.missed_by) == (None, None)
    day = concept(found, "d")
    assert day.exercised_by is not None
    assert day.missed_by is None


def test_a_case_taken_away_changes_the_numbers(topic, topic_cases):
    left = {name: case for name, case in topic_cases.items() if "burn" not in name}
    found = find_coverage(topic, left)
    assert concept(found, "BURN-1").exercised_by is None
    assert "BURN-1" not in used(found, "missed")
    (burn,) = [each for each in found.actions if each.action == "example-burn#recommend"]
    assert burn.fired_by is None
    assert burn.silent_in is not None


def test_a_record_that_nobody_asks_about_exercises_nothing(topic, topic_cases):
    """The drug is none of the topic's, so its rash and its burn are not looked at; the other wound has healed."""
    name = f"{SERVICE}/another-order-is-silent"
    assert used(find_coverage(topic, {name: topic_cases[name]}), "exercised") == set()
    name = f"{SERVICE}/rash-with-a-healed-wound-is-no-risk"
    assert used(find_coverage(topic, {name: topic_cases[name]}), "exercised") == {"LOTION-1", "RASH-1"}


def test_a_word_that_holds_a_name_off_is_exercised(knowledge):
    """The text says "Polyneuropathy, small fiber neuropathy ruled out"."""
    text = "small fiber neuropathy ruled out"
    (name,) = [name for name, case in CASES_SHIPPED.items() if text in json.dumps(case.request)]
    found = find_coverage(knowledge, {name: CASES_SHIPPED[name]}, only=DISTANCING, quick=True)
    assert {use.member.code.display for use in found.sets[0].exercised} == {"ruled out"}


def test_quick_takes_nothing_out(topic, topic_cases, found):
    quick = find_coverage(topic, topic_cases, quick=True)
    assert used(quick, "exercised") == used(found, "exercised")
    assert used(quick, "missed") == set()
    assert not quick.looked


def test_one_value_set(topic, topic_cases, found):
    only = find_coverage(topic, topic_cases, only=set_url("rash"))
    assert only.sets == tuple(each for each in found.sets if each.url == set_url("rash"))


def test_a_failing_case_is_refused(topic, topic_cases):
    name = f"{SERVICE}/rash-is-recommended"
    wrong = {name: topic_cases[f"{SERVICE}/burn-is-not-recommended"], f"{SERVICE}/b": topic_cases[name]}
    find_coverage(topic, wrong)
    poorer = without(topic, Member(set_url("burn"), Code("http://example.org/codes", "BURN-1", "Example burn")))
    with pytest.raises(KnowledgeError, match="expected 1 card"):
        find_coverage(poorer, wrong)


# What is taken out, and who could tell


def members(knowledge):
    sets = knowledge.terminology.value_sets.values()
    return [Member(each.url, code) for each in sets if each.url != OVERRIDE_REASONS for code in each.names_of]


def test_no_case_fails_that_was_not_asked(topic, topic_cases, found):
    """Every case is run without every concept: what is missed is what coverage says, with no short cut."""
    missed = set()
    for member in members(topic):
        poorer = without(topic, member)
        if any(run_case(poorer, name, case).differences for name, case in topic_cases.items()):
            missed.add(member.code.code)
    assert missed == used(found, "missed")


def test_a_concept_is_taken_out_of_one_set_only(topic):
    code = Code("http://example.org/codes", "RASH-1", "Example rash")
    poorer = without(topic, Member(set_url("rash"), code)).terminology
    assert [each.code for each in poorer.value_sets[set_url("rash")].names_of] == ["RASH-2"]
    assert poorer.value_sets[set_url("burn")] is topic.terminology.value_sets[set_url("burn")]
    assert poorer.units == topic.terminology.units


def test_a_unit_that_is_taken_out_is_not_known_by_any_spelling(topic):
    (gram,) = [each for each in topic.terminology.value_sets[UNITS].names_of if each.code == "g"]
    units = without(topic, Member(UNITS, gram)).terminology.units
    assert topic.terminology.units.find("gram")
    assert units.find("g") is units.find("gram") is None
    assert units.find("mg")


def bearing(terminology, topic_cases, request, member):
    """Return whether a case of this request could tell that a concept is gone."""
    case = next(iter(topic_cases.values()))
    made = type(case)(case.title, case.why, case.today, request)
    return Bearers(terminology, {"x": made}, {}).of(member) == ["x"]


NDC = "http://hl7.org/fhir/sid/ndc"
BORNE = {
    "by code": ({"code": {"coding": [{"system": "s", "code": "A"}]}}, True),
    "by another code of its system, which has two": ({"code": {"coding": [{"system": "s", "code": "C"}]}}, False),
    "by a code of another system": ({"code": {"coding": [{"system": "t", "code": "A"}]}}, False),
    "by name": ({"code": {"text": "Late EXAMPLE-rash, mild"}}, True),
    "by name without its tag": ({"note": ["example rash"]}, True),
    "by half a name": ({"code": {"text": "rash"}}, False),
}


@pytest.mark.parametrize(("request_", "is_borne"), BORNE.values(), ids=BORNE)
def test_who_could_tell(topic_cases, request_, is_borne):
    member = Member("v", Code("s", "A", "Example rash (disorder)"))
    sets = [ValueSet("v", "1", {member.code: (member.code.display,), Code("s", "B", "Other"): ("Other",)})]
    assert bearing(Terminology(sets, {}), topic_cases, request_, member) is is_borne


def test_the_only_concept_of_a_code_system_is_borne_by_every_code_of_it_under_every_name(topic_cases):
    member = Member("v", Code("s", "A", "Rash"))
    terminology = Terminology([ValueSet("v", "1", {member.code: ("Rash",)})], {"urn:oid:1": "s"})
    assert bearing(terminology, topic_cases, {"code": {"system": "urn:oid:1", "code": "Z"}}, member)


def test_a_product_is_borne_by_its_packages(topic_cases):
    member = Member("v", Code(NDC, "44206-436", "Drug"))
    terminology = Terminology([ValueSet("v", "1", {member.code: ("Drug",)})], {})
    assert bearing(terminology, topic_cases, {"coding": [{"system": NDC, "code": "44206043605"}]}, member)


# The command


def test_the_table(run):
    output = run("coverage", "--cases", CASES).output
    assert "actions fired        │ 5/5" in output
    assert "value sets exercised │ 5/7" in output
    assert "concepts exercised   │ 7/12" in output
    assert "concepts missed      │ 5/12" in output
    assert "example-height, example-weight" in output
    assert "│ example-rash   │ 1/2       │ 1/2    │ ████████████░" in output


def test_quick_says_nothing_of_what_is_missed(run):
    output = run("coverage", "--cases", CASES, "--quick").output
    assert "concepts exercised   │ 7/12" in output
    assert "1/2       │ ▒▒▒▒▒▒▒▒▒▒▒▒░" in output
    assert "concepts missed" not in output


def test_the_concepts_of_a_value_set(run):
    output = run("coverage", "--cases", CASES, "--value-set", "example-rash").output
    (second,) = [line for line in output.splitlines() if "RASH-2" in line]
    assert second.count("no case") == 2
    assert "RASH-1" in output


def test_json(run):
    told = json.loads(run("coverage", "--cases", CASES, "--json").output)
    assert told["concepts"] == {"total": 12, "exercised": 7, "missed": 5}
    assert told["valueSets"] == {"total": 7, "exercised": 5}
    assert told["actions"] | {"total": 5, "fired": 5} == told["actions"]
    (rash,) = [each for each in told["sets"] if each["id"] == "example-rash"]
    assert rash["concepts"][1] == {
        "system": "http://example.org/codes",
        "code": "RASH-2",
        "display": "Example rash of the arm",
    }
    quick = json.loads(run("coverage", "--cases", CASES, "--json", "--quick").output)
    assert quick["concepts"] == {"total": 12, "exercised": 7}


def test_a_misspelt_value_set(run):
    result = run("coverage", "--cases", CASES, "--value-set", "exmaple-rash")
    assert result.exit_code == 2
    assert "There is no value set exmaple-rash in which records are looked up. Is it example-rash" in result.output
    assert run("coverage", "--cases", CASES, "--value-set", "override-reasons").exit_code == 2


def test_a_case_that_fails_is_told(run, tmp_path):
    folder = tmp_path / SERVICE
    folder.mkdir()
    case = json.loads((CASES / SERVICE / "rash-is-recommended.json").read_text())
    (folder / "wrong.json").write_text(json.dumps(case | {"cards": []}))
    result = run("coverage", "--cases", tmp_path)
    assert result.exit_code == 1
    assert f"{SERVICE}/wrong.json: -: expected 0 card(s), got 1" in result.output
    (folder / "wrong.json").write_text("{")
    assert run("coverage", "--cases", tmp_path).exit_code == 1


def test_without_cases(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("coverage")
    assert result.exit_code == 2
    assert "Give --cases: there is no folder tests/cases here." in result.output


def test_without_the_extra(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich.console", None)
    result = run("coverage", "--cases", CASES)
    assert result.exit_code == 2
    assert result.output == "This needs rich. Install it: pip install 'cds-service[authoring]'.\n"


def test_help_defines_its_words(run):
    output = " ".join(run("coverage", "--help").output.split())
    assert "cds-service coverage " in output.split("Example")[1]
    assert "A concept is missed when some case" in output
