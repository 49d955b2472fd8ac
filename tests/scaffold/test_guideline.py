"""A new guideline: its blanks cannot pass, and once they are filled it is checked, tested and served with no Python."""

import json
import re
import shutil

import pytest

from cds_service.knowledge.load import load_knowledge
from tests.scaffold.filling import ANSWERS, BASE, check, fill, run, scaffold

CASES = "cases/lotion-order-select"
RECOMMENDED = f"{CASES}/a-patient-with-example-rash-gets-the-recommendation.json"
OTHER_ADVICE = {
    "not-recommended": {"for or": "against", "routine": "urgent", "info": "warning"},
    "consider": {},
    "insufficient-evidence": {},
}


def blanks_in(folder):
    return [blank for path in folder.rglob("*.json") for blank in re.findall(r'"TO-FILL: (.*?)"', path.read_text())]


def read(path):
    return json.loads(path.read_text())


def edit(path, change):
    source = read(path)
    change(source)
    path.write_text(json.dumps(source))


def test_the_check_lists_every_blank_at_once_with_file_path_and_what_belongs_there(tmp_path):
    told = scaffold(tmp_path).output
    blanks = blanks_in(tmp_path)
    assert f"{len(blanks)} blanks are marked TO-FILL" in told
    assert set(blanks) == set(ANSWERS)
    result = check(tmp_path)
    assert result.exit_code == 1
    *lines, count = result.output.splitlines()
    assert count == f"{len(blanks)} problem(s)."
    assert sorted(line.partition("Fix: write ")[2] for line in lines) == sorted(f"{each}." for each in blanks)
    assert (
        "plandefinitions/lotion-example-rash.json: PlanDefinition.action[0].priority: this blank is not filled. "
        "Fix: write routine, or urgent where the statement advises against."
    ) in lines
    assert "lotion-order-select/a-look-alike-is-not-example-rash.json: why.section: this blank is not filled." in str(
        lines
    )


@pytest.mark.parametrize("left", ANSWERS)
def test_one_blank_that_is_left_is_refused_by_itself(tmp_path, left):
    scaffold(tmp_path)
    fill(tmp_path, {belongs: answer for belongs, answer in ANSWERS.items() if belongs != left})
    result = check(tmp_path)
    lines = [line for line in result.output.splitlines()[:-1] if ": cases: no case " not in line]
    assert result.exit_code == 1
    assert lines
    assert all(line.endswith(f"this blank is not filled. Fix: write {left}.") for line in lines)


@pytest.mark.parametrize("hooks", [("order-select",), ("order-sign",), ("order-select", "order-sign")])
def test_a_filled_guideline_passes_with_its_cases_and_answers(tmp_path, make_client, hooks):
    scaffold(tmp_path, *(part for hook in hooks for part in ("--hook", hook)))
    fill(tmp_path)
    checked = check(tmp_path)
    folders = f"{tmp_path / 'plandefinitions'} and {tmp_path / 'valuesets'}"
    told = f"No problems: {5 + len(hooks)} plans, 3 value sets in {folders}, 4 cases.\n"
    assert (checked.exit_code, checked.output) == (0, told)
    name = f"lotion-{hooks[0]}"
    request = read(tmp_path / RECOMMENDED.replace("lotion-order-select", name))["request"]
    client = make_client(load_knowledge(tmp_path / "plandefinitions", tmp_path / "valuesets"))
    assert {each["hook"] for each in client.get("/cds-services").json["services"]} == set(hooks)
    (card,) = client.post(f"/cds-services/{name}", json=request).json["cards"]
    assert (card["summary"], card["indicator"], card["source"]["label"]) == (
        "Lotion is recommended for example rash (2026)",
        "info",
        "Example statement 2026",
    )


def test_a_filled_guideline_is_tried(tmp_path):
    scaffold(tmp_path)
    fill(tmp_path)
    (tmp_path / "request.json").write_text(json.dumps(read(tmp_path / RECOMMENDED)["request"]))
    places = ("--plandefinitions", tmp_path / "plandefinitions", "--valuesets", tmp_path / "valuesets")
    tried = run("try", tmp_path / "request.json", "--service", "lotion-order-select", *places)
    assert tried.exit_code == 0
    assert "INFO: Lotion is recommended for example rash (2026)" in tried.output


@pytest.mark.parametrize("stance", OTHER_ADVICE)
def test_every_stance_can_be_filled_in(tmp_path, stance):
    other = {"recommended, consider": stance, **OTHER_ADVICE[stance]}
    answers = {
        belongs: next((other[start] for start in other if belongs.startswith(start)), answer)
        for belongs, answer in ANSWERS.items()
    }
    scaffold(tmp_path)
    fill(tmp_path, answers)
    if stance == "insufficient-evidence":
        plan = tmp_path / "plandefinitions" / "lotion-example-rash.json"
        edit(plan, lambda source: source["action"][0]["extension"].pop(1))
    assert check(tmp_path).output.startswith("No problems: ")


def test_a_case_that_the_knowledge_does_not_meet_is_still_refused(tmp_path):
    """The cases are no decoration: with the look-alike's code in the set, its case fails."""
    scaffold(tmp_path)
    fill(tmp_path, ANSWERS | dict.fromkeys([each for each in ANSWERS if "code of a look-alike:" in each], "RASH-1"))
    result = check(tmp_path)
    assert result.exit_code == 1
    assert "lotion-order-select/a-look-alike-is-not-example-rash.json: -: " in result.output
    assert "a-patient-with" not in result.output


