"""Every checker is shown failing: each folder of knowledge_problems breaks the example topic in one way.

A folder holds only the files that differ from tests/topic; expected.json lists the problems that must be reported, and
under `without` the files of the topic that are left out. `not_yet` says why a problem is not found so far.
"""

import json
import shutil
from pathlib import Path

import pytest

from cds_service.errors import KnowledgeError
from cds_service.knowledge.load import load_knowledge

TESTS = Path(__file__).parent.parent
PROBLEMS = sorted(path.parent for path in (TESTS / "knowledge_problems").glob("*/expected.json"))


def copy_of_topic(folder):
    for name in ("plandefinitions", "valuesets"):
        shutil.copytree(TESTS / "topic" / name, folder / name, dirs_exist_ok=True)
    return folder


def load(folder):
    return load_knowledge(folder / "plandefinitions", folder / "valuesets")


def problems_of(folder):
    with pytest.raises(KnowledgeError) as refused:
        load(folder)
    return refused.value.problems


def marked(path):
    expected = json.loads((path / "expected.json").read_text())
    marks = [pytest.mark.xfail(strict=True, reason=expected["not_yet"])] if "not_yet" in expected else []
    return pytest.param(path, expected, id=path.name, marks=marks)


@pytest.mark.parametrize(("path", "expected"), [marked(path) for path in PROBLEMS])
def test_each_problem_is_reported_with_its_file_and_nothing_else_is(path, expected, tmp_path):
    copy_of_topic(tmp_path)
    shutil.copytree(path, tmp_path, dirs_exist_ok=True)
    for name in expected.get("without", []):
        (tmp_path / name).unlink()
    left = list(problems_of(tmp_path))
    for each in expected["problems"]:
        hits = [problem for problem in left if problem.file == each["file"] and each["reason"] in problem.reason]
        assert hits, f"not reported: {each}; reported: {[str(problem) for problem in left]}"
        left.remove(hits[0])
    assert left == []


@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: path.name)
def test_each_folder_differs_from_the_topic(path):
    files = [file for file in path.rglob("*.json") if file.name != "expected.json"]
    differing = [file for file in files if differs(file, TESTS / "topic" / file.relative_to(path))]
    assert files
    assert differing == files


def differs(file, original):
    return not original.exists() or file.read_bytes() != original.read_bytes()


def test_the_unbroken_topic_loads(tmp_path):
    assert set(load(copy_of_topic(tmp_path)).services) == {"lotion-order-select"}


def test_the_shipped_knowledge_loads(knowledge):
    assert set(knowledge.services) == {"ivig-order-select", "ivig-order-sign"}


def test_a_problem_says_where_it_is_why_and_what_to_do(tmp_path):
    copy_of_topic(tmp_path)
    path = tmp_path / "plandefinitions" / "example-rash.json"
    path.write_text(path.read_text().replace('"routine"', '"asap"'))
    (problem,) = problems_of(tmp_path)
    place = "PlanDefinition.action[0].priority (recommend)"
    assert (problem.file, problem.path) == ("plandefinitions/example-rash.json", place)
    assert str(problem) == f"{problem.file}: {problem.path}: {problem.reason} Fix: use routine, urgent or stat."


def test_a_folder_that_is_not_there_or_empty_is_reported(tmp_path):
    copy_of_topic(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(KnowledgeError) as refused:
        load_knowledge(tmp_path / "nowhere", tmp_path / "empty")
    reasons = [(Path(problem.file).name, problem.reason) for problem in refused.value.problems]
    assert reasons == [
        ("empty", "the folder holds no .json file."),
        ("nowhere", "there is no such folder."),
    ]


def test_a_code_that_another_element_tells_apart_may_stand_in_both_sets(tmp_path):
    """The conflict check asks the plans themselves, so a second test in the condition resolves it."""
    copy_of_topic(tmp_path)
    shutil.copytree(TESTS / "knowledge_problems" / "one-code-fires-for-and-against", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "plandefinitions" / "example-burn.json"
    rash = "code.memberOf('http://example.org/ValueSet/example-rash').not()"
    path.write_text(path.read_text().replace("example-burn')).exists()", f"example-burn') and {rash}).exists()"))
    assert load(tmp_path).services


@pytest.mark.parametrize("version", ["", None])
def test_an_element_without_a_value_is_told_once_and_in_one_line(tmp_path, version):
    copy_of_topic(tmp_path)
    path = tmp_path / "valuesets" / "example-rash.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": version}))
    problems = problems_of(tmp_path)
    assert [(each.path, each.reason) for each in problems if each.file == "valuesets/example-rash.json"] == [
        ("ValueSet.version", "not valid FHIR R4: null or empty.")
    ]


def test_every_problem_is_one_line(tmp_path):
    copy_of_topic(tmp_path)
    wrong = {"version": "\x0b", "name": "\x0b", "title": "\x0b", "date": "soon", "status": "a b\n", "publisher": ["\n"]}
    for path in sorted((tmp_path / "valuesets").glob("*.json")):
        path.write_text(json.dumps(json.loads(path.read_text()) | wrong))
    problems = problems_of(tmp_path)
    assert any("pattern" in each.reason for each in problems)
    assert [str(each).splitlines() for each in problems] == [[str(each)] for each in problems]
    assert not any(".." in each.reason for each in problems)


def test_every_path_is_written_in_one_way(tmp_path):
    """What is read, what is not interpreted and what breaks a rule: the FHIR path, and the action by its id."""
    copy_of_topic(tmp_path)
    path = tmp_path / "plandefinitions" / "example-safety.json"
    plan = json.loads(path.read_text())
    risk = plan["action"][0]["action"][0]
    path.write_text(json.dumps(plan | {"version": None}))
    assert [each.path for each in problems_of(tmp_path)] == ["PlanDefinition.version"]
    del plan["version"], risk["description"]
    risk["condition"][0]["kind"] = "stop"
    path.write_text(json.dumps(plan))
    assert [each.path for each in problems_of(tmp_path)] == [
        f"PlanDefinition.action[0].action[0].condition[0].kind ({risk['id']})",
        f"PlanDefinition.action[0].action[0].description ({risk['id']})",
        "PlanDefinition.version",
    ]
