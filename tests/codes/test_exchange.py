"""codes export, codes import: the files, the question, and what is written."""

import json
import sys

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from cds_service.__main__ import main
from cds_service.codes.csv_sheet import parse_csv, to_csv
from cds_service.codes.rows import to_rows
from cds_service.codes.xlsx_sheet import parse_xlsx, to_xlsx
from cds_service.knowledge.concepts import COMPOSE_DIGEST, compose_digest
from tests.codes.lines import changed_lines
from tests.codes.sheets import HEADER

KINDS = {"csv": (to_csv, parse_csv), "xlsx": (to_xlsx, parse_xlsx)}


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def sheet(tmp_path):
    """A function that writes a sheet of the rows of value sets, as a person has edited them, and returns its file."""

    def write(place, edit, *names, kind="csv"):
        rows = [row for name in names for row in to_rows(json.loads(place.path(name).read_text()))]
        file = tmp_path / f"edited.{kind}"
        file.write_bytes(KINDS[kind][0](edit(rows)))
        return file

    return write


def edit(rows):
    """Make a new code of the other name of RASH-1, and give RASH-2 another display."""
    changed = {
        ("RASH-1", "designation"): {"code": "RASH-1B", "kind": "display", "name": "Rash, new"},
        ("RASH-2", "display"): {"name": "Rash, arm"},
    }
    return [row._replace(**changed.get((row.code, row.kind), {})) for row in rows]


def test_export_writes_the_sheet_and_import_finds_that_nothing_differs(place, tmp_path, kind):
    file = tmp_path / f"out.{kind}"
    result = place.run("export", f"--{kind}", file)
    assert (result.exit_code, result.output) == (0, f"Wrote {file}: 14 rows of 8 value sets.\n")
    table = KINDS[kind][1](file.read_bytes(), "out")
    assert list(table.header) == HEADER
    assert len(table.rows) == 14
    assert place.refused("import", file, code=0) == "Nothing differs: the sheet says what the value sets say.\n"


