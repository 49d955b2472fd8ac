"""Keyed hashes of advice that was given, and tokens that were used. Both are forgotten when their time has come."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.store.rows import Advice, to_micros
from cds_service.store.tables import GIVEN_ADVICE, SEEN_TOKEN


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that can say what to do ON CONFLICT, in the database's own dialect."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def insert_advice(connection: Connection, given: Iterable[Advice]) -> None:
    """Store hashes of advice; one that is there already is remembered for the new time."""
    latest = {each.digest: to_micros(each.expires) for each in given}
    rows = [{"digest": digest, "expires_at": latest[digest]} for digest in sorted(latest)]  # one order: no deadlock
    if rows:
        statement = upsert(connection, GIVEN_ADVICE)
        again = {"expires_at": statement.excluded.expires_at}
        connection.execute(statement.on_conflict_do_update(index_elements=["digest"], set_=again), rows)


def select_advice(connection: Connection, digests: Collection[bytes], now: float) -> frozenset[bytes]:
    """Return those of the hashes that are stored and not forgotten yet."""
    column = GIVEN_ADVICE.c
    query = select(column.digest).where(column.digest.in_(digests), column.expires_at > to_micros(now))
    return frozenset(connection.scalars(query))


def insert_token(connection: Connection, digest: bytes, expires: float, now: float) -> bool:
    """Store a token in one step; returns False when it is there already and has not expired."""
    statement = upsert(connection, SEEN_TOKEN)
    stored = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["digest"],
            set_={"expires_at": statement.excluded.expires_at},
            where=SEEN_TOKEN.c.expires_at <= to_micros(now),
        ),
        {"digest": digest, "expires_at": to_micros(expires)},
    )
    return stored.rowcount == 1
