"""docs/contract.md and the tests are one: every row has its test, every test its row, and no row is forgotten."""

import ast
import os
import re
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCES = Path(os.environ.get("CDS_TEST_SOURCES", "no-such-folder"))
BINDING = "ABCDEFGHIJKLMNOPQRSTU"
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "info"}
ROW = re.compile(r"^\| ([A-Z]\d+) \| (.+) \| (.+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
SOURCE_ROW = re.compile(r"^\| ([A-Z]\d+) \|", re.MULTILINE)
NAME = re.compile(r"test_([A-Z]\d+)_\w+")
REASON = re.compile(r"Not tested: \w.{20,}\.")


def rows_of(table):
    """Return the rows of the table: id, what it asks, level, where from, how held, names of tests."""
    return [(*row[:5], re.findall(r"`(\w+)`", row[5])) for row in ROW.findall(table)]


def written_tests():
    """Return the names of all tests of the contract but those of the table itself."""
    modules = [path for path in HERE.glob("test_*.py") if path != Path(__file__)]
    nodes = [node for path in modules for node in ast.parse(path.read_text()).body]
    names = [node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert len(set(names)) == len(names)
    return set(names)


def problems_of(table, tests):
    """Return what is wrong between a table and the tests."""
    rows = rows_of(table)
    found = [f"{each}: there twice" for each, times in Counter(row[0] for row in rows).items() if times > 1]
    found += [f"{each}: no row" for each in SOURCE_ROW.findall(table) if each not in {row[0] for row in rows}]
    named = [name for row in rows for name in row[5]]
    found += [f"{name}: no such test" for name in named if name not in tests]
    found += [f"{name}: in no row" for name in tests if name not in named]
    for identifier, _, level, _, held, own in rows:
        found += [f"{name}: not of {identifier}" for name in own if not name.startswith(f"test_{identifier}_")]
        found += [] if own or REASON.search(held) else [f"{identifier}: neither test nor reason"]
        found += [] if level in LEVELS else [f"{identifier}: no such level: {level}"]
    return sorted(found)


@pytest.fixture(scope="module")
def table(root):
    return (root / "docs" / "contract.md").read_text()


def test_every_row_has_its_tests_and_every_test_its_row(table):
    assert len(rows_of(table)) > 150
    assert problems_of(table, written_tests()) == []


def test_ids_of_a_section_have_no_gap(table):
    numbers = {}
    for identifier in (row[0] for row in rows_of(table) if row[0][0] in BINDING):
        numbers.setdefault(identifier[0], []).append(int(identifier[1:]))
    assert "".join(numbers) == BINDING
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


def test_every_test_bears_an_id():
    assert [name for name in written_tests() if not NAME.fullmatch(name)] == []


@pytest.mark.skipif(not SOURCES.is_dir(), reason="CDS_TEST_SOURCES does not name the folder of the sources")
def test_every_requirement_of_the_source_has_a_row(table):
    wanted = SOURCE_ROW.findall((SOURCES / "cds-hooks" / "requirements.md").read_text())
    binding = [each for each in wanted if each[0] in BINDING]
    assert len(binding) > 150
    assert set(binding) <= {row[0] for row in rows_of(table)}


BROKEN = {
    "a row without its test": (lambda table: re.sub(r"^\| A4 .*\n", "", table, flags=re.MULTILINE), "in no row"),
    "a test that is not there": (lambda table: table.replace("`test_A4_", "`test_A4_other_"), "no such test"),
    "a row twice": (lambda table: table + re.search(r"^\| A4 .*\n", table, re.MULTILINE)[0], "there twice"),
    "neither test nor reason": (lambda table: re.sub(r"(?m)^(\| A7 .*\| )`\w+` \|$", r"\1- |", table), "nor reason"),
    "a reason left out": (lambda table: table.replace("Not tested: ", "no "), "nor reason"),
    "the test of another row": (lambda table: table.replace("| A4 |", "| A5 |"), "not of A5"),
    "a level of its own": (lambda table: table.replace("| MUST NOT |", "| NEVER |", 1), "no such level"),
    "a row cut short": (
        lambda table: re.sub(r"(?m)^\| A4 \| ([^|]+) \| ([^|]+) \|.*$", r"| A4 | \1 |", table),
        "no row",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_noticed(table, tmp_path, name):
    change, word = BROKEN[name]
    broken = tmp_path / "contract.md"
    broken.write_text(change(table))
    assert broken.read_text() != table
    assert any(word in problem for problem in problems_of(broken.read_text(), written_tests()))


def test_a_test_without_a_row_is_noticed(table):
    assert problems_of(table, written_tests() | {"test_A99_nothing"}) == ["test_A99_nothing: in no row"]
