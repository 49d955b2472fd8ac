"""Laws of reading: any items, any bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import BadRequest
from cds_service.feedback.parse import parse_feedback
from tests.feedback.bodies import CARD, REASON, STAMP, accepted, overridden, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from([CARD, STAMP]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["card", "outcome", "outcomeTimestamp", "acceptedSuggestions", "overrideReason"]
ITEM = st.builds(
    lambda item, changed: item | changed,
    st.sampled_from([accepted(), overridden(), overridden({"reason": REASON})]),
    st.dictionaries(st.sampled_from(FIELDS), JSON | st.dictionaries(st.sampled_from(["reason", "userComment"]), JSON)),
)


@given(st.lists(ITEM | JSON, max_size=3), st.booleans())
def test_any_items_are_all_events_or_all_refused(items, keep_comments):
    try:
        events = parse(*items, keep_comments=keep_comments)
    except BadRequest:
        return
    assert len(events) == len(items)
    for event in events:
        assert event.outcome in ("accepted", "overridden")
        assert len(event.card) == 36
        assert keep_comments or event.comment is None


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_refused_without_a_fault(body):
    with pytest.raises(BadRequest):
        parse_feedback(body, keep_comments=True)
