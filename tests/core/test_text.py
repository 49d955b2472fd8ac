"""Folding, and whether a text names something or keeps its distance from it."""

import re
import sys
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.core.text import RUN, Reading, cut_tags, fold, fold_all, without_tag, words

HYPOTHESIS = settings(max_examples=300, deadline=None, database=None)
PHRASES = [words("Miller Fisher"), words("Fisher syndrome")]
APART = [words(each) for each in ("no", "not", "rule out", "ruled out", "r/o", "history of", "family", "excluded")]


def names_fisher(text):
    reading = Reading(text)
    return any(reading.names(phrase, APART) for phrase in PHRASES)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Guillain-Barré  syndrome", "guillain barre syndrome"),
        ("GUILLAIN\u2013BARRE SYNDROME.", "guillain barre syndrome"),
        ("Guillain-Barre\u0301 syndrome", "guillain barre syndrome"),
        ("Straße", "strasse"),
        ("r/o", "r o"),
        ("(acute)\tpolyneuritis,\nNOS", "acute polyneuritis nos"),
        ("anti-HMG-CoA 3.5", "anti hmg coa 3 5"),
        ("Ⅳ", "iv"),
        ("", ""),
        (" .,;:!?()[] ", ""),
    ],
)
def test_folding_keeps_letters_and_digits_only(text, folded):
    assert fold(text) == folded


@HYPOTHESIS
@given(st.text() | st.text(alphabet=st.characters(max_codepoint=0x24F)))
@example("Brand™")
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


def test_no_folded_letter_has_a_capital():
    folded = (fold(chr(point)) for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000)
    assert [each for each in folded if each != each.casefold()] == []


@HYPOTHESIS
@given(st.text(alphabet=st.characters(max_codepoint=0x17F, exclude_characters="ıſŉ")))
def test_folding_does_not_see_case(text):
    assert fold(text) == fold(text.upper()) == fold(text.lower())


@HYPOTHESIS
@given(st.text(alphabet=st.characters(max_codepoint=0x17F)))
def test_folding_does_not_see_how_diacritics_are_written(text):
    assert fold(text) == fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@HYPOTHESIS
@given(st.lists(st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True)), st.sampled_from([" ", "-", ", ", " / ", "\n", "._"]))
def test_folding_does_not_see_punctuation(parts, between):
    assert fold(between.join(parts)) == " ".join(parts)
    assert words(between.join(parts)) == tuple(parts)


@pytest.mark.parametrize(
    ("display", "plain"),
    [
        ("Myositis (disorder)", "Myositis"),
        ("Immunoglobulin product (medicinal product form)", "Immunoglobulin product"),
        ("Immunodeficiency (CIDP)", "Immunodeficiency (CIDP)"),
        ("(disorder)", "(disorder)"),
        ("Myositis (disorder) of the arm", "Myositis (disorder) of the arm"),
    ],
)
def test_the_semantic_tag_of_a_fully_specified_name_is_dropped(display, plain):
    assert without_tag(display) == plain


@pytest.mark.parametrize(
    "text",
    [
        "Miller Fisher",
        "MILLER-FISHER variant of GBS",
        "Miller\u00a0Fisher",
        "Miller Fisher variant, not intubated",
        "Miller Fisher (no respiratory failure)",
        "No GBS; Miller Fisher",
        "No fever. Miller Fisher syndrome",
        "No fever\nMiller Fisher syndrome",
        "Not typical GBS but Miller Fisher",
        "GBS, Miller Fisher variant",
        "No Miller Fisher in 2019. Miller Fisher now",
        "Nothing else: Fisher syndrome",
        "Notable Miller Fisher",
    ],
)
def test_a_text_names_the_phrase(text):
    assert names_fisher(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GBS",
        "GBS, not Miller Fisher",
        "GBS (not Miller Fisher)",
        "no Miller Fisher",
        "No GBS, Miller Fisher",
        "rule out Miller Fisher",
        "R/O Miller Fisher",
        "r/o: Miller-Fisher",
        "Miller Fisher ruled out",
        "Miller Fisher was excluded",
        "history of Miller Fisher",
        "family history of Miller Fisher",
        "Family: mother with Miller Fisher",
        "Kingfisher",
        "Miller Kingfisher",
        "Millers Fishers",
        "Miller, Fisher",
        "Miller and Fisher",
        "Fisher Miller",
        "Miller. Fisher",
    ],
)
def test_a_text_does_not_name_the_phrase_or_keeps_its_distance(text):
    assert not names_fisher(text)


def test_no_phrase_is_named_by_nothing():
    assert not Reading("anything").names((), [])


@HYPOTHESIS
@given(st.text(max_size=30), st.sampled_from(["no", "rule out", "history of", "R/O"]))
def test_a_distancing_word_at_the_front_holds_off_whatever_stands_between(text, word):
    same_sentence = "".join(c for c in text if c not in ".;!?\r\n")
    if "but" not in words(same_sentence):
        assert not names_fisher(f"{word} {same_sentence} Miller Fisher")


@HYPOTHESIS
@given(st.text())
def test_any_text_can_be_read(text):
    assert names_fisher(text) in {True, False}


NAMES = (
    st.text()
    | st.text("ab -.,()/\n\t é", max_size=12)
    | st.sampled_from(["Red rash (disorder)", "a\t(b c)", " (finding)"])
)


@HYPOTHESIS
@given(st.lists(NAMES))
def test_many_texts_are_folded_as_each_alone(texts):
    assert fold_all(texts) == [fold(text) for text in texts]


@pytest.mark.parametrize("number", [RUN - 1, RUN, RUN + 1, 2 * RUN + 1])
@pytest.mark.parametrize("odd", ["plain", "Straße", "two\nlines", " (at the  edge) ", ""])
def test_a_text_that_is_folded_by_itself_changes_no_other(number, odd):
    texts = [f"Name no. {i} (disorder)" for i in range(number)]
    for place in (0, RUN - 1, RUN, number - 1):
        several = [*texts[:place], odd, *texts[place + 1 :]]
        assert fold_all(several) == [fold(text) for text in several]


@HYPOTHESIS
@given(NAMES)
@example("foo (bar\t(disorder)")
@example("foo (disorder)\n")
def test_a_name_is_its_bare_name_and_its_tag(name):
    (bare,), (tag,) = cut_tags([name])
    assert fold(bare) == fold(without_tag(name)) == fold(re.sub(r"\s+\([a-z/ ]+\)$", "", name))
    assert " ".join(filter(None, (fold(bare), tag))) == fold(name)
