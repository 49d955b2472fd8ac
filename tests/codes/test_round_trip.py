"""A sheet holds all of a value set: out and back, nothing is lost, and what did not change keeps every byte."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.codes.csv_sheet import parse_csv, to_csv
from cds_service.codes.exchange import export_rows, import_table
from cds_service.codes.merge import merge_rows, merged
from cds_service.codes.parse_sheet import parse_sheet
from cds_service.codes.rows import COLUMNS, to_rows
from cds_service.codes.sets import open_set, value_sets
from cds_service.codes.xlsx_sheet import parse_xlsx, to_xlsx
from cds_service.core.text import fold
from tests.codes.sheets import SYSTEM, emptied, include, known, row, value_set, with_shared_strings, without_order

pytestmark = pytest.mark.usefixtures("unmeasured")

HOSTILE = [
    *("0123", "1E10", "36.0", "1-2", "3/4", "MAR1", "TRUE", "#N/A", "nan", "1.0", "12345678901234567890", "2026-11-22"),
    *("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://example.org")', "'=1", "''", "'quoted'", '"quoted"'),
    *("a,b;c\td", "trailing ", " leading", "line\nbreak", "_x", "Größe", "µ", "١٢", "e\u0301"),
    *("\u200b1", "\u2028x", "\ufeffx", "\U0001d4b3"),
]
ESCAPE = re.compile("x[0-9A-Fa-f]{4}_")
ANY = st.characters(exclude_categories=["Cs"])
FIT = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\n\t")


def texts(characters):
    return st.sampled_from(HOSTILE) | st.text(characters, min_size=1, max_size=12)


def sets(characters):
    """Return valid sets of hostile texts; two of them, since rows of one stand beside rows of the other."""
    text = texts(characters)
    name = text.filter(fold)
    code = text.map(str.strip).filter(bool)
    more = st.just({}) | st.fixed_dictionaries({"use": st.fixed_dictionaries({"code": code, "display": name})})
    language = st.just({}) | st.fixed_dictionaries({"language": code})
    designation = st.builds(lambda value, language, more: {"value": value, **language, **more}, name, language, more)
    concept = st.fixed_dictionaries(
        {"code": code, "display": text.filter(str.strip)},
        optional={"designation": st.lists(designation, min_size=1, max_size=3)},
    )
    concepts = st.lists(concept, min_size=1, max_size=4, unique_by=lambda each: each["code"])
    include = st.fixed_dictionaries({"system": st.sampled_from(["http://a.org/x", "=b", "1"]), "concept": concepts})
    includes = st.lists(include, min_size=1, max_size=2, unique_by=lambda each: each["system"])
    return st.builds(
        lambda one, other, title: [value_set("a", *one, title=title), value_set("b", *other)], includes, includes, text
    )


def back(table, artifacts, *, is_in_order=True):
    rows = parse_sheet(table, known(*artifacts))
    for artifact in artifacts:
        own = [row for row in rows if row.value_set == artifact.id]
        assert merge_rows(artifact.source, own) == artifact.source, "the sheet says what the set says"
        made = merge_rows(emptied(artifact.source), own)
        assert not is_in_order or without_order(made) == without_order(artifact.source), "all of it"


@given(sets(ANY))
@settings(max_examples=150)
def test_csv_gives_back_what_it_was_given(artifacts):
    raw = to_csv(export_rows(artifacts))
    back(parse_csv(raw, "s.csv"), artifacts)
    back(parse_csv(raw.removeprefix(b"\xef\xbb\xbf"), "s.csv"), artifacts)


@given(sets(FIT).filter(lambda artifacts: not ESCAPE.search(str([each.source for each in artifacts]))))
@settings(max_examples=60)
def test_xlsx_gives_back_what_it_was_given_and_so_when_saved_by_another_program(artifacts):
    raw = to_xlsx(export_rows(artifacts))
    back(parse_xlsx(raw, "s.xlsx"), artifacts)
    back(parse_xlsx(with_shared_strings(raw), "s.xlsx"), artifacts)


@pytest.mark.parametrize(("write", "parse"), [(to_csv, parse_csv), (to_xlsx, parse_xlsx)])
def test_all_shipped_sets_come_back_and_no_byte_differs(sources, shipped, write, parse):
    artifacts = value_sets(sources)
    table = parse(write(export_rows(artifacts.values())), "sheet")
    rows = parse_sheet(table, known(*artifacts.values()))
    assert len(rows) > 7000
    for artifact in artifacts.values():
        own = [row for row in rows if row.value_set == artifact.id]
        written = open_set(shipped.valuesets, artifact)
        assert written.layout.to_bytes(merge_rows(written.source, own)) == written.raw
        assert without_order(merge_rows(emptied(written.source), own)) == without_order(written.source)


def test_nothing_differs_when_nothing_was_edited(sources, shipped):
    table = parse_csv(to_csv(export_rows(value_sets(sources).values())), "s.csv")
    assert import_table(table, sources, shipped.valuesets, None) == []


def test_no_cell_of_csv_begins_with_what_a_spreadsheet_program_computes():
    raw = to_csv(
        [
            to_rows(value_set("a", {"system": text, "concept": [{"code": text, "display": text}]}).source)[0]
            for text in HOSTILE
        ]
    )
    rows = parse_csv(raw.replace(b"'", b"\x00"), "s.csv").rows
    firsts = {cell[0] for _, cells in rows for cell in cells if cell}
    assert not firsts & set("=+-@\t\r0123456789'")


def test_rows_have_the_columns_in_their_order():
    (row,) = to_rows(value_set("a", {"system": "s", "concept": [{"code": "c", "display": "d"}]}).source)
    assert dict(zip(COLUMNS, row, strict=True)) == {
        "value set": "a",
        "title": "The a",
        "version": "2026.1",
        "system": "s",
        "code": "c",
        "kind": "display",
        "name": "d",
        "language": "",
        "more": "",
    }


@given(st.lists(st.integers(0, 12), unique=True), st.lists(st.integers(0, 12), unique=True))
def test_merging_keeps_the_old_order_and_puts_what_is_new_at_the_end(old, new):
    known = [each for each in old if each in new]
    assert merged(old, new) == known + [each for each in new if each not in old]


@given(sets(ANY), st.data())
@settings(max_examples=60)
def test_a_sheet_in_any_order_says_what_the_sets_say(artifacts, data):
    """People sort sheets, by one column or several, and append rows of any set."""
    rows = data.draw(st.permutations(export_rows(artifacts)))
    back(parse_csv(to_csv(rows), "s.csv"), artifacts, is_in_order=False)


def test_new_codes_of_a_sheet_in_any_order_stand_at_the_end_of_their_system():
    other = "http://example.org/other"
    artifact = value_set("a", include("1", "2", "3"), include("1", system=other))
    old = to_rows(artifact.source)
    name = row("a", "4", "designation", name="Four")
    sheet = [name, old[2], row("a", "9"), old[3], row("a", "4"), old[1], row("a", "0", system=other), old[0]]
    assert [(each.system, each.code, each.name) for each in to_rows(merge_rows(artifact.source, sheet))] == [
        *((SYSTEM, code, f"Display {code}") for code in "1234"),
        (SYSTEM, "4", "Four"),
        (SYSTEM, "9", "Display 9"),
        *((other, code, f"Display {code}") for code in "10"),
    ]


@given(sets(FIT), st.data())
@settings(max_examples=60)
def test_an_edited_sheet_is_what_the_set_becomes(artifacts, data):
    """Rows are taken out, displays rewritten and new rows put in; the set then says exactly the rows."""
    artifact = artifacts[0]
    rows = to_rows(artifact.source)
    codes = list(dict.fromkeys(row.concept for row in rows))
    gone = data.draw(st.sets(st.sampled_from(codes), max_size=len(codes) - 1))
    kept = [row for row in rows if row.concept not in gone]
    at = data.draw(st.integers(0, len(kept) - 1))
    kept[at] = kept[at]._replace(name="Another Name")
    starts = [i for i, row in enumerate(kept) if row.kind == "display"]
    place = data.draw(st.sampled_from([*starts, len(kept)]))
    new = kept[min(place, len(kept) - 1)]._replace(code="new code", kind="display", name="New", language="", more="")
    sheet = [*kept[:place], new, *kept[place:]]
    after = to_rows(merge_rows(artifact.source, sheet))
    assert sorted(after) == sorted(sheet)
    order = [row.concept for row in kept if row.kind == "display"]
    assert [row.concept for row in after if row.kind == "display" and row.code != "new code"] == order
