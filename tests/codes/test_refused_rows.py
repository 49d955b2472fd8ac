"""Every cell that cannot be taken is told with sheet, row, column and reason, all at once."""

import datetime

import pytest

from cds_service.codes.csv_sheet import parse_csv, to_csv
from cds_service.codes.parse_sheet import parse_sheet
from cds_service.codes.rows import to_rows
from cds_service.codes.xlsx_sheet import parse_xlsx, to_xlsx
from cds_service.errors import EditError
from tests.codes.sheets import FIRST, HEADER, SYSTEM, include, known, rewritten, row, table, taken, value_set, workbook

A, B = value_set("a", include("1", "2")), value_set("b", include("1"))
GOOD = [row("a", "1"), row("a", "1", "designation", name="One", language="en"), row("a", "2"), row("b", "1")]


def refused(rows, *artifacts):
    """Return what is said of each row, without the fix: 'row 2, column code: reason'."""
    return told(table(rows), *artifacts)


def told(cells, *artifacts):
    with pytest.raises(EditError) as raised:
        parse_sheet(cells, known(*(artifacts or (A, B))))
    assert all(each.fix.endswith(".") for each in raised.value.problems)
    return [f"{each.path}: {each.reason}" for each in raised.value.problems]


def test_good_rows_are_taken():
    assert taken(GOOD, A, B) == GOOD


def test_a_system_may_be_called_by_its_short_name_and_title_and_version_may_be_left_out():
    new = row("a", "3", system="codes", title="", version="")
    assert taken([*GOOD[:3], new], A, B)[-1] == new._replace(system=SYSTEM)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"value_set": ""}, ["value set: the cell is empty."]),
        ({"system": " "}, ["system: the cell is empty."]),
        ({"code": ""}, ["code: the cell is empty."]),
        ({"kind": ""}, ["kind: the cell is empty."]),
        ({"name": " "}, ["name: the cell is empty."]),
        ({"value_set": "aa"}, ["value set: there is no value set 'aa'."]),
        ({"title": "An"}, ["title: the set has 'The a' here, and the sheet 'An'."]),
        ({"version": "2025.9"}, ["version: the set has '2026.1' here, and the sheet '2025.9'."]),
        ({"system": "http://x"}, ["system: no value set draws from 'http://x'."]),
        ({"code": "2 "}, [f"code: '2 ' is no code of {SYSTEM}."]),
        ({"kind": "synonym"}, ["kind: 'synonym' is no kind of name."]),
        ({"language": "en"}, ["language: a display has none here."]),
        ({"more": "{}"}, ["more: a display has none here."]),
        ({"kind": "designation", "code": "1", "name": "--"}, ["name: the designation holds no letter or digit."]),
        ({"kind": "designation", "code": "1", "more": "{"}, ["more: not a JSON object without value and language."]),
        ({"kind": "designation", "code": "1", "more": "[1]"}, ["more: not a JSON object without value and language."]),
        (
            {"kind": "designation", "code": "1", "more": '{"value": "x"}'},
            ["more: not a JSON object without value and language."],
        ),
        ({"name": "", "kind": "x", "system": "y"}, ["kind: 'x' is no", "name: the cell is empty.", "system: no value"]),
    ],
)
def test_a_cell_that_cannot_be_taken(cells, said):
    """Row 4 of the file is the third of the rows."""
    rows = [*GOOD[:2], GOOD[2]._replace(**cells), GOOD[3]]
    found = refused(rows)
    assert len(found) == len(said)
    for each, expected in zip(found, said, strict=True):
        assert each.startswith(f"row 4, column {expected}")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"name": "Two\nlines"}, ["name: the text has several lines."]),
        ({"name": "A\x00b"}, ["name: the text holds a character that is not seen (U+0000)."]),
        (
            {"name": "x" * 5000},
            ["name: the text has 5000 characters, and of a record no more than 2000 are read."],
        ),
        ({"code": "3\x00"}, ["code: the text holds a character that is not seen (U+0000)."]),
        ({"code": "3\xa04"}, ["code: the text holds a character that is not seen (U+00A0)."]),
    ],
)
def test_a_new_row_that_holds_what_nobody_sees(cells, said):
    assert refused([*GOOD[:3], row("a", "3")._replace(**cells)]) == [f"row 5, column {each}" for each in said]


