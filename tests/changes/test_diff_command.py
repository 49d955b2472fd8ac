"""cds-service diff on real folders, Bundles and git repositories: what is printed, exit codes, no traceback."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from cds_service.__main__ import main
from cds_service.knowledge.bundle import to_bundle
from tests.changes.lotion import OLD, concepts, copy_of_topic, edit_file, edit_plan, flip_stance

CASE = "lotion-order-select/rash-is-recommended"
SAME = "Both sides hold the same artifacts, so nothing was asked of them."


def diff(*arguments):
    return CliRunner().invoke(main, ["diff", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def old(tmp_path):
    return copy_of_topic(tmp_path / "old")


@pytest.fixture
def new(tmp_path):
    return copy_of_topic(tmp_path / "new")


@pytest.fixture
def flipped(new):
    edit_plan(new, "example-rash", flip_stance)
    return new


def git(folder, *arguments):
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository whose first commit holds the topic, below knowledge/ as well, and whose second flips a stance."""
    folder = copy_of_topic(tmp_path / "repository")
    copy_of_topic(folder / "knowledge")
    (folder / ".gitattributes").write_text("cases export-ignore\n")
    git(folder, "init", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "one")
    git(folder, "tag", "v1")
    edit_plan(folder, "example-rash", flip_stance)
    git(folder, "commit", "-am", "two")
    monkeypatch.chdir(folder)
    return folder


def test_equal_sides_are_not_asked_and_exit_0(old, new):
    result = diff(old, new)
    assert result.exit_code == 0
    assert "Behaviour: the same." in result.output
    assert SAME in " ".join(result.output.split())


def test_a_wording_that_no_case_shows_exits_0(old, new):
    edit_plan(new, "example-rash", lambda plan: plan.update(description="What is said of rash."))
    result = diff(old, new, "--markdown")
    assert result.exit_code == 0
    assert "Behaviour: no card changed in 12 case(s)." in result.output
    assert "Description of the plan" in result.output


def test_changed_answers_exit_3_and_are_told(old, flipped):
    result = diff(old, flipped, "--markdown")
    assert result.exit_code == 3
    lines = result.output.splitlines()
    assert lines[0] == f"# What changes from {old} to {flipped}".replace("_", "\\_")
    assert "- **Behaviour: 10 card(s) changed in 10 of 12 case(s) (10 change).**" in lines
    assert "### Lotion is recommended for example rash: Class I (2026) (PlanDefinition/example-rash)" in lines
    assert "| Stance | <del>Recommended</del> | <ins>Not recommended</ins> |" in lines
    assert any(line.startswith("| Stance of example-rash | <del>recommended</del> |") for line in lines)
    order = ("## Behaviour", "## What is advised, and for whom", "## To mend before this is signed")
    assert [line for line in lines if line in order] == list(order)
    assert "- **To mend before this is signed: 1 version(s), listed below.**" in lines


def test_a_case_of_the_new_side_that_is_not_met_exits_3(old, new):
    """Nothing is answered otherwise; the expectation of the case is what changed."""
    edit_plan(new, "example-rash", lambda plan: plan.update(publisher="somebody"))
    edit_file(new / "cases" / f"{CASE}.json", lambda case: case["cards"][0].update(indicator="critical"))
    result = diff(old, new, "--markdown")
    assert result.exit_code == 3
    assert "that it does not meet: 1." in result.output
    assert f"| {CASE} | indicator: expected critical, got info |" in result.output


def test_the_tables_say_the_same_in_a_terminal(old, flipped):
    result = diff(old, flipped)
    assert result.exit_code == 3
    text = " ".join(result.output.split())
    assert "10 card(s) changed in 10 of 12 case(s)" in text
    assert "Not recommended" in text
    assert "What is advised, and for whom" in text


def test_json_holds_all_of_it(old, flipped):
    result = diff(old, flipped, "--json")
    sheet = json.loads(result.output)
    assert result.exit_code == 3
    assert (sheet["asked"], sheet["differing"], sheet["cards"], sheet["behavesOtherwise"]) == (
        12,
        10,
        {"changes": 10},
        True,
    )
    assert {
        "artifact": "PlanDefinition/example-rash",
        "title": "Lotion is recommended for example rash: Class I (2026)",
        "kind": "stance",
        "section": "advice",
        "what": "Stance",
        "old": "Recommended",
        "new": "Not recommended",
    } in sheet["changes"]


