"""Words that were taken out and put in are marked, and nothing of either text is lost."""

from hypothesis import given
from hypothesis import strategies as st

from cds_service.changes.marks import Piece, marked


def test_a_word_that_changed_is_marked():
    assert marked("Give it early in the day.", "Give it late in the day.") == [
        Piece("same", "Give it "),
        Piece("out", "early "),
        Piece("in", "late "),
        Piece("same", "in the day."),
    ]


def test_far_from_a_change_the_text_is_shortened():
    long = " ".join(f"w{i}" for i in range(50))
    pieces = marked(f"{long} old {long}", f"{long} new {long}")
    assert [each.mark for each in pieces] == ["same", "out", "in", "same"]
    assert pieces[0].text == "… w42 w43 w44 w45 w46 w47 w48 w49 "
    assert pieces[3].text == "w0 w1 w2 w3 w4 w5 w6 w7 … "


def test_texts_with_little_in_common_stand_whole():
    old, new = "It is not recommended in children.", "It should be considered early in adults."
    assert marked(old, new) == [Piece("out", old), Piece("in", new)]


@given(st.text(alphabet="ab \n", max_size=20), st.text(alphabet="ab \n", max_size=20))
def test_both_texts_can_be_read_from_the_pieces(old, new):
    pieces = marked(old, new)
    assert "".join(each.text for each in pieces if each.mark != "in") == old
    assert "".join(each.text for each in pieces if each.mark != "out") == new