def test_spaces_of_new_names_are_made_plain():
    rows = [GOOD[0]._replace(name="Display\xa01 "), GOOD[1], row("a", "3", name=" Three")]
    assert [each.name for each in taken(rows, A, B)] == ["Display 1", "One", "Three"]


def test_a_name_with_spaces_that_is_there_without_them_is_there_twice():
    rows = [GOOD[0], GOOD[1], GOOD[1]._replace(name="One ")]
    assert refused(rows) == ["row 4, column name: the row is there twice."]


def test_what_the_set_says_is_taken_as_it_is():
    odd = value_set("a", {"system": SYSTEM, "concept": [{"code": "1\x00", "display": "Two\nlines\xa0"}]})
    assert taken(to_rows(odd.source), odd) == to_rows(odd.source)


def test_an_emptied_display_says_to_write_it():
    with pytest.raises(EditError, match=r"row 2, column name: the cell is empty. Fix: write the display."):
        taken([GOOD[0]._replace(name="")], A, B)


def test_a_drug_code_that_is_none():
    ndc = "http://hl7.org/fhir/sid/ndc"
    drugs = value_set("a", include("0944-2700", system=ndc))
    assert refused([row("a", "0944", system=ndc)], drugs) == [f"row 2, column code: '0944' is no code of {ndc}."]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([GOOD[0], GOOD[0], GOOD[2]], ["row 3, column name: the row is there twice."]),
        ([GOOD[0], GOOD[1], GOOD[1], GOOD[2]], ["row 4, column name: the row is there twice."]),
        ([GOOD[0], row("a", "1", name="Uno")], ["row 3, column code: row 2 gives this code a display already."]),
        ([GOOD[1], GOOD[2]], ["row 2, column code: no row gives this code a display."]),
        ([GOOD[1], GOOD[1]._replace(name="Uno"), GOOD[3]], ["row 2, column code: no row gives this code a display."]),
        (
            [GOOD[0], row("a", "2", "designation"), row("a", "3", "designation"), GOOD[3]],
            [f"row {number}, column code: no row gives this code a display." for number in (3, 4)],
        ),
    ],
)
def test_rows_that_do_not_go_together(rows, said):
    assert refused(rows) == said


@pytest.mark.parametrize(
    ("cells", "said"),
    [({"name": ""}, "name: the cell is empty."), ({"code": " 1"}, f"code: ' 1' is no code of {SYSTEM}.")],
)
def test_a_name_is_not_blamed_for_a_display_that_is_wrong(cells, said):
    assert refused([GOOD[1], GOOD[0]._replace(**cells)]) == [f"row 3, column {said}"]


def test_a_name_is_blamed_beside_the_display_of_another_code_that_is_wrong():
    assert refused([GOOD[1], GOOD[2]._replace(name="")]) == [
        "row 2, column code: no row gives this code a display.",
        "row 3, column name: the cell is empty.",
    ]


@pytest.mark.parametrize(
    "rows", [GOOD[::-1], [GOOD[0], GOOD[3], GOOD[2], GOOD[1]], sorted(GOOD, key=lambda row: row.name)]
)
def test_rows_in_any_order_are_taken(rows):
    assert taken(rows, A, B) == rows


def test_a_name_that_the_set_has_twice_may_stay_so():
    twice = value_set(
        "a", {"system": SYSTEM, "concept": [{"code": "1", "display": "d", "designation": [{"value": "x"}] * 2}]}
    )
    rows = to_rows(twice.source)
    assert taken(rows, twice) == rows
    assert refused([*rows, rows[-1]], twice) == ["row 5, column name: the row is there twice."]


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("0123", "123"),
        ("36.0", "36"),
        ("36", "36.0"),
        ("36.0", "36,0"),
        ("1E10", "10000000000"),
        ("123456789012345678", "123456789012345000"),
        ("250000000000", "2.5E+11"),
        ("1E99999999999999999999", "9.9E+307"),
    ],
)
def test_a_code_of_which_a_program_made_a_number(code, written):
    numbers = value_set("a", include(code, "x"))
    (said,) = refused([row("a", written), row("a", "x")], numbers)
    assert said.startswith(f"row 2, column code: {written!r} is a number that a spreadsheet program made")


def test_a_shortened_number_is_refused_unless_the_set_has_that_code():
    assert refused([*GOOD[:3], row("a", "1.23457E+17")]) == [
        "row 5, column code: '1.23457E+17' is a number that a spreadsheet program made."
    ]
    odd = value_set("a", include("2.5E+11"))
    assert taken([row("a", "2.5E+11")], odd)
    assert taken([*GOOD[:3], row("a", "1E10")], A), "no program writes a number like this"


