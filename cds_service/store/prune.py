"""What is too old goes, in small portions: a long delete would hold up those who wait for the lock."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import ColumnElement, Connection, delete, select

from cds_service.store.rows import to_micros
from cds_service.store.tables import GIVEN_ADVICE, ISSUED_CARD, SEEN_TOKEN

PORTION, PORTIONS = 1000, 50


def prune(begin: Callable[[], AbstractContextManager[Connection]], now: float, keep_cards_s: float) -> bool:
    """Delete forgotten hashes, expired tokens and old cards, at most PORTIONS of each; return whether there is more.

    `begin` gives a connection within a transaction of its own.
    """
    is_more = False
    for key, at, limit in (
        (GIVEN_ADVICE.c.digest, GIVEN_ADVICE.c.expires_at, now),
        (SEEN_TOKEN.c.digest, SEEN_TOKEN.c.expires_at, now),
        (ISSUED_CARD.c.card, ISSUED_CARD.c.issued_at, now - keep_cards_s),
    ):
        for _ in range(PORTIONS):
            with begin() as connection:
                gone = _prune_portion(connection, key, at <= to_micros(limit))
            if gone < PORTION:
                break
        else:
            is_more = True
    return is_more


def _prune_portion(connection: Connection, key: ColumnElement[object], is_old: ColumnElement[bool]) -> int:
    # another instance may be at it: what it has locked is its business
    portion = select(key).where(is_old).limit(PORTION).with_for_update(skip_locked=True)
    return connection.execute(delete(key.table).where(key.in_(portion))).rowcount