def test_export_of_named_sets(place, tmp_path):
    place.run("export", "--csv", tmp_path / "out.csv", "example-burn", "units")
    rows = parse_csv((tmp_path / "out.csv").read_bytes(), "out").rows
    assert [cells[0] for _, cells in rows] == ["example-burn"] + ["units"] * 5


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("--csv", "out.csv", "example-rush"),
            1,
            "example-rush: -: there is no such value set. Fix: give an id, such as",
        ),
        ((), 2, "Give --xlsx FILE or --csv FILE."),
        (("--csv", "out.csv", "--xlsx", "out.xlsx"), 2, "Give --xlsx FILE or --csv FILE."),
        (("--csv", "there.csv"), 2, "there.csv is there already and is not overwritten. Name another file."),
        (("--csv", "nowhere/out.csv"), 2, "nowhere/out.csv cannot be written: No such file or directory."),
    ],
)
def test_an_export_that_is_refused_writes_nothing(place, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").write_text("mine")
    assert said in place.refused("export", *arguments, code=code)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["there.csv"]


def test_import_shows_what_differs_asks_and_writes_only_that(place, sheet, kind):
    before = place.tree()
    file = sheet(place, edit, "example-burn", "example-rash", kind=kind)
    result = place.run("import", file, input="y\n")
    assert result.exit_code == 0
    shown = result.output.partition("Write 1 file(s)? [y/N]")[0].splitlines()
    assert shown[-4:] == [
        "example-rash 1 -> 2",
        "  + RASH-1B  Rash, new  (http://example.org/codes)",
        "  ~ RASH-1  - 'Red spots'",
        "  ~ RASH-2  display 'Example rash of the arm' is now 'Rash, arm'",
    ]
    assert '+            "code": "RASH-1B",' in shown
    after = place.tree()
    path = str(place.path("example-rash"))
    assert {name for name in after if after[name] != before[name]} == {path}
    gone, new = changed_lines(before[path], after[path])
    assert [line.strip() for line in gone] == [
        '"version": "1",',
        '"display": "Example rash",',
        '"designation": [',
        "{",
        '"value": "Red spots"',
        "}",
        "]",
        '"display": "Example rash of the arm"',
    ]
    assert [line.strip() for line in new] == [
        '"version": "2",',
        '"display": "Example rash"',
        '"display": "Rash, arm"',
        "},",
        "{",
        '"code": "RASH-1B",',
        '"display": "Rash, new"',
    ]


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_no_is_no(place, sheet, answer):
    assert "Aborted!" in place.refused("import", sheet(place, edit, "example-rash"), input=answer)


def test_a_dry_run_shows_and_does_not_ask(place, sheet):
    said = place.refused("import", sheet(place, edit, "example-rash"), "--dry-run", code=0)
    assert "+ RASH-1B" in said
    assert said.endswith("Not written (dry run): valuesets/example-rash.json\n")


def test_scripts_are_not_asked(place, sheet):
    result = place.run("import", sheet(place, edit, "example-rash"), "--yes")
    assert (result.exit_code, "[y/N]" in result.output) == (0, False)
    assert b"RASH-1B" in place.path("example-rash").read_bytes()


def test_a_sheet_that_was_exported_before_the_set_changed_is_refused(place, sheet):
    file = sheet(place, edit, "example-rash")
    place.run("remove", "example-rash", "RASH-2")
    said = place.refused("import", file, "--yes")
    assert "edited.csv: row 2, column version: the set has '2' here, and the sheet '1'. Fix: export again" in said


def test_every_cell_is_told_in_the_order_of_the_rows_and_nothing_is_written(place, sheet, kind):
    def spoil(rows):
        return [
            row._replace(name="" if i % 2 else row.name, system="?" if i == 4 else row.system)
            for i, row in enumerate(rows)
        ]

    file = sheet(place, spoil, "units", "example-rash", "example-burn", kind=kind)
    where = "sheet codes, row" if kind == "xlsx" else "row"
    lines = place.refused("import", file, "--yes").splitlines()
    assert [line.partition(": the cell")[0].partition(": no value")[0] for line in lines] == [
        f"edited.{kind}: {where} 3, column name",
        f"edited.{kind}: {where} 5, column name",
        f"edited.{kind}: {where} 6, column system",
        f"edited.{kind}: {where} 7, column name",
        f"edited.{kind}: {where} 9, column name",
        "5 problem(s).",
    ]


STAYS = "what it does not name stays as it is. To delete a value set, delete its file."


def test_a_set_without_a_row_is_named_and_left_as_it_is(place, sheet):
    said = place.refused("import", sheet(place, lambda rows: rows, "example-burn", "example-rash"), code=0)
    note, nothing = said.splitlines()
    named = "example-height, example-lotion, example-weight, example-wound, override-reasons, units"
    assert note == f"Note: the sheet has no row of {named}: {STAYS}"
    assert nothing.startswith("Nothing differs")


def test_a_set_all_of_whose_rows_are_deleted_is_named(place, tmp_path):
    file = tmp_path / "out.csv"
    place.run("export", "--csv", file)
    file.write_text(
        "".join(line for line in file.read_text("utf-8").splitlines(keepends=True) if "example-burn" not in line),
        "utf-8",
    )
    said = place.refused("import", file, code=0)
    assert said.startswith(f"Note: the sheet has no row of example-burn: {STAYS}\n")


def test_a_set_that_lists_no_code_is_not_missed(place, tmp_path):
    """One that is described by filters alone has no row in an export."""
    source = json.loads(place.path("example-burn").read_text())
    filters = [{"property": "concept", "op": "=", "value": "x"}]
    digest = compose_digest({"include": [{"system": "http://example.org/codes", "filter": filters}]})
    source["compose"] = {"include": [{"system": "http://example.org/codes", "filter": filters}]}
    row = {"system": "http://example.org/codes", "code": "BURN-1", "display": "Burn"}
    parameter = [{"name": COMPOSE_DIGEST, "valueString": digest}]
    source["expansion"] = {"timestamp": "2026-01-01", "total": 1, "parameter": parameter, "contains": [row]}
    place.path("example-burn").write_text(json.dumps(source, indent=2))
    place.run("export", "--csv", tmp_path / "out.csv")
    said = place.refused("import", tmp_path / "out.csv", code=0)
    assert said == "Nothing differs: the sheet says what the value sets say.\n"


def workbook_with(tmp_path, place, name, *lines):
    """Return the file of an exported workbook to which a person has added a sheet."""
    file = tmp_path / "out.xlsx"
    place.run("export", "--xlsx", file)
    book = load_workbook(file)
    more = book.create_sheet(name, 0)
    for line in lines:
        more.append(line)
    book.save(file)
    return file


def test_sheets_that_are_not_read_are_named(place, tmp_path):
    file = workbook_with(tmp_path, place, "to do", ["ask about", "code"])
    said = place.refused("import", file, code=0)
    assert said.startswith("Note: only the sheet codes was read, and not: to do.\nNothing differs")


def test_a_copy_of_the_sheet_is_refused(place, tmp_path):
    """Its edits would be lost, or those of the other."""
    file = workbook_with(tmp_path, place, "codes (2)", HEADER[::-1], ["example-rash"])
    said = place.refused("import", file, "--yes")
    assert said.startswith(
        "out.xlsx: sheet codes (2): it has the columns of the sheet codes, and only that is read. "
        "Fix: put the edits into the sheet codes, and delete this one.\n"
    )


def test_a_code_in_small_letters_is_noted(place, sheet):
    file = sheet(place, lambda rows: [*rows, rows[0]._replace(code="rash-9")], "example-rash")
    assert "Note: rash-9 is in small letters, and" in place.run("import", file, "--yes").stderr


def test_rows_appended_at_the_end_go_to_their_sets(place, sheet, kind):
    def append(rows):
        rash, burn = (next(row for row in rows if row.code == code) for code in ("RASH-1", "BURN-1"))
        new = [row._replace(code=f"{row.code}9", name=f"{row.name}, new") for row in (rash, burn)]
        return [*rows, new[0], new[1], new[0]._replace(kind="designation", name="New rash")]

    file = sheet(place, append, "example-burn", "example-rash", kind=kind)
    assert place.run("import", file, "--yes").exit_code == 0
    (rash,) = json.loads(place.path("example-rash").read_text())["compose"]["include"]
    assert [each["code"] for each in rash["concept"]] == ["RASH-1", "RASH-2", "RASH-19"]
    assert rash["concept"][2]["designation"] == [{"value": "New rash"}]
    (burn,) = json.loads(place.path("example-burn").read_text())["compose"]["include"]
    assert [each["code"] for each in burn["concept"]] == ["BURN-1", "BURN-19"]


def test_a_sheet_sorted_by_another_column_says_what_the_sets_say(place, sheet):
    file = sheet(place, lambda rows: sorted(rows, key=lambda row: row.name), "units", "example-rash", "example-burn")
    assert place.refused("import", file, code=0).endswith(
        "\nNothing differs: the sheet says what the value sets say.\n"
    )


def test_a_sheet_that_makes_bad_knowledge_is_shown_and_refused_as_a_whole(place, sheet):
    """One set becomes good, the other one would fire both ways: neither is written."""

    def move(rows):
        burn = next(row for row in rows if row.code == "BURN-1")
        return [*rows, rows[-1]._replace(code=burn.code, name=burn.name)]

    said = place.refused("import", sheet(place, lambda rows: move(rows), "example-burn", "example-rash"), "--yes")
    assert "http://example.org/codes#BURN-1 alone fires this plan and" in said


def test_sets_that_cannot_be_written_are_all_told(place, sheet):
    file = sheet(
        place, lambda rows: [row._replace(name=f"{row.name}!") for row in rows], "example-rash", "example-burn", "units"
    )
    path = place.path("example-rash")
    path.write_text(path.read_text().replace('  "id"', '"id"'))
    source = json.loads(place.path("units").read_text())
    place.path("units").write_text(json.dumps(source | {"version": "latest"}, indent=2) + "\n")
    rows = file.read_text("utf-8-sig").replace("units,Units,'1", "units,Units,latest")
    file.write_text(rows)
    said = place.refused("import", file, "--yes")
    assert "valuesets/example-rash.json: -: the file is formatted by hand" in said
    assert "valuesets/units.json: version: 'latest' has no number to count up." in said
    assert said.endswith("2 problem(s).\n")


def test_another_kind_of_file_is_refused(place, tmp_path):
    (tmp_path / "s.ods").write_bytes(b"x")
    assert "s.ods is no .xlsx or .csv file." in place.refused("import", tmp_path / "s.ods", code=2)


def test_without_the_extra_xlsx_says_what_to_install_and_csv_works(place, tmp_path, monkeypatch):
    file = tmp_path / "s.xlsx"
    file.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    monkeypatch.delitem(sys.modules, "cds_service.codes.xlsx_sheet", raising=False)
    said = "This needs openpyxl. Install it: pip install 'cds-service[authoring]'. A .csv file does without.\n"
    assert place.refused("export", "--xlsx", tmp_path / "out.xlsx", code=2) == said
    assert place.refused("import", file, code=2) == said
    assert place.run("export", "--csv", tmp_path / "out.csv").exit_code == 0


@pytest.mark.parametrize("command", ["", "find", "add", "remove", "export", "import"])
def test_every_help_has_an_example_and_says_the_exit_codes(command):
    output = CliRunner().invoke(main, ["codes", *command.split(), "--help"]).output
    assert "cds-service codes" in output.split("Example")[1]
    assert not command or "Exit code 0" in output.replace("\n ", "")
