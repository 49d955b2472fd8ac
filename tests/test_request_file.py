"""A file that is no request: what is wrong with it is said, since only the author can see the file."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cds_service.__main__ import main
from cds_service.commands.request_file import why_unreadable

TOPIC = Path(__file__).parent / "topic"
CASE = json.loads((TOPIC / "cases/lotion-order-select/rash-is-recommended.json").read_text())
BODY = json.dumps(CASE["request"], indent=2, ensure_ascii=False).encode()
BOM = b"\xef\xbb\xbf"
WRONG = {
    "empty": (b"", "The file is empty."),
    "only spaces": (b" \r\n\t\n", "The file is empty."),
    "a BOM and nothing": (BOM, "The file is empty."),
    "NDJSON": (b'{"hook": "a"}\n{"hook": "b"}\n', "several JSON values, and the second begins in line 2"),
    "two values in one line": (b'{"hook": "a"} {"hook": "b"}', "several JSON values, and the second begins in line 1"),
    "Latin-1": ('{\n"display": "Lähmung"}'.encode("latin-1"), "not in UTF-8: line 2 holds other bytes"),
    "UTF-16": ('{"hook": "a"}'.encode("utf-16"), "is in UTF-16"),
    "cut in an object": (BODY[:200], "ends in the middle"),
    "cut in a text": (b'{"hook": "order-sel', "ends in the middle"),
    "cut in a text in an escape": (b'{"hook": "order\\u00', "ends in the middle"),
    "cut in a word": (b'{"hook": tru', "ends in the middle"),
    "cut after a colon": (b'{"hook":', "ends in the middle"),
    "cut after a comma": (b'{"hook": "a",\n', "ends in the middle"),
    "cut in a letter": (b'{"hook": "\xc3', "ends in the middle"),
    "a comma too much": (b'{"hook": "a",\n}', "not readable as JSON at line 2, column 1"),
    "a text without its end": (b'{"hook": "a,\n "context": {}}', "not readable as JSON at line 1, column 13"),
    "no JSON": (b"<html>", "not readable as JSON at line 1, column 1"),
    "more behind it": (b'{"hook": "a"}}', "more follows the JSON in line 1"),
    "a list": (b'[{"hook": "a"}]', "a JSON list"),
    "a text": (b'"order-select"', "a JSON string"),
}


@pytest.mark.parametrize(("raw", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(raw, told):
    assert told in str(why_unreadable(raw))


@pytest.mark.parametrize("raw", [BODY, b"{}", b'{"a": 1e999}'], ids=["a request", "an empty object", "too large"])
def test_of_an_object_nothing_is_said(raw):
    assert why_unreadable(raw) is None


def test_nothing_of_the_file_is_repeated():
    for raw, _ in WRONG.values():
        assert "Lähmung" not in str(why_unreadable(raw))
        assert "order" not in str(why_unreadable(raw)).replace("order request", "")


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    for name in ("plandefinitions", "valuesets"):
        shutil.copytree(TOPIC / name, tmp_path / name)
    (tmp_path / "cases").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


COMMANDS = {
    "try": ("try --service lotion-order-select request.json", 3),
    "explain": ("explain --service lotion-order-select request.json", 3),
    "case new": ("case new request.json --name a-rash --cases cases --expect expected.json --texts-are-clean", 2),
}


def run(own, command, raw):
    (own / "request.json").write_bytes(raw)
    (own / "expected.json").write_text(json.dumps({key: CASE[key] for key in ("title", "why", "cards")}))
    return CliRunner().invoke(main, command.split(), catch_exceptions=False)


@pytest.mark.parametrize(("command", "code"), COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("raw", "told"), WRONG.values(), ids=WRONG)
def test_each_command_says_it_and_refuses(own, command, code, raw, told):
    result = run(own, command, raw)
    assert result.exit_code == code, result.output
    assert told in " ".join(result.output.split())
    assert not list((own / "cases").rglob("*.json"))


@pytest.mark.parametrize("command", [command for command, _ in COMMANDS.values()], ids=COMMANDS)
def test_a_byte_order_mark_is_read_over(own, command):
    plain = run(own, command, BODY)
    shutil.rmtree(own / "cases")
    (own / "cases").mkdir()
    marked = run(own, command, BOM + BODY)
    assert (marked.exit_code, plain.exit_code) == (0, 0), marked.output
    assert marked.output == plain.output


def test_a_golden_case_with_a_byte_order_mark_is_explained(own):
    result = run(own, "explain --service lotion-order-select request.json", BOM + json.dumps(CASE).encode())
    assert result.exit_code == 0, result.output


def test_try_tells_it_as_an_outcome_too(own):
    result = run(own, "try --json --service lotion-order-select request.json", b"")
    assert result.exit_code == 3
    assert "The file is empty." in json.loads(result.output)["issue"][0]["diagnostics"]
