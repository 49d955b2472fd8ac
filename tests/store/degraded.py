"""What holds of any store that fails, and of any that is back."""

import time

import pytest

from cds_service.errors import StoreError
from cds_service.store.breaker import PAUSE_S
from cds_service.store.tables import FEEDBACK, ISSUED_CARD
from tests.store.stores import NOW, OTHER_CARD, accepted, card, eventually, run_sql

A, B = b"a" * 32, b"b" * 32
LATER = NOW + 60
READABLE = (2,)  # lookups fail only while the breaker is open after a write that failed
SOON_S = 10  # far above what is promised, far below for ever


def check_degraded(opened, lookups=(3, 4)) -> None:
    """Nothing that a hook call does raises or waits for long; what must not be lost is refused.

    Of four lookups one is not made when its answer is still in the queue.
    """
    before = time.monotonic()
    opened.losses.clear()
    opened.store.record_cards([card()])
    opened.store.record_advice([A], LATER)
    opened.store.given([A, B])
    with pytest.raises(StoreError):
        opened.store.is_seen(A, LATER)
    with pytest.raises(StoreError):
        opened.store.add_feedback([accepted()], None, "s", NOW)
    assert opened.flush()
    assert opened.store.given([A, B]) == frozenset()
    lost = {kind: sum(number for of, number in opened.losses if of == kind) for kind, _ in opened.losses}
    assert (lost["cards"], lost["advice"]) == (1, 1)
    assert lost["lookup"] in lookups
    assert time.monotonic() - before < 3 * SOON_S


def check_recovered(opened) -> None:
    opened.seconds += PAUSE_S
    opened.losses.clear()
    opened.store.record_cards([card(OTHER_CARD)])
    opened.store.record_advice([B], LATER)
    assert opened.store.add_feedback([accepted(OTHER_CARD)], None, "s", NOW) == 1
    assert not opened.store.is_seen(B, LATER)
    assert opened.store.given([B]) == {B}
    assert opened.flush()
    assert opened.store.state() == "ok"
    assert opened.losses == []
    assert [row["card"] for row in opened.rows(ISSUED_CARD)] == [OTHER_CARD]
    assert [row["recommendation"] for row in opened.rows(FEEDBACK)] == ["r"]


def is_refused(opened) -> bool:
    try:
        opened.store.add_feedback([accepted()], None, "s", NOW)
    except StoreError:
        return True
    return False


def check_refusals_end(opened) -> None:
    """A connection stays as it was made, for reading only: all are dropped when none is in use after a refusal."""
    eventually(lambda: not is_refused(opened))
    run_sql(opened.url, "DELETE FROM feedback")
