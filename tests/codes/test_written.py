"""A file is edited in the format it has; one whose format could not be kept is refused."""

import json
from datetime import date
from pathlib import Path

import pytest

from cds_service.codes.change import Change
from cds_service.codes.edit import renewed, with_concept
from cds_service.codes.sets import open_set, value_sets
from cds_service.codes.systems import Systems
from cds_service.codes.written import parse_written
from cds_service.errors import EditError
from tests.codes.lines import changed_lines

SYSTEM = "http://example.org/codes"
SYSTEMS = Systems(frozenset({SYSTEM}), {})
SOURCE = {
    "resourceType": "ValueSet",
    "id": "v",
    "version": "2026.1",
    "title": 'Größe "µ" ',
    "date": "2026-01-01",
    "compose": {"include": [{"system": SYSTEM, "concept": [{"code": "1", "display": "Eins"}]}]},
}


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


FORMATS = {
    "two spaces": json.dumps(SOURCE, indent=2, ensure_ascii=False) + "\n",
    "four spaces": json.dumps(SOURCE, indent=4, ensure_ascii=False) + "\n",
    "tab": json.dumps(SOURCE, indent="\t", ensure_ascii=False) + "\n",
    "no indentation, lines": json.dumps(SOURCE, indent=0, ensure_ascii=False) + "\n",
    "no last line end": json.dumps(SOURCE, indent=2, ensure_ascii=False),
    "escapes": json.dumps(SOURCE, indent=2) + "\n",
    "windows": crlf(json.dumps(SOURCE, indent=2, ensure_ascii=False) + "\n"),
    "windows without a last line end": crlf(json.dumps(SOURCE, indent=2, ensure_ascii=False)),
    "byte order mark": "\ufeff" + json.dumps(SOURCE, indent=2, ensure_ascii=False) + "\n",
    "one line": json.dumps(SOURCE, ensure_ascii=False) + "\n",
    "one tight line": json.dumps(SOURCE, ensure_ascii=False, separators=(",", ":")),
}


def edited(raw: bytes) -> bytes:
    written = parse_written(raw, Path("v.json"), "v.json")
    source = with_concept("v.json", written.source, SYSTEM, {"code": "2", "display": "Zwei ü"}, SYSTEMS)
    return Change(written, renewed("v.json", source, date(2026, 11, 22))).after


@pytest.mark.parametrize("name", FORMATS)
def test_an_edit_keeps_the_format(name):
    before = FORMATS[name].encode()
    after = edited(before)
    expected = json.loads(before) | {"version": "2026.2", "date": "2026-11-22"}
    expected["compose"]["include"][0]["concept"].append({"code": "2", "display": "Zwei ü"})
    assert json.loads(after) == expected
    written, again = (parse_written(raw, Path("v.json"), "v.json").layout for raw in (before, after))
    assert written == again
    if b"\n" in before.strip():
        gone, new = changed_lines(before, after)
        assert [line.strip() for line in gone] == ['"version": "2026.1",', '"date": "2026-01-01",']
        assert [line.strip() for line in new] == [
            '"version": "2026.2",',
            '"date": "2026-11-22",',
            "},",
            "{",
            '"code": "2",',
            json.dumps({"display": "Zwei ü"}, ensure_ascii=name == "escapes").strip("{}"),
        ]


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(SOURCE, indent=2).replace('      "system"', '     "system"').encode(),
        (json.dumps(SOURCE, indent=2) + "\n\n").encode(),
        json.dumps(SOURCE, indent=2).replace("http://", "http:\\/\\/").encode(),
        json.dumps(SOURCE, indent=2).replace("\n", "\r\n", 3).encode(),
        json.dumps(SOURCE, indent=2, ensure_ascii=False).replace("ß", "\\u00df").encode(),
        json.dumps(SOURCE, indent=2).encode("utf-16"),
        json.dumps(SOURCE | {"x": 1.5}, indent=2).replace("1.5", "1.50").encode(),
    ],
)
def test_a_format_that_could_not_be_kept_is_refused(raw):
    with pytest.raises(EditError, match="formatted by hand") as raised:
        edited(raw)
    assert "json.tool --indent 2" in str(raised.value)


def test_what_is_no_json_or_gone_is_refused(topic_sources, tmp_path):
    with pytest.raises(EditError, match="not readable as JSON"):
        edited(b'{"id": 1, "id": 2}')
    with pytest.raises(EditError, match=r"cannot be read \(FileNotFoundError\)"):
        open_set(tmp_path, value_sets(topic_sources)["example-rash"])


def test_every_shipped_value_set_can_be_edited(sources, shipped):
    for artifact in value_sets(sources).values():
        written = open_set(shipped.valuesets, artifact)
        assert written.layout.to_bytes(written.source) == written.raw
        assert written.source == artifact.source