def csv(text, encoding="utf-8"):
    return parse_csv(text.encode(encoding), "s.csv")


LINE = f"a,,,{SYSTEM},1,display,Display 1,,"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_of_programs_of_other_countries_is_read(separator):
    text = f"{','.join(HEADER)}\r\n{LINE}\r\n".replace(",", separator)
    assert [each.name for each in parse_sheet(csv(text), known(A))] == ["Display 1"]


def test_columns_in_another_order_and_empty_rows_are_read():
    turned = [",".join(reversed(line.split(","))) for line in (",".join(HEADER), LINE, ",,,,,,,,")]
    assert [each.name for each in parse_sheet(csv("\n".join([*turned, ""])), known(A))] == ["Display 1"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ([*HEADER[:4], *HEADER[5:]], ["row 1, column code: the column is missing."]),
        ([*HEADER, "notes"], ["row 1, column notes: there is no such column."]),
        ([*HEADER, "code"], ["row 1, column code: the column is there twice."]),
        (["Code", *HEADER], ["row 1, column Code: there is no such column."]),
        ([*HEADER[:2], "", *HEADER[2:]], ["row 1, column : there is no such column."]),
        ([], [f"row 1, column {name}: the column is missing." for name in HEADER]),
    ],
)
def test_columns_that_are_not_those_of_the_sheet(header, said):
    assert told(csv(",".join(header))) == said


def test_a_cell_beside_the_columns():
    assert told(csv(f"{','.join(HEADER)}\n{LINE},x")) == ["row 2, column 10: the cell is in no column."]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("é".encode("latin-1"), "the file is not written in UTF-8."),
        (b'value set,"open', "not readable as CSV: unexpected end of data."),
    ],
)
def test_what_is_no_csv(raw, reason):
    with pytest.raises(EditError, match=reason):
        parse_csv(raw, "s.csv")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (36.0, "the cell holds the number 36 and no text."),
        (2.5e11, "the cell holds the number 250000000000 and no text."),
        (0.5, "the cell holds the number 0.5 and no text."),
        (datetime.date(2026, 3, 1), "the cell holds a date or time (2026-03-01 00:00:00) and no text."),
        (datetime.time(1, 2), "the cell holds a date or time (01:02:00) and no text."),
        (True, "the cell holds the truth value TRUE and no text."),
        ("=1+1", "the cell holds a formula."),
        ("#N/A", "the cell holds an error, #N/A."),
        ("a_x000D_", "the cell holds a control character."),
    ],
)
def test_a_cell_of_a_workbook_that_is_no_text(value, said):
    line = list(GOOD[2])
    line[HEADER.index("code")] = value
    cells = parse_xlsx(workbook([HEADER, list(GOOD[0]), line]), "s.xlsx")
    assert told(cells) == [f"sheet codes, row 3, column code: {said}"]


def test_a_workbook_that_says_it_is_smaller_than_it_is_is_read_whole():
    def lie(parts):
        assert '<dimension ref="A1:I5"' in parts[FIRST]
        parts[FIRST] = parts[FIRST].replace('<dimension ref="A1:I5"', '<dimension ref="A1:B2"')

    raw = rewritten(workbook([HEADER, *map(list, GOOD)]), lie)
    assert parse_sheet(parse_xlsx(raw, "s.xlsx"), known(A, B)) == GOOD


def test_a_workbook_without_the_sheet_or_that_is_none():
    with pytest.raises(EditError, match="the workbook has no sheet 'codes'"):
        parse_xlsx(workbook([HEADER], sheet="Tabelle1"), "s.xlsx")
    for raw in (b"", b"PK\x03\x04 no", to_csv(GOOD), to_xlsx(GOOD)[:-200]):
        with pytest.raises(EditError, match="not readable as an xlsx workbook"):
            parse_xlsx(raw, "s.xlsx")


@pytest.mark.parametrize("text", ["a\x07", "a\rb", "_x0041_", "\uffff", "x" * 32_768])
def test_a_text_that_a_workbook_cannot_hold_is_not_exported(text):
    with pytest.raises(EditError, match="a: 1, name: a workbook cannot hold this text") as raised:
        to_xlsx([row("a", "1", name=text)])
    assert "export to csv" in str(raised.value)
