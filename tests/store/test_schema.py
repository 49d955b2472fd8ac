"""The migrations make the tables of the program, once, whoever comes first."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Integer, MetaData, text

from cds_service.errors import StoreError
from cds_service.store.engine import PATIENT, READING, make_engine, read_url, transaction
from cds_service.store.schema import LOCK, MIGRATIONS, is_current, upgrade
from cds_service.store.tables import HEAD, METADATA
from tests.store.stores import run_sql, start_python, told_by

UPGRADE = """
import sys
from cds_service.store.schema import upgrade
input()
upgrade(sys.argv[1])
"""


@pytest.fixture
def engine(database_url):
    made = make_engine(read_url(database_url), 5)
    yield made
    made.dispose()


def differences(engine, metadata) -> list:
    with transaction(engine, READING) as connection:
        return compare_metadata(MigrationContext.configure(connection), metadata)


def copy_of(metadata: MetaData) -> MetaData:
    copied = MetaData()
    for table in metadata.tables.values():
        table.to_metadata(copied)
    return copied


def test_the_migrations_make_what_the_tables_say(database_url, engine):
    upgrade(database_url)
    assert differences(engine, METADATA) == []


def test_a_column_or_an_index_that_no_migration_makes_is_found(database_url, engine):
    upgrade(database_url)
    more = copy_of(METADATA)
    more.tables["feedback"].append_column(Column("forgotten", Integer))
    less = copy_of(METADATA)
    less.tables["feedback"].indexes.clear()
    assert [each[0] for each in differences(engine, more)] == ["add_column"]
    assert {each[0] for each in differences(engine, less)} == {"remove_index"}


def test_the_newest_revision_is_the_one_the_program_asks_for():
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    revisions = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    assert revisions[0] == HEAD
    assert revisions == sorted(revisions, reverse=True), "numbers that grow: is_current compares them"
    assert {len(each) for each in revisions} == {4}


def test_the_tables_are_current_after_the_upgrade_and_a_second_one_changes_nothing(database_url, engine):
    if "sqlite" not in database_url:
        assert not is_current(engine)
    upgrade(database_url)
    assert is_current(engine)
    run_sql(database_url, "INSERT INTO seen_token (digest, expires_at) VALUES ('x', 1)")
    upgrade(database_url)
    assert is_current(engine)


def test_tables_of_a_newer_version_serve_and_those_of_an_older_one_do_not(database_url, engine):
    upgrade(database_url)
    run_sql(database_url, "UPDATE alembic_version SET version_num = '0999'")
    upgrade(database_url)
    assert is_current(engine)
    run_sql(database_url, "UPDATE alembic_version SET version_num = '0000'")
    assert not is_current(engine)


def test_processes_that_upgrade_at_the_same_time_agree(database_url, engine):
    processes = [start_python(UPGRADE, database_url) for _ in range(4)]
    for each in processes:
        each.stdin.write("\n")
        each.stdin.flush()
    assert [told_by(each) for each in processes] == [""] * 4
    assert is_current(engine)
    assert differences(engine, METADATA) == []


def test_an_upgrade_waits_for_another(database_url):
    made = make_engine(read_url(database_url), 5, create=True)
    with transaction(made, PATIENT) as connection:
        if "sqlite" not in database_url:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        with pytest.raises(StoreError, match=r"SQLITE_BUSY|55P03|57014"):
            upgrade(database_url, 0.2)
    upgrade(database_url, 0.2)
    made.dispose()


def test_sqlite_writes_ahead_and_leaves_it_at_that(sqlite_url):
    upgrade(sqlite_url)
    engine = make_engine(read_url(sqlite_url), 1)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()
