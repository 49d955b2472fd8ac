"""Keyed hashes of advice that was given, and tokens that were used. Both are forgotten when their time has come.

Statements are built once: calls wait for them, and building takes longer than running.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.store.rows import Advice, to_micros
from cds_service.store.tables import GIVEN_ADVICE, SEEN_TOKEN

Insert = sqlite.Insert | postgresql.Insert


def upserts(table: Table) -> dict[str, Insert]:
    """Return, by the name of a dialect, an INSERT that can say what to do ON CONFLICT."""
    return {"sqlite": sqlite.insert(table), "postgresql": postgresql.insert(table)}


def _remember_for_longer(insert: Insert) -> Insert:
    return insert.on_conflict_do_update(index_elements=["digest"], set_={"expires_at": insert.excluded.expires_at})


def _replace_expired(insert: Insert) -> Insert:
    return insert.on_conflict_do_update(
        index_elements=["digest"],
        set_={"expires_at": insert.excluded.expires_at},
        where=SEEN_TOKEN.c.expires_at <= bindparam("now"),
    )


_INSERT_ADVICE = {name: _remember_for_longer(each) for name, each in upserts(GIVEN_ADVICE).items()}
_INSERT_TOKEN = {name: _replace_expired(each) for name, each in upserts(SEEN_TOKEN).items()}
_SELECT_ADVICE = select(GIVEN_ADVICE.c.digest).where(
    GIVEN_ADVICE.c.digest.in_(bindparam("digests", expanding=True)), GIVEN_ADVICE.c.expires_at > bindparam("now")
)


def insert_advice(connection: Connection, given: Iterable[Advice]) -> None:
    """Store hashes of advice; one that is there already is remembered for the new time."""
    latest = {each.digest: to_micros(each.expires) for each in given}
    rows = [{"digest": digest, "expires_at": latest[digest]} for digest in sorted(latest)]  # one order: no deadlock
    if rows:
        connection.execute(_INSERT_ADVICE[connection.dialect.name], rows)


def select_advice(connection: Connection, digests: Collection[bytes], now: float) -> frozenset[bytes]:
    """Return those of the hashes that are stored and not forgotten yet."""
    return frozenset(connection.scalars(_SELECT_ADVICE, {"digests": list(digests), "now": to_micros(now)}))


def insert_token(connection: Connection, digest: bytes, expires: float, now: float) -> bool:
    """Store a token in one step; returns False when it is there already and has not expired."""
    row = {"digest": digest, "expires_at": to_micros(expires), "now": to_micros(now)}
    return connection.execute(_INSERT_TOKEN[connection.dialect.name], row).rowcount == 1