def test_a_bundle_is_a_side_and_the_cases_beside_it_are_asked(old, flipped):
    (old / "old.json").write_bytes(to_bundle(OLD.artifacts))
    result = diff(old / "old.json", flipped, "--markdown")
    assert result.exit_code == 3
    assert "in 10 of 12 case(s)" in result.output


def test_cases_of_one_folder_can_be_named_for_both(tmp_path, flipped):
    bare = copy_of_topic(tmp_path / "bare", with_cases=False)
    assert "in 10 of 12 case(s)" in diff(bare, flipped, "--cases", flipped / "cases", "--markdown").output


def test_without_any_case_it_says_that_behaviour_was_not_compared(tmp_path):
    one, other = (copy_of_topic(tmp_path / name, with_cases=False) for name in ("one", "other"))
    edit_plan(other, "example-rash", flip_stance)
    result = diff(one, other, "--markdown")
    assert result.exit_code == 0
    assert "Behaviour: not compared. No golden case was found beside either side" in result.output


def test_requests_are_asked_and_of_them_only_the_file_name_is_printed(tmp_path, old, flipped):
    folder = tmp_path / "recorded"
    folder.mkdir()
    request = json.loads((old / "cases" / f"{CASE}.json").read_text())["request"]
    text = json.dumps(request).replace("p1", "jane-1970").replace("c1", "jane-c1")
    (folder / "call.json").write_text(text)
    (folder / "broken.json").write_text("{jane-doe")
    edit_plan(flipped, "example-rash", lambda plan: plan["action"][0].update(description="Said otherwise."))
    for how in ("--markdown", "--json"):
        result = diff(old, flipped, "--requests", folder, "--today", "2026-11-22", how)
        assert result.exit_code == 1, "answers differ, and one request could not be asked"
        assert "call.json (lotion-order-select)" in result.output
        assert "broken.json" in result.output
        assert "jane" not in result.output


def test_a_request_that_could_not_be_asked_does_not_hide_behind_answers_that_differ(tmp_path, old, flipped):
    folder = tmp_path / "recorded"
    folder.mkdir()
    request = json.loads((old / "cases" / f"{CASE}.json").read_text())["request"]
    (folder / "call.json").write_text(json.dumps(request))
    arguments = old, flipped, "--requests", folder, "--today", "2026-11-22", "--markdown"
    assert diff(*arguments).exit_code == 3
    (folder / "refused.json").write_text(json.dumps(request | {"prefetch": {}}))
    assert diff(*arguments).exit_code == 1, "refused by both sides"
    (folder / "refused.json").write_text("{")
    assert diff(*arguments).exit_code == 1, "not read"


def test_a_revision_is_held_against_the_current_folder(repository):
    result = diff("v1", "HEAD", "--markdown")
    assert result.exit_code == 3
    assert "in 10 of 12 case(s)" in result.output
    assert diff("v1", "v1").exit_code == 0
    assert diff("HEAD", ".").exit_code == 3, "nothing differs, and yet a case is not met"


def test_a_folder_of_a_revision_is_a_side(repository, monkeypatch):
    result = diff("HEAD:knowledge", "HEAD", "--json")
    assert json.loads(result.output)["differing"] == 10
    assert diff("v1", "HEAD:knowledge").exit_code == 0
    monkeypatch.chdir(repository / "knowledge")
    assert diff("HEAD", ".").exit_code == 0


def test_the_repository_is_left_as_it_was(repository):
    before = sorted(repository.rglob("*"))
    diff("v1", ".")
    assert sorted(repository.rglob("*")) == before
    done = subprocess.run(["git", "status", "--porcelain"], cwd=repository, check=True, capture_output=True)
    assert done.stdout == b""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "'nowhere' is neither a folder, nor a Bundle file, nor a revision of this git repository."),
        ("--output=x", "'--output=x' is neither a folder"),
        ("HEAD:nowhere", "git cannot read it: "),
        ("HEAD:../..", "git cannot read it: "),
    ],
)
def test_a_side_that_is_not_there_exits_2(repository, name, said):
    result = diff("--", name, "HEAD")
    assert result.exit_code == 2
    assert said in result.output
    assert "OLD: " in result.output
    assert not (repository / "x").exists()