def test_what_the_options_say_is_no_blank(tmp_path):
    given = {
        "title": "Lotion",
        "statement": "S",
        "label": "s-1",
        "citation": 'A "quoted" title',
        "url": "https://a.example",
    }
    scaffold(tmp_path, *(part for name, text in given.items() for part in (f"--{name}", text)))
    left = set(blanks_in(tmp_path))
    assert len(set(ANSWERS) - left) == len(given)
    (related,) = read(tmp_path / "plandefinitions" / "lotion-example-rash.json")["relatedArtifact"]
    assert related == {
        "type": "derived-from",
        "label": "s-1",
        "display": "S",
        "citation": given["citation"],
        "url": given["url"],
    }


def test_the_base_is_that_of_plans_and_value_sets_and_of_nothing_else(tmp_path):
    scaffold(tmp_path)
    urls = {path.stem: read(path)["url"] for path in tmp_path.rglob("*.json") if "url" in read(path)}
    own = {name for name, url in urls.items() if url.startswith(f"{BASE}/")}
    assert {name for name in urls if name.startswith("lotion-")} == own
    assert {
        urls[name].rpartition("/")[0].removeprefix("http://cds-service.example.org/fhir/") for name in urls.keys() - own
    } == {
        "CodeSystem",
        "ValueSet",
    }


def test_a_second_guideline_shares_what_both_need(tmp_path):
    scaffold(tmp_path)
    fill(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    told = scaffold(tmp_path, name="balm", disorder="example-burn")
    assert told.exit_code == 0
    assert "Left as it was: " in told.output
    assert "Add the code example-burn to the code system of disorders." in told.output
    assert {path: path.read_bytes() for path in before} == before
    answers = {
        belongs: answer.replace("LOTION-1", "BALM-1").replace("RASH-1", "BURN-1") for belongs, answer in ANSWERS.items()
    }
    fill(tmp_path, answers)
    refused = check(tmp_path)
    assert refused.exit_code == 1
    assert "example-burn is no code of http://cds-service.example.org/fhir/CodeSystem/disorder" in refused.output
    (called,) = read(tmp_path / "plandefinitions" / "balm-example-burn.json")["action"][0]["code"][0]["coding"]
    burn = {"code": "example-burn", "display": called["display"]}
    edit(tmp_path / "valuesets" / "codesystem-disorder.json", lambda source: source["concept"].append(burn))
    folders = f"{tmp_path / 'plandefinitions'} and {tmp_path / 'valuesets'}"
    assert check(tmp_path).output == f"No problems: 12 plans, 5 value sets in {folders}, 8 cases.\n"


def test_a_guideline_can_be_added_to_the_shipped_knowledge(tmp_path, shipped):
    """Nothing that is shared is missing there: only the disorder's code is asked for."""
    for name in ("plandefinitions", "valuesets"):
        shutil.copytree(getattr(shipped, name), tmp_path / name)
    scaffold(tmp_path)
    fill(tmp_path)
    refused = run("check", "--plandefinitions", tmp_path / "plandefinitions", "--valuesets", tmp_path / "valuesets")
    (line, count) = refused.output.splitlines()
    assert "example-rash is no code of http://cds-service.example.org/fhir/CodeSystem/disorder" in line
    assert count == "1 problem(s)."


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"name": "Lotion"}, "'Lotion' is no name for files and addresses."),
        ({"name": "../lotion"}, "'../lotion' is no name"),
        ({"name": "lotion_2"}, "'lotion_2' is no name"),
        ({"name": "2-lotion"}, "'2-lotion' is no name"),
        ({"name": "lotion-"}, "'lotion-' is no name"),
        ({"name": "l" * 31}, "at most 30 characters"),
        ({"disorder": "Example Rash"}, "'Example Rash' is no name"),
        ({"disorder": ""}, "'' is no name"),
        ({"disorder": "orders"}, "Two files would be called plandefinitions/lotion-orders.json."),
        ({"disorder": "order-codes"}, "Two files would be called valuesets/lotion-order-codes.json."),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_and_nothing_is_written(tmp_path, arguments, told):
    result = scaffold(tmp_path / "practice", **arguments)
    assert result.exit_code == 2
    assert told in result.output
    assert not (tmp_path / "practice").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--base", "hospital"], "'hospital' is no address."),
        (["--base", "https://hospital.example.org/a b"], "is no address."),
        (["--base", "http://cds-service.example.org/fhir/"], "Use one of your own."),
        (["--url", "doi:10.1"], "'doi:10.1' is no address."),
        (["--hook", "patient-view"], "'patient-view' is not one of"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(tmp_path, options, told):
    result = scaffold(tmp_path / "practice", *options)
    assert result.exit_code == 2
    assert told in result.output
    assert not (tmp_path / "practice").exists()


def test_files_that_are_there_are_not_overwritten(tmp_path):
    scaffold(tmp_path)
    fill(tmp_path)
    moved = tmp_path / "plandefinitions" / "skin" / "lotion-orders.json"
    moved.parent.mkdir()
    (tmp_path / "plandefinitions" / "lotion-orders.json").rename(moved)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    result = scaffold(tmp_path)
    assert result.exit_code == 2
    assert "There already, and not overwritten:" in result.output
    assert "plandefinitions/lotion-orders.json" in result.output
    assert "Choose another name, or another folder." in result.output
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == before


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "plandefinitions").write_text("a file")
    result = scaffold(tmp_path)
    assert result.exit_code == 2
    assert "cannot be written" in result.output


@pytest.mark.parametrize("command", [("new",), ("new", "guideline")])
def test_the_help_has_an_example(command):
    assert "cds-service new guideline" in run(*command, "--help").output.split("Example")[1]
