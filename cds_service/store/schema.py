"""The migrations, and whether they have run.

Migrations only add, so that instances of the version before go on working while the newer ones are started.
"""

from sqlalchemy import URL, Connection, Engine, text

from cds_service.store.engine import READING, Care, make_engine, read_url, transaction
from cds_service.store.faults import SchemaMissing, as_store_errors
from cds_service.store.tables import HEAD

LOCK = 0x6364732D73746F72  # "cds-stor": the advisory lock that one migration at a time holds
MIGRATIONS = "cds_service:store/migrations"
START_S = 30.0


def upgrade(url: str | URL, timeout_s: float = START_S) -> None:
    """Bring the tables to the newest revision; does nothing when they are. Several may do it at the same time.

    Makes SQLite's file, but not its folder. Raises StoreError when it cannot be done.
    """
    with as_store_errors():
        engine = make_engine(read_url(url), timeout_s, create=True)
        try:
            with transaction(engine, Care(writes=True, durable=True, lock_s=timeout_s)) as connection:
                _take_turns(connection)
                if not _is_newest(connection):
                    _migrate(connection)
        finally:
            engine.dispose()


def is_current(engine: Engine) -> bool:
    """Tell whether the tables are of this version or a newer one; raises StoreError when nobody answers."""
    try:
        with as_store_errors(), transaction(engine, READING) as connection:
            return _revision(connection) >= HEAD
    except SchemaMissing:
        return False


def _revision(connection: Connection) -> str:
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def _is_newest(connection: Connection) -> bool:
    return connection.dialect.has_table(connection, "alembic_version") and _revision(connection) >= HEAD


def _take_turns(connection: Connection) -> None:
    """Wait for another migration to end; on SQLite the transaction has waited already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _migrate(connection: Connection) -> None:
    from alembic import command  # a server whose tables are there needs neither its time nor its memory
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", MIGRATIONS)
    command.upgrade(config, "head")
