"""A hospital's own repository, as docs/hospital-repository.md says: JSON and YAML only, and the installed wheel."""

import json
import re
import shlex
import subprocess

import pytest
import yaml

from tests.guards.installed import environment, install
from tests.scaffold.filling import fill
from tests.walks.steps import FENCE

SAVED = re.compile(r"^\*\*Save as `([^`]+)`:\*\*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INSTALL = "pip install -r requirements.txt"
WORKFLOW = ".github/workflows/knowledge.yml"


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "hospital-repository.md").read_text()


@pytest.fixture(scope="module")
def commands(page):
    """What the steps of the workflow run, without the installation, which the wheel stands in for."""
    workflow = yaml.safe_load(dict(SAVED.findall(page))[WORKFLOW])
    run = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    assert run.pop(0) == INSTALL
    assert all(each.startswith("cds-service ") for each in run)
    return run


class Repository:
    """The repository in its folder, and the programs that are installed."""

    def __init__(self, folder, programs):
        self.folder, self.environment = folder, environment(programs)

    def shell(self, command):
        """Run a command as the workflow's shell does."""
        shell = ["bash", "-e", "-c", command]
        return subprocess.run(shell, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)

    def done(self, command):
        result = self.shell(command)
        assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
        return result.stdout

    def edit(self, name, this, by_this):
        path = self.folder / name
        assert this in path.read_text()
        path.write_text(path.read_text().replace(this, by_this))


@pytest.fixture(scope="module")
def repository(page, wheel_file, tmp_path_factory):
    """The repository, with the files and the guideline of the page; its blanks are not filled yet."""
    folder = tmp_path_factory.mktemp("hospital") / "knowledge"
    folder.mkdir()
    made = Repository(folder, install(wheel_file, folder.parent / "installed"))
    for name, text in SAVED.findall(page):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (begin,) = [text for _, language, text in FENCE.findall(page) if language == "sh" and " new " in text]
    made.done("git init --quiet --initial-branch main")
    made.done(begin.removeprefix(f"{INSTALL}\n"))
    return made


def test_the_pull_request_is_guarded_from_the_first_blank_to_a_broken_code(repository, commands, offered):
    check = commands[0]
    hook = shlex.join([*shlex.split(offered["entry"]), *offered["args"]])
    unfilled = repository.shell(check)
    assert unfilled.returncode == 1
    assert "this blank is not filled" in unfilled.stderr

    fill(repository.folder)
    repository.done("git add . && git -c user.name=A -c user.email=a@example.org commit --quiet -m Lotion")
    tracked = repository.done("git ls-files").split()
    assert {name.rpartition(".")[2] for name in tracked} == {"json", "yaml", "yml", "txt"}
    told = [repository.done(command) for command in commands]
    assert told[0] == "No problems: 6 plans, 3 value sets in ./plandefinitions and ./valuesets, 4 cases.\n"
    assert json.loads((repository.folder / "knowledge.json").read_text())["resourceType"] == "Bundle"
    repository.done(hook)

    repository.edit("valuesets/lotion-example-rash.json", "RASH-1", "RASH-2")
    broken = repository.shell(hook)
    assert broken.returncode == 1
    assert "a-patient-with-example-rash-gets-the-recommendation.json: -: " in broken.stderr
    repository.edit("valuesets/lotion-example-rash.json", '"code"', '"kode"')
    refused = repository.shell(check)
    assert refused.returncode == 1
    assert "valuesets/lotion-example-rash.json: ValueSet.compose.include[0].concept[0]" in refused.stderr


@pytest.fixture(scope="module")
def offered(root):
    """The hook that the page's .pre-commit-config.yaml names."""
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())
    return hook


def test_the_programs_are_those_of_the_wheel(repository, root):
    where = repository.done("python -c 'import cds_service; print(cds_service.__file__)'")
    assert str(repository.folder.parent / "installed") in where
    assert str(root) not in where


def test_the_page_names_the_hook_that_is_offered_and_one_version(page, offered):
    saved = dict(SAVED.findall(page))
    (repo,) = yaml.safe_load(saved[".pre-commit-config.yaml"])["repos"]
    assert [each["id"] for each in repo["hooks"]] == [offered["id"]]
    assert re.fullmatch(r"cds-service==(\S+)\n", saved["requirements.txt"])[1] == repo["rev"].removeprefix("v")


def test_the_shell_runs_what_the_workflow_runs(page, commands):
    (shell,) = [text for _, language, text in FENCE.findall(page) if language == "sh" and text.startswith("set -e\n")]
    assert shell.splitlines() == ["set -e", INSTALL, *commands]


def test_the_layout_is_the_one_that_is_made(page, repository):
    layout = next(text for _, language, text in FENCE.findall(page) if language == "text")
    told = {line.split()[0].partition("/<")[0].rstrip("/") for line in layout.splitlines()}
    files = [path.relative_to(repository.folder) for path in repository.folder.rglob("*") if path.is_file()]
    made = {each.parts[0] if each.suffix == ".json" and len(each.parts) > 1 else str(each) for each in files}
    assert told == {each for each in made if not each.startswith((".git/", "knowledge.json"))}
