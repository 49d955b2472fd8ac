"""The command line: what is printed, and exit codes."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service import __version__
from cds_service.__main__ import main
from tests.requests import ASPIRIN, condition, order, request


@pytest.fixture
def loaded(monkeypatch, knowledge):
    """The knowledge is loaded once for the tests that are about something else."""
    monkeypatch.setattr("cds_service.commands.options.build_knowledge", lambda *_: knowledge)


def run(*arguments: str, **more):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False, **more)


def write(path: Path, body: object) -> Path:
    path.write_text(json.dumps(body))
    return path


def test_version():
    assert run("--version").output == f"cds-service, version {__version__}\n"


@pytest.mark.parametrize("command", [(), ("serve",), ("check",), ("try",)])
def test_every_help_has_an_example(command):
    output = run(*command, "--help").output
    assert "Example" in output
    assert "cds-service " in output.split("Example")[1]


def change(path: Path, edit) -> None:
    artifact = json.loads(path.read_text())
    edit(artifact)
    write(path, artifact)


def first_concept(value_set: dict) -> dict:
    return value_set["compose"]["include"][0]["concept"][0]


def test_check_is_silent_about_good_knowledge(root):
    result = run("check", "--plandefinitions", root / "plandefinitions", "--valuesets", root / "valuesets")
    assert result.exit_code == 0
    assert result.output.startswith("No problems: ")


def test_check_lists_every_problem_and_exits_1(tmp_path, root):
    for name in ("plandefinitions", "valuesets"):
        shutil.copytree(root / name, tmp_path / name)
    (tmp_path / "valuesets" / "cidp.json").write_text("{")
    (tmp_path / "plandefinitions" / "broken.json").write_text('{"resourceType": "Patient"}')
    (tmp_path / "valuesets" / "ibm.json").unlink()
    change(tmp_path / "valuesets" / "lems.json", lambda found: first_concept(found).pop("display"))
    change(tmp_path / "valuesets" / "mmn.json", lambda found: found.update(immutable=True))
    result = run("check", "--plandefinitions", tmp_path / "plandefinitions", "--valuesets", tmp_path / "valuesets")
    assert result.exit_code == 1
    assert "valuesets/cidp.json: -: not readable as JSON" in result.output
    assert "plandefinitions/broken.json: resourceType: 'Patient' does not belong here." in result.output
    assert "Fix: " in result.output
    assert "valuesets/lems.json: ValueSet.compose.include[0].concept[0]: " in result.output
    assert "valuesets/mmn.json: ValueSet.immutable: not interpreted" in result.output
    place = "PlanDefinition.action[0].condition (recommend)"
    assert f"plandefinitions/ivig-neuromuscular/ibm.json: {place}: the value set" in result.output
    assert "ValueSet/cidp is not loaded" not in result.output, "it cannot be read, which is said already"


def test_check_with_cases_says_which_expectation_is_not_met_and_what_is_not_covered(tmp_path, loaded):
    case = {
        "title": "t",
        "why": {"statement": "s", "section": "s", "says": "s"},
        "today": "2026-11-22",
        "request": request(condition("G61.81")),
        "cards": [],
    }
    folder = tmp_path / "ivig-order-select"
    folder.mkdir()
    write(folder / "wrong.json", case)
    write(folder / "misspelt.json", case | {"card": []})
    result = run("check", "--cases", tmp_path)
    assert result.exit_code == 1
    assert "ivig-order-select/wrong.json: -: expected 0 card(s), got 1" in result.output
    assert "ivig-order-select/misspelt.json: -: Object contains unknown field `card`" in result.output
    assert "mmn#recommend: cases: no case makes this action fire." in result.output
    assert "mmn#recommend: cases: no case shows this action silent." in result.output


def test_check_of_a_folder_without_cases_fails(tmp_path, loaded):
    result = run("check", "--cases", tmp_path)
    assert result.exit_code == 1
    assert "no case found" in result.output


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_folder_that_is_not_there_is_said(tmp_path, command):
    result = run(command, "--valuesets", tmp_path / "nope")
    assert result.exit_code == 1
    assert "there is no such folder" in result.output
    assert "1 problem(s)." in result.output


def test_try_prints_the_cards_readably(tmp_path, loaded):
    result = run("try", write(tmp_path / "r.json", request(condition("G61.81"))))
    assert result.exit_code == 0
    assert "INFO: IVIG is recommended for CIDP: Class I evidence (AANEM 2023)" in result.output
    assert "cidp | recommended | class I | aanem-2023" in result.output
    assert "**" not in result.output


def test_try_json_prints_the_raw_answer(tmp_path, loaded):
    result = run("try", "--json", write(tmp_path / "r.json", request(condition("G61.81"))))
    assert json.loads(result.output)["cards"][0]["indicator"] == "info"


def test_try_reads_standard_input(loaded):
    result = run("try", "-", input=json.dumps(request(condition("G61.81"))))
    assert "cidp" in result.output


def test_try_says_when_there_is_nothing_to_say(tmp_path, loaded):
    result = run("try", write(tmp_path / "r.json", request(orders=[order(ASPIRIN)])))
    assert result.exit_code == 0
    assert result.output == "No cards: evaluated, nothing to say.\n"


def test_try_exits_3_when_the_request_is_refused(tmp_path, loaded):
    refused = write(tmp_path / "r.json", {"hook": 1})
    result = run("try", refused)
    assert result.exit_code == 3
    assert "Refused: Not a CDS Hooks order request: hook must be a string" in result.output
    as_json = run("try", "--json", refused)
    assert as_json.exit_code == 3
    assert json.loads(as_json.output)["resourceType"] == "OperationOutcome"


def test_try_of_an_unknown_service_exits_3(tmp_path, loaded):
    result = run("try", "--service", "nope", write(tmp_path / "r.json", request()))
    assert result.exit_code == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CDS_TIMEZONE", "Mars/Base"),
        ("CDS_PUBLIC_URL", "cds.example.org"),
        ("CDS_PUBLIC_URL", "https://cds.example.org?x"),
        ("CDS_AUTH", "maybe"),
        ("CDS_AUTH_ALGORITHMS", "HS256"),
        ("CDS_AUTH_ALGORITHMS", "none"),
        ("CDS_FHIR_ALLOWED_HOSTS", "*.example.org"),
        ("CDS_FHIR_BUDGET_S", "0"),
        ("CDS_SECRET_KEY", "short"),
        ("CDS_CA_FILE", "/nowhere/ca.pem"),
        ("CDS_CA_FILE", __file__),
        ("CDS_METRICS_PORT", "0"),
        ("CDS_MAX_BODY_BYTES", "many"),
        ("CDS_MAX_ENTRIES", "0"),
        ("CDS_CORS_ORIGINS", "foo bar"),
        ("CDS_CORS_ORIGINS", ""),
        ("CDS_CORS_ORIGIN", "*"),
    ],
)
def test_a_setting_that_cannot_work_exits_2_and_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    result = run("check")
    assert result.exit_code == 2
    assert name in result.output


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"CDS_AUTH": "on"}, "CDS_CLIENTS_FILE"),
        ({"CDS_AUTH": "on", "CDS_PUBLIC_URL": "https://a.example"}, "CDS_CLIENTS_FILE"),
        ({"CDS_AUTH": "on", "CDS_PUBLIC_URL": "https://a.example", "CDS_CLIENTS_FILE": "nowhere.json"}, "nowhere.json"),
        ({"CDS_DATABASE_URL": "mysql://user:canary@host/x"}, "CDS_DATABASE_URL"),
    ],
)
def test_serve_refuses_settings_that_do_not_go_together(monkeypatch, tmp_path, settings, told):
    monkeypatch.chdir(tmp_path)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    result = run("serve", "--port", "1")
    assert result.exit_code == 2
    assert told in result.output
    assert "canary" not in result.output


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "cds.example.org"])
def test_serve_refuses_another_address_than_loopback_without_authentication(monkeypatch, tmp_path, host):
    monkeypatch.chdir(tmp_path)
    result = run("serve", "--host", host)
    assert result.exit_code == 2
    assert "CDS_AUTH=off" in result.output


def test_what_to_install_for_authoring_is_said_in_one_place(root):
    saying = [path for path in (root / "cds_service").rglob("*.py") if "cds-service[authoring]" in path.read_text()]
    assert saying == [root / "cds_service" / "commands" / "authoring.py"]