def test_an_option_is_no_revision(repository):
    result = diff("--output=x", "HEAD")
    assert result.exit_code == 2
    assert "No such option" in result.output


def test_outside_of_a_repository_it_says_so(tmp_path, monkeypatch, old):
    monkeypatch.chdir(tmp_path)
    result = diff("HEAD", old)
    assert result.exit_code == 2
    assert "not a git repository" in result.output


def test_without_git_it_says_so(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    result = diff("v1", ".")
    assert result.exit_code == 2
    assert "git is not installed" in result.output


def test_problems_of_both_sides_are_listed_with_the_side(old, new):
    edit_plan(old, "example-rash", lambda plan: plan.pop("version"))
    edit_plan(new, "example-burn", lambda plan: plan["action"][0].update(priority="asap"))
    (new / "cases" / f"{CASE}.json").write_text("{")
    result = diff(old, new)
    assert result.exit_code == 1
    assert f"OLD ({old}): plandefinitions/example-rash.json: PlanDefinition.version: " in result.output
    place = "PlanDefinition.action[0].priority (recommend)"
    assert f"NEW ({new}): plandefinitions/example-burn.json: {place}: " in result.output
    assert f"NEW ({new}): {CASE}.json: " in result.output
    assert "3 problem(s)." in result.output


def test_a_case_that_cannot_be_read_is_a_problem_of_its_side(old, new):
    (new / "cases" / f"{CASE}.json").write_text("{")
    result = diff(old, new)
    assert result.exit_code == 1
    assert f"NEW ({new}): {CASE}.json: " in result.output


def test_a_folder_without_knowledge_is_a_side_with_problems(tmp_path, old):
    (tmp_path / "empty").mkdir()
    result = diff(old, tmp_path / "empty")
    assert result.exit_code == 1
    assert "there is no such folder" in result.output


def test_markdown_and_json_at_once_are_refused(old, new):
    result = diff(old, new, "--markdown", "--json")
    assert result.exit_code == 2
    assert "not both" in result.output


def test_without_rich_the_tables_say_what_to_install_and_markdown_does_without(old, flipped, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.delitem(sys.modules, "cds_service.commands.diff_tables", raising=False)
    result = diff(old, flipped)
    assert result.exit_code == 2
    install = "This needs rich. Install it: pip install 'cds-service[authoring]'."
    assert result.output == f"{install} --markdown and --json do without.\n"
    assert diff(old, flipped, "--markdown").exit_code == 3


def test_the_help_says_the_exit_codes_and_an_example():
    output = diff("--help").output
    assert "Exit code 0: " in output
    words = " ".join(output.split())
    assert "1: a side has problems, or a request could not be asked, whether answers differ or not;" in words
    assert "3: answers differ" in words
    assert "cds-service diff HEAD ." in output


def test_a_long_table_is_cut_in_a_terminal_and_says_so(old, new):
    more = [{"code": f"X-{i}", "display": f"Rash {i}"} for i in range(30)]
    edit_file(new / "valuesets" / "example-rash.json", lambda them: concepts(them).extend(more))
    result = diff(old, new)
    assert "X-19" in result.output
    assert "X-20" not in result.output
    assert "and 10 more: --json gives all." in result.output


def test_an_edit_that_no_case_exercises_is_told_first_and_with_what_it_fires(old, new):
    row = {"code": "RASH-3", "display": "Example rash of the leg"}
    edit_file(new / "valuesets" / "example-rash.json", lambda them: concepts(them).append(row))
    result = diff(old, new, "--markdown")
    assert result.exit_code == 0
    assert "Behaviour: no card changed in 12 case(s)." in result.output
    assert "- **Exercised by no case: 1 of 1 change(s) of advice and wording, listed below." in result.output
    _, _, listed = result.output.partition("## Exercised by no case")
    assert "RASH-3 Example rash of the leg | alone: example-rash, recommend: recommended, Class I |" in listed
    found = json.loads(diff(old, new, "--json").output)["exercise"]
    assert (found["judged"], len(found["unexercised"])) == (1, 1)
