"""codes expand and codes validate: what is printed and written, and exit codes."""

import json
import subprocess
import sys
import warnings

import pytest
from click.testing import CliRunner

from cds_service.codes.icd10cm import load_installed, load_release
from cds_service.codes.systems import ICD_10_CM
from cds_service.commands.codes.expand import expand
from cds_service.commands.codes.validate import validate
from cds_service.errors import TerminologyError
from tests.codes.releases import NEW, write_release
from tests.codes.terminology_stub import expansion, outcome, terminology_server, told
from tests.knowledge.test_check import copy_of_topic, load

SERVED = "http://example.org/codes"
RASH = "http://example.org/ValueSet/example-rash"
ROWS = [{"system": SERVED, "code": f"X{i}", "display": f"Rash of finger {i}"} for i in range(3)]


@pytest.fixture
def folder(tmp_path):
    """A copy of the topic in which one value set is described by a filter."""
    copy_of_topic(tmp_path)
    path = tmp_path / "valuesets" / "example-rash.json"
    source = json.loads(path.read_text()) | {"date": "2026-01-01"}
    source["compose"]["include"].append({"system": SERVED, "filter": [{"property": "x", "op": "=", "value": "é"}]})
    path.write_text(json.dumps(source, indent=4, ensure_ascii=False) + "\n")
    return tmp_path


def run(command, folder, *arguments):
    folders = ["--plandefinitions", folder / "plandefinitions", "--valuesets", folder / "valuesets"]
    return CliRunner().invoke(command, [*map(str, [*arguments, *folders])], catch_exceptions=False)


def file_of(folder):
    return folder / "valuesets" / "example-rash.json"


def everything(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def serving(rows=ROWS, **more):
    return terminology_server(lambda asked: (200, expansion(rows, **more)))


def test_expand_writes_the_codes_and_they_load(folder):
    before = file_of(folder).read_text()
    others = {path: raw for path, raw in everything(folder).items() if path.name != "example-rash.json"}
    with serving() as stub:
        result = run(expand, folder, "--server", stub.url)
    assert (result.exit_code, result.stderr) == (0, "Written: valuesets/example-rash.json\n"), result.output
    assert result.stdout.splitlines() == [
        "example-rash: version 2, 5 codes.",
        *(f"  + X{i}  Rash of finger {i}" for i in range(3)),
    ]
    codes = {code.code for code in load(folder).terminology.value_sets[RASH].names_of}
    assert codes == {"RASH-1", "RASH-2", "X0", "X1", "X2"}
    after = file_of(folder).read_text().splitlines()
    changed = [line for line in before.splitlines() if line not in after]
    assert changed == ['    "version": "1",', '    "date": "2026-01-01"']
    (dated,) = (line for line in after if line.startswith('    "date": '))
    assert dated > '    "date": "2026-01-01"'
    assert {path: raw for path, raw in everything(folder).items() if path.name != "example-rash.json"} == others


def test_the_systems_are_named_where_there_are_several(folder):
    source = json.loads(file_of(folder).read_text())
    source["compose"]["include"].append({**source["compose"]["include"][-1], "system": f"{SERVED}/other"})
    file_of(folder).write_text(json.dumps(source, indent=4))
    with serving([*ROWS[:1], {**ROWS[1], "system": f"{SERVED}/other"}]) as stub:
        result = run(expand, folder, "--server", stub.url)
    assert result.stdout.splitlines()[1:] == [
        "  + X0  Rash of finger 0  (http://example.org/codes)",
        "  + X1  Rash of finger 1  (http://example.org/codes/other)",
    ]


def test_expanding_twice_leaves_the_files_as_they_are(folder):
    with serving() as stub:
        run(expand, folder, "--server", stub.url)
        before = everything(folder)
        result = run(expand, folder, "--server", stub.url)
    assert result.stdout == "example-rash: unchanged, 5 codes.\n"
    assert everything(folder) == before


def test_a_dry_run_shows_and_writes_nothing(folder):
    before = everything(folder)
    with serving() as stub:
        result = run(expand, folder, "example-rash", "--dry-run", "--server", stub.url)
    assert result.exit_code == 0
    assert "  + X2  Rash of finger 2" in result.stdout
    assert everything(folder) == before


def test_a_long_list_of_codes_is_cut_and_inactive_ones_are_counted(folder):
    rows = [{"system": SERVED, "code": f"X{i}", "display": f"Rash {i}", "inactive": i == 1} for i in range(30)]
    with serving(rows) as stub:
        result = run(expand, folder, "--server", stub.url)
    assert "  + and 10 more" in result.stdout
    assert "  1 of them inactive in their system; kept, as old records hold them." in result.stdout


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((404, outcome("No such code system")), "answered 404: No such code system"),
        ((200, expansion(ROWS, total=9)), "sent 3 of 9 codes"),
        ((200, expansion([*ROWS, {**ROWS[0], "system": "http://example.org/other"}])), "X0 'Rash of finger 0' of http"),
        ((200, expansion([{"system": SERVED, "code": "a  b", "display": "x"}])), "not valid FHIR R4"),
        ((200, expansion([{"system": SERVED, "code": "x"}])), "came without display"),
        ((200, expansion([])), "the filters give no code"),
    ],
)
def test_nothing_is_written_when_the_expansion_is_wrong(folder, answer, sentence):
    before = everything(folder)
    with terminology_server(lambda asked: answer) as stub:
        result = run(expand, folder, "--server", stub.url)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert "valuesets/example-rash.json" in result.stderr
    assert everything(folder) == before


