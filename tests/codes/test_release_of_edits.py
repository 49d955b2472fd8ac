"""Codes of ICD-10-CM that an edit adds are looked up in the installed release, or it is said that they were not."""

import csv
import json
import sys

import pytest

from cds_service.codes.icd10cm import load_installed
from cds_service.codes.systems import ICD_10_CM
from cds_service.commands.codes import release_of_edits
from tests.codes.releases import OLD, release

ADD = ("add", "example-rash", "--system", "icd-10-cm")
KNOWN = ("--code", "Q00.1", "--display", "Rash of the arm")
DUBIOUS = "Note: invented 2026 has no code Q09.9: see that it is one of another release."


@pytest.fixture
def coded(place):
    """The topic with one set that also draws from ICD-10-CM; an old code of it is in no release and is left alone."""
    source = json.loads(place.path("example-rash").read_text())
    source["compose"]["include"].append({"system": ICD_10_CM, "concept": [{"code": "Q77", "display": "Old rash"}]})
    place.path("example-rash").write_text(json.dumps(source, indent=2, ensure_ascii=False) + "\n")
    return place


@pytest.fixture
def invented(monkeypatch):
    monkeypatch.setattr(release_of_edits, "load_installed", lambda: release(OLD, "2026"))


@pytest.fixture
def missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "simple_icd_10_cm", None)
    monkeypatch.setattr(release_of_edits, "load_installed", load_installed.__wrapped__)


def edited(place, tmp_path, *rows):
    """Return the file of an exported sheet with new rows at its end: value set, system, code, display."""
    file = tmp_path / "edited.csv"
    place.run("export", "--csv", file, "example-rash")
    with file.open("a", newline="", encoding="utf-8") as sheet:
        csv.writer(sheet).writerows(
            [name, "", "", system, code, "display", text, "", ""] for name, system, code, text in rows
        )
    return file


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize("arguments", [KNOWN, ("--code", "Q00.1", "--display", "rash  of the ARM")])
def test_a_code_that_the_release_has_and_calls_so_is_added_without_a_word(coded, arguments):
    result = coded.run(*ADD, *arguments)
    assert (result.exit_code, result.stderr) == (0, "Written: valuesets/example-rash.json\n")


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize("code", ["Q09.9", "Q00.11"])
def test_a_code_that_the_release_does_not_have_is_refused(coded, code):
    said = coded.refused(*ADD, "--code", code, "--display", "Bogus")
    assert said == (
        f"example-rash: {code}: invented 2026 has no such code. "
        "Fix: correct it, or give --unlisted if another release has it.\n"
        "1 problem(s).\n"
    )


@pytest.mark.usefixtures("invented")
def test_a_code_of_another_release_is_added_when_that_is_said(coded):
    result = coded.run(*ADD, "--code", "Q09.9", "--display", "Rash of the year", "--unlisted")
    assert result.exit_code == 0
    assert DUBIOUS in result.stderr.splitlines()
    assert b'"Q09.9"' in coded.path("example-rash").read_bytes()


@pytest.mark.usefixtures("invented")
def test_another_display_than_that_of_the_release_is_noted(coded):
    result = coded.run(*ADD, "--code", "Q00.1", "--display", "Bogus")
    assert result.exit_code == 0
    assert "Note: invented 2026 calls Q00.1 'Rash of the arm', and not 'Bogus'." in result.stderr.splitlines()


@pytest.mark.usefixtures("invented")
def test_codes_of_other_systems_are_not_looked_up(coded):
    result = coded.run("add", "example-rash", "--system", "codes", "--code", "Q09.9", "--display", "Rash")
    assert (result.exit_code, result.stderr) == (0, "Written: valuesets/example-rash.json\n")


@pytest.mark.usefixtures("missing")
def test_without_the_extra_it_is_said_that_the_code_was_not_looked_up(coded):
    result = coded.run(*ADD, "--code", "Q09.9", "--display", "Bogus")
    assert result.exit_code == 0
    assert (
        "Note: Q09.9 was not looked up in a release of ICD-10-CM. This needs simple-icd-10-cm. "
        "Install it: pip install 'cds-service[authoring]'."
    ) in result.stderr.splitlines()
    assert "looked up" not in coded.run("remove", "example-rash", "Q09.9").stderr


def test_the_installed_release_is_what_add_asks(coded):
    """G61.89 is a code of ICD-10-CM; G61.899 has the form of one and is none."""
    assert "simple-icd-10-cm" in coded.refused(*ADD, "--code", "G61.899", "--display", "x")
    assert (
        "calls G61.89 'Other inflammatory polyneuropathies', and"
        in coded.run(*ADD, "--code", "G61.89", "--display", "x").stderr
    )


@pytest.mark.usefixtures("invented")
def test_import_notes_new_rows_that_the_release_does_not_have_or_calls_otherwise(coded, tmp_path):
    rows = [("Q09.9", "Bogus"), ("Q00.2", "Rash of the knee"), ("Q01", "Itch")]
    file = edited(coded, tmp_path, *(("example-rash", ICD_10_CM, *row) for row in rows))
    result = coded.run("import", file, "--yes")
    assert result.exit_code == 0, result.output
    assert [line for line in result.stderr.splitlines() if line.startswith("Note: inv")] == [
        DUBIOUS,
        "Note: invented 2026 calls Q00.2 'Rash of the leg', and not 'Rash of the knee'.",
    ]


@pytest.mark.usefixtures("invented")
def test_import_notes_a_display_that_it_makes_another(coded, tmp_path):
    coded.run(*ADD, *KNOWN)
    file = edited(coded, tmp_path)
    file.write_text(file.read_text("utf-8-sig").replace("Rash of the arm,", "Rash of the toe,"), "utf-8-sig")
    said = coded.run("import", file, "--yes").stderr
    assert "Note: invented 2026 calls Q00.1 'Rash of the arm', and not 'Rash of the toe'." in said


@pytest.mark.usefixtures("missing")
def test_import_without_the_extra_names_the_codes_that_were_not_looked_up(coded, tmp_path):
    file = edited(coded, tmp_path, *(("example-rash", ICD_10_CM, code, "Bogus") for code in ("Q09.9", "Q00.1")))
    assert "Note: Q09.9, Q00.1 were not looked up" in coded.run("import", file, "--yes").stderr
