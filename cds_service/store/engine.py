"""SQLite or PostgreSQL by URL, with the shortest of patience: a hook call waits for nobody.

SQLite: write-ahead log, so that readers and one writer do not wait for each other; a transaction that writes takes the
lock at its beginning (BEGIN IMMEDIATE), since one that asks for it later can be refused at once.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError

from cds_service.errors import SettingsError, StoreError
from cds_service.store.faults import SchemaMissing
from cds_service.store.impatient import ImpatientConnection

POOL_SIZE, POOL_OVERFLOW = 2, 4  # four threads of a worker, its writer, and one to spare
CONNECT_S = 2  # psycopg waits no shorter
AFTER_THE_SERVER_S = 0.2  # a server that is only slow ends the statement itself, which keeps the connection
USABLE = "sqlite:///folder/file.sqlite3 or postgresql://user:password@host/database"
Identity = tuple[int, int]


@dataclass(frozen=True)
class Care:
    """How a transaction is run: whether it writes, survives a power failure, and how long it waits for a lock."""

    writes: bool = False
    durable: bool = False
    lock_s: float = 0.5


READING = Care()
BRIEF = Care(writes=True)
PATIENT = Care(writes=True, lock_s=5)
DURABLE = Care(writes=True, durable=True, lock_s=3)


def read_url(url: str | URL) -> URL:
    """Return the address of a store; raises SettingsError when it is not one of SQLite's files or of PostgreSQL."""
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsError(f"CDS_DATABASE_URL is no address of a database. Use {USABLE}.") from None
    kind, _, driver = found.drivername.partition("+")
    if kind in ("postgresql", "postgres") and driver in ("", "psycopg"):
        return found.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and driver in ("", "pysqlite") and _names_a_file(found.database or ""):
        return found.set(drivername="sqlite")
    raise SettingsError(f"CDS_DATABASE_URL is not of a kind that can be used. Use {USABLE}.")


def _names_a_file(database: str) -> bool:
    return bool(database) and not database.startswith((":memory:", "file:"))


def shown(url: URL) -> str:
    """Return an address without its password and without parameters, which may hold one."""
    return url.set(query={}).render_as_string(hide_password=True)


def make_engine(url: URL, timeout_s: float, create: bool = False) -> Engine:
    """Return an engine that waits about `timeout_s` seconds for one statement; it belongs to the process it is made in.

    `create` makes SQLite's file when it is not there. Raises StoreError when its folder cannot be used.
    """
    return _sqlite(url, create) if url.drivername == "sqlite" else _postgresql(url, timeout_s)


@contextmanager
def transaction(engine: Engine, care: Care) -> Iterator[Connection]:
    """Give a connection within one transaction, which is committed at the end of the block."""
    with engine.connect() as connection, connection.execution_options(care=care, preserve_rowcount=True).begin():
        if care.durable and engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
        yield connection


def _sqlite(url: URL, create: bool) -> Engine:
    path = Path(url.database or "").absolute()
    if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise StoreError(f"The folder {path.parent} of the store is not there or cannot be written to.")
    if create:
        _make_private(path)
    mode = {"mode": "rwc" if create else "rw", "uri": "true"}
    engine = create_engine(
        url.set(database=path.as_uri(), query=mode),
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=1,
        hide_parameters=True,
    )

    def connected(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None  # the driver begins no transaction of its own; _on_sqlite_begin does
        record.info["file"] = _identity(path)
        if create:
            connection.execute("PRAGMA journal_mode=WAL")  # the file then stays in it

    def refuse_to_create(*_: object) -> None:
        if not create and not path.exists():
            raise SchemaMissing(f"There is no store at {path} yet: run cds-service db upgrade.")

    event.listen(engine, "do_connect", refuse_to_create)
    event.listen(engine, "connect", connected)
    event.listen(engine, "checkout", lambda _, record, __: _refuse_another(record.info["file"], path))
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _make_private(path: Path) -> None:
    """Make the file, for its owner only, if it is not there: SQLite would let everybody read it."""
    try:
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"The store {path} cannot be opened: {error.strerror}.") from None


def _on_sqlite_begin(connection: Connection) -> None:
    care: Care = connection.get_execution_options().get("care", READING)
    driver: Any = connection.connection.dbapi_connection  # directly: each call may do this, and SQLAlchemy takes longer
    driver.execute(f"PRAGMA busy_timeout={round(care.lock_s * 1000)}")
    driver.execute(f"PRAGMA synchronous={'FULL' if care.durable else 'NORMAL'}")
    driver.execute("BEGIN IMMEDIATE" if care.writes else "BEGIN")


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _refuse_another(connected: Identity | None, path: Path) -> None:
    """Drop a connection to a file that was deleted or replaced: what is written to it would be lost."""
    if connected is None or connected != _identity(path):
        raise DisconnectionError("the file is another one now")


def _postgresql(url: URL, timeout_s: float) -> Engine:
    milliseconds = round(timeout_s * 1000)
    limits = f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
    given = url.normalized_query.get("options", ())
    options = {"options": " ".join((limits, *given)), "connect_timeout": CONNECT_S, "application_name": "cds-service"}
    engine = create_engine(
        url,
        connect_args=options,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=1,
        pool_pre_ping=True,
        use_native_hstore=False,
        hide_parameters=True,
    )
    kind: Any = type("Connection", (ImpatientConnection,), {"patience_s": timeout_s + AFTER_THE_SERVER_S})
    event.listen(engine, "do_connect", lambda _, __, arguments, named: kind.connect(*arguments, **named))
    return engine
