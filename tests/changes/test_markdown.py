"""Whatever an artifact holds is text in the Markdown, one row a change."""

import re

import pytest

from cds_service.changes.artifacts import compare_artifacts
from cds_service.changes.change import Change, Kind
from cds_service.changes.markdown import escaped, to_markdown
from cds_service.changes.page import to_page
from cds_service.changes.sheet import Failing, Sheet
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


LIMIT = 65_536


def of_failures(number, text="indicator: expected critical, got info"):
    """Return a sheet of cases that are not met."""
    failing = tuple(Failing(f"service/case-{i:04}", (text,)) for i in range(number))
    changes = (Change("PlanDefinition/x", "X", Kind.STANCE, "Stance", "Recommended", "Not recommended"),)
    return to_markdown(to_page(Sheet("old", "new", changes, asked=number, failing=failing)))


def test_a_sheet_that_fits_into_a_comment_is_whole():
    text = of_failures(342)
    assert len(text.encode()) <= LIMIT
    assert text.count("| service/case-") == 342
    assert "hortened" not in text


def test_a_sheet_that_is_too_long_for_a_comment_is_shortened_and_says_so():
    text = of_failures(3000)
    assert len(text.encode()) <= LIMIT
    shown = text.count("| service/case-")
    assert 100 <= shown < 3000
    assert f"and {3000 - shown} more: --json gives all" in text
    first = next(line for line in text.splitlines() if line.startswith("- "))
    assert first.startswith("- **Shortened to fit into a comment")
    assert "<del>Recommended</del>" in text
    assert text.count("<details>") == text.count("</details>")
    assert text.rstrip().endswith("Date: ____________")


def test_a_sheet_of_many_short_tables_ends_where_the_comment_does_and_says_so():
    changes = tuple(
        Change(f"PlanDefinition/p{i}", f"Plan {i}", Kind.STANCE, "Stance", "x" * 40, "y" * 40) for i in range(900)
    )
    text = to_markdown(to_page(Sheet("old", "new", changes)))
    assert 50_000 < len(text.encode()) <= LIMIT
    assert "**The sheet ends here: what comes after it is left out. --json gives all.**\n\n---\n" in text
    assert "Shortened to fit" in text
    assert text.rstrip().endswith("Date: ____________")


def test_letters_of_several_bytes_count_as_such():
    assert len(of_failures(1000, "erwartet wäre größer: äöü → ßßß" * 3).encode()) <= LIMIT