def test_nothing_is_written_when_the_knowledge_would_not_pass_the_check(folder):
    """A code of the expansion that also stands in a set of opposite direction."""
    burn = json.loads((folder / "valuesets" / "example-burn.json").read_text())["compose"]["include"][0]
    row = {"system": burn["system"], "code": burn["concept"][0]["code"], "display": "Burn"}
    before = everything(folder)
    with serving([row]) as stub:
        result = run(expand, folder, "--server", stub.url)
    assert result.exit_code == 1
    assert "alone fires this plan and" in result.stderr
    assert everything(folder) == before


def test_a_file_that_cannot_be_written_is_told(folder):
    (folder / "valuesets" / ".example-rash.json.new").mkdir()
    with serving() as stub:
        result = run(expand, folder, "--server", stub.url)
    assert result.exit_code == 1
    assert ".example-rash.json.new" in result.stderr


def test_a_server_is_needed_for_other_systems(folder):
    result = run(expand, folder)
    assert result.exit_code == 1
    assert "are expanded by a terminology server: name one with --server." in result.stderr


def test_expand_says_when_there_is_nothing_to_expand(tmp_path):
    result = run(expand, copy_of_topic(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "No value set is described by a filter.\n")


def test_a_value_set_without_a_filter_cannot_be_named(folder):
    result = run(expand, folder, "example-burn")
    assert result.exit_code == 2
    assert "No value set described by a filter is called example-burn." in result.stderr


def test_a_bundle_is_not_written_to(folder, monkeypatch):
    monkeypatch.setenv("CDS_BUNDLE", "knowledge.json")
    result = CliRunner().invoke(expand, [])
    assert result.exit_code == 2
    assert "Codes are edited in folders, not in a Bundle" in result.stderr


def test_files_that_cannot_be_read_are_told_first(folder):
    (folder / "valuesets" / "example-burn.json").write_text("{")
    for command in (expand, validate):
        result = run(command, folder)
        assert result.exit_code == 1
        assert "not readable as JSON" in result.stderr


@pytest.mark.parametrize("command", [expand, validate])
def test_every_help_has_an_example_and_the_exit_codes(command):
    output = CliRunner().invoke(command, ["--help"]).output
    assert "cds-service codes " in output.split("Example")[1]
    assert "Exit code 0" in output


@pytest.mark.parametrize("name", ["expand", "validate"])
def test_a_missing_package_is_told_in_one_sentence(name, tmp_path):
    copy_of_topic(tmp_path)
    path = tmp_path / "valuesets" / "example-rash.json"
    source = json.loads(path.read_text())
    filters = [{"property": "concept", "op": "is-a", "value": "Q00"}]
    part = {"filter": filters} if name == "expand" else {"concept": [{"code": "Q00", "display": "Rash"}]}
    source["compose"]["include"].append({"system": ICD_10_CM} | part)
    path.write_text(json.dumps(source))
    script = f"import sys; sys.modules['simple_icd_10_cm'] = None\nfrom cds_service.commands.codes.{name} import {name}"
    folders = ["--plandefinitions", tmp_path / "plandefinitions", "--valuesets", tmp_path / "valuesets"]
    done = subprocess.run(
        [sys.executable, "-c", f"{script}\n{name}()", *folders], capture_output=True, text=True, check=False
    )
    sentence = "This needs simple-icd-10-cm. Install it: pip install 'cds-service[authoring]'.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence)


# Below, the package itself reads releases, which takes some seconds once


def test_the_shipped_codes_are_those_of_the_installed_release_and_of_another(root, tmp_path):
    """One test, so that one process reads the release: warnings of the package would fail it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        installed = load_installed()
        codes, tabular = write_release(tmp_path, NEW, "2099")
        other = load_release(codes, tabular)
        again = load_installed.__wrapped__()
    assert (other.year, other.source) == ("2099", "tabular-2099")
    assert {code: (node.display, node.children) for code, node in other.nodes.items()} == NEW
    assert other.nodes["Q00.23"].parent == "Q00.2"
    assert other.nodes["Q00"].parent is None
    assert len(installed.nodes) > 90_000
    assert installed.source.startswith("simple-icd-10-cm ")
    assert again.year == installed.year  # named by the package, whichever release it held last

    result = run(validate, root, "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {each["kind"] for each in report["findings"]} == {"category"}
    assert report["checked"][ICD_10_CM] == len(report["icd10cm"]) > 2000
    assert all(each["years"] == [installed.year] for each in report["icd10cm"])
    assert "http://snomed.info/sct" in report["unchecked"]

    result = run(validate, root, "--release", codes, tabular)
    assert "dropped by the new release" in result.stdout
    assert f"ICD-10-CM of {installed.year}." in result.stdout

    (tmp_path / "not.xml").write_text("<a")
    for broken in ("not.xml", codes.name):
        with pytest.raises(TerminologyError, match="are no release of ICD-10-CM that can be read"):
            load_release(codes, tmp_path / broken)


def test_what_is_wrong_is_told_by_kind_and_with_exit_code_1(folder):
    answers = {"RASH-1": told(result=True), "RASH-2": told(result=False, message="no such code")}

    def answer(asked):
        if asked["url"] != SERVED:
            return 404, outcome("unknown system")
        return 200, answers.get(asked["code"], told(result="display" not in asked, display="Blister"))

    with terminology_server(answer) as stub:
        result = run(validate, folder, "example-rash", "example-burn", "--server", stub.url)
    assert result.exit_code == 1
    assert "1 not in their system:\n  example-rash: RASH-2 Example rash of the arm (no such code; " in result.stdout
    assert "called otherwise by their system:\n  example-burn: " in result.stdout
    assert "(Blister; " in result.stdout


def test_validate_of_an_unknown_value_set_or_server_is_told(folder):
    assert "No value set is called nothing." in run(validate, folder, "nothing").stderr
    result = run(validate, folder, "--server", "http://127.0.0.1:1/r4")
    assert (result.exit_code, result.stderr) == (1, "http://127.0.0.1:1/r4 cannot be reached (ConnectionError).\n")
