"""Which knowledge a command is about when nothing names it: what the current folder holds, else the package's."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.__main__ import main
from tests.serving import serving, wait_for

TOPIC = Path(__file__).parent / "topic"
REQUEST = {"hook": "order-select", "hookInstance": "1", "context": {}}
NEW = "new guideline lotion --disorder example-rash --base https://hospital.example.org/fhir".split()
SETTINGS = ("CDS_PLANDEFINITIONS", "CDS_VALUESETS", "CDS_BUNDLE")


def run(*arguments: str):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty current folder, and no setting that names the knowledge."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def own(here) -> Path:
    for name in ("plandefinitions", "valuesets"):
        shutil.copytree(TOPIC / name, here / name)
    return here


@pytest.mark.parametrize(
    "command",
    [
        "check",
        "explain request.json",
        "coverage --cases cases",
        "codes find rash",
        "codes export --csv sheet.csv",
        "codes validate",
        "case new request.json --name a-b-c --cases cases",
        "try request.json",
        "bundle -o knowledge.json",
        "codes add lotion-example-rash --system x --code 1 --display Rash",
    ],
)
def test_commands_look_at_the_blanks_of_a_new_guideline_in_its_folder(here, command):
    assert run(*NEW).exit_code == 0
    (here / "request.json").write_text(json.dumps(REQUEST))
    result = run(*command.split())
    assert result.exit_code == 1
    assert "this blank is not filled" in result.output
    assert not (here / "knowledge.json").exists()
    assert not (here / "sheet.csv").exists()


def test_the_check_says_that_it_looked_at_the_folders_here(own):
    assert run("check").output == "No problems: 4 plans, 8 value sets in ./plandefinitions and ./valuesets.\n"


def test_the_check_names_the_cases_as_well(own):
    shutil.copytree(TOPIC / "cases", own / "cases")
    told = run("check", "--cases", "cases").output
    assert told == "No problems: 4 plans, 8 value sets in ./plandefinitions and ./valuesets, 12 cases.\n"


@pytest.mark.parametrize("lonely", [(), ("plandefinitions",), ("valuesets",)])
def test_without_both_folders_it_is_the_knowledge_of_the_package(here, lonely):
    for name in lonely:
        shutil.copytree(TOPIC / name, here / name)
    told = run("check").output
    assert told.startswith("No problems: ")
    assert told.endswith(" of the package.\n")


def test_a_setting_goes_before_the_folders_here(own, monkeypatch, root):
    monkeypatch.setenv("CDS_PLANDEFINITIONS", str(root / "plandefinitions"))
    monkeypatch.setenv("CDS_VALUESETS", str(root / "valuesets"))
    assert run("check").output.endswith(" of the package.\n")


def test_a_setting_or_option_of_a_bundle_goes_before_the_folders_here(own, monkeypatch, tmp_path):
    assert run("bundle", "-o", tmp_path / "knowledge.json").exit_code == 0
    (own / "plandefinitions" / "example-rash.json").unlink()
    file = str(tmp_path / "knowledge.json")
    assert run("check", "--bundle", file).output == f"No problems: 4 plans, 8 value sets in {file}.\n"
    monkeypatch.setenv("CDS_BUNDLE", file)
    assert run("check").output == f"No problems: 4 plans, 8 value sets in {file}.\n"


def test_options_go_before_the_folders_here(own, root):
    given = [f"--{name}={root / name}" for name in ("plandefinitions", "valuesets")]
    assert run("check", *given).output.endswith(" of the package.\n")


ADD = "codes add example-rash --system codes --code RASH-3 --display Itch --date 2026-11-22".split()


def test_codes_are_edited_in_the_folders_here(own):
    result = run(*ADD)
    assert result.exit_code == 0, result.output
    assert "RASH-3" in (own / "valuesets" / "example-rash.json").read_text()


def test_codes_of_the_package_are_not_edited_without_being_named(here, root):
    before = {path: path.read_bytes() for path in (root / "valuesets").glob("*.json")}
    result = run(*ADD)
    assert result.exit_code == 2
    assert "Say which folders to edit" in result.output
    assert before == {path: path.read_bytes() for path in (root / "valuesets").glob("*.json")}


def test_codes_of_a_package_below_the_current_folder_are_not_edited(here, root):
    """A program that is installed in a .venv of the current folder is no knowledge of that folder."""
    package = here / ".venv"
    for name in ("cds_service", "plandefinitions", "valuesets"):
        shutil.copytree(root / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {"PATH": "", "PYTHONPATH": str(package)}
    add = "codes add cidp --system icd-10-cm --code G61.82 --display Neuropathy --dry-run".split()
    command = [sys.executable, "-m", "cds_service", *add]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Say which folders to edit" in done.stderr


def test_serving_is_the_same_in_every_folder_and_says_what_is_not_served(own, root):
    with serving(root, own) as (base, _):
        wait_for(base)
    told = (own / "log").read_text()
    assert "Serving ivig-order-select, ivig-order-sign at" in told
    assert told.count("\nNote: ") + told.startswith("Note: ") == 1
    assert "Note: the knowledge of the package is served, and not ./plandefinitions and ./valuesets." in told


def test_serving_the_folders_here_needs_no_note(own, root):
    folders = [f"--{name}={own / name}" for name in ("plandefinitions", "valuesets")]
    with serving(root, own, *folders) as (base, _):
        wait_for(base)
    assert "Note: " not in (own / "log").read_text()
