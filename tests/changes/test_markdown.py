"""Whatever an artifact holds is text in the Markdown, one row a change."""

import re

import pytest

from cds_service.changes.artifacts import compare_artifacts
from cds_service.changes.change import Change, Kind
from cds_service.changes.markdown import escaped, to_markdown
from cds_service.changes.page import to_page
from cds_service.changes.sheet import Sheet
from tests.changes.lotion import OLD, RASH, RASH_SET, concepts, edited

NASTY = "a|b\nc `d` *e* _f_ <script>alert(1)</script> [g](http://h) @user #12 ~~i~~ $j$ \\k\r\n\x1b[31m"


def markdown(edits):
    return to_markdown(to_page(Sheet("old", "new", tuple(compare_artifacts(OLD, edited(edits))))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("a\nb\r\nc", "a<br>b<br>c"),
        ("<b> & c", "&lt;b&gt; &amp; c"),
        ("**bold** _it_ `code` ~~no~~", r"\*\*bold\*\* \_it\_ \`code\` \~\~no\~\~"),
        ("[a](b) ![c]", r"\[a\](b) \!\[c\]"),
        ("@user #1", "@<!-- -->user #<!-- -->1"),
        ("a\\|b", r"a\\\|b"),
        ("\x1b[31m", r" \[31m"),
    ],
)
def test_markup_is_text(text, expected):
    assert escaped(text) == expected


def test_a_nasty_text_stays_in_its_cell():
    text = markdown({RASH: lambda plan: plan["action"][0].update(description=NASTY)})
    (row,) = [line for line in text.splitlines() if line.startswith("| Text |")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 4
    assert "<script" not in text
    assert "\x1b" not in text


def test_a_long_list_is_folded():
    def many(value_set):
        concepts(value_set).extend({"code": f"X-{i}", "display": f"Rash {i}"} for i in range(30))

    text = markdown({RASH_SET: many})
    shown, _, folded = text.partition("<details><summary>and 10 more</summary>")
    assert shown.count("| Code added") == 20
    assert folded.count("| Code added") == 10
    assert "</details>" in folded


def test_the_rest_is_folded_and_the_sheet_ends_with_a_place_to_sign():
    changes = (Change("ValueSet/x", "X", Kind.VERSION, "Version", "1", "2"),)
    text = to_markdown(to_page(Sheet("old", "new", changes)))
    assert "<details><summary>1 more</summary>" in text
    assert "| ValueSet/x | Version | <del>1</del> | <ins>2</ins> |" in text
    assert text.rstrip().endswith("Date: ____________")
