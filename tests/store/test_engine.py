"""Addresses of stores, and what is said when one cannot be used."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from cds_service.errors import SettingsError, StoreError
from cds_service.store.engine import BRIEF, DURABLE, READING, make_engine, read_url, shown, transaction
from cds_service.store.faults import SchemaMissing, to_store_error
from cds_service.store.schema import is_current, upgrade


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///x.sqlite3", "sqlite"),
        ("sqlite+pysqlite:////var/x.sqlite3", "sqlite"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@h:5432/d?sslmode=require", "postgresql+psycopg"),
    ],
)
def test_addresses_that_can_be_used(url, driver):
    assert read_url(url).drivername == driver
    assert read_url(read_url(url)) == read_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "secret",
        "mysql://u:secret@h/d",
        "postgresql+psycopg2://u:secret@h/d",
        "postgresql://u:secret@h:port/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_addresses_that_cannot(url):
    with pytest.raises(SettingsError, match="CDS_DATABASE_URL") as refused:
        read_url(url)
    assert "secret" not in str(refused.value)


def test_an_address_is_shown_without_password_and_parameters():
    url = read_url("postgresql://cds:secret@db.example.org:5432/cds?password=secret&sslkey=secret")
    assert shown(url) == "postgresql+psycopg://cds:***@db.example.org:5432/cds"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(StoreError, match=r"folder .*absent of the store is not there"):
        make_engine(read_url(f"sqlite:///{tmp_path}/absent/x.sqlite3"), 1)


def test_a_file_is_only_made_by_the_upgrade(tmp_path):
    url = f"sqlite:///{tmp_path}/odd name#1 50%25.sqlite3"
    engine = make_engine(read_url(url), 1)
    assert not is_current(engine)
    assert list(tmp_path.iterdir()) == []
    upgrade(url)
    assert is_current(engine)
    engine.dispose()
    assert [path.name for path in tmp_path.iterdir()] == ["odd name#1 50%.sqlite3"]


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "x").write_text("not a database" * 100)
    with pytest.raises(StoreError, match="no SQLite database"):
        upgrade(f"sqlite:///{tmp_path}/x")


@pytest.mark.parametrize(("care", "level"), [(READING, 1), (BRIEF, 1), (DURABLE, 2)])
def test_sqlite_synchronises_the_disk_where_it_must_be_durable(sqlite_url, care, level):
    upgrade(sqlite_url)
    engine = make_engine(read_url(sqlite_url), 1)
    for _ in range(2):
        with transaction(engine, DURABLE if level == 1 else READING):
            pass
        with transaction(engine, care) as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == level
    engine.dispose()


def test_postgresql_has_limits_of_time_and_keeps_the_options_of_the_address(postgres_url):
    engine = make_engine(read_url(f"{postgres_url}&options=-csynchronous_commit%3Doff"), 1.5)
    settings = ("statement_timeout", "lock_timeout", "synchronous_commit")
    with transaction(engine, READING) as connection:
        assert [connection.exec_driver_sql(f"SHOW {each}").scalar() for each in settings] == ["1500ms", "1500ms", "off"]
    with transaction(engine, DURABLE) as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    engine.dispose()


def test_postgresql_ends_what_takes_too_long(postgres_url):
    engine = make_engine(read_url(postgres_url), 0.3)
    with pytest.raises(OperationalError) as failed, transaction(engine, READING) as connection:
        connection.exec_driver_sql("SELECT pg_sleep(30)")
    assert "took too long (57014)" in str(to_store_error(failed.value))
    engine.dispose()


def fault(kind: type[BaseException], name: str | None = None) -> BaseException:
    error = kind("a value of a row")
    if name:
        error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (fault(sqlite3.OperationalError, "SQLITE_BUSY_SNAPSHOT"), "Another process has it locked"),
        (fault(sqlite3.OperationalError, "SQLITE_IOERR_WRITE"), "The disk cannot be read or written"),
        (fault(sqlite3.DatabaseError, "SQLITE_CORRUPT"), "The file is damaged"),
        (fault(psycopg.OperationalError), "cannot be reached or does not answer"),
        (fault(psycopg.errors.InvalidPassword), "does not accept the user or the password"),
        (fault(psycopg.errors.InvalidCatalogName), "no such database"),
        (fault(psycopg.errors.DiskFull), "The server is full"),
        (fault(psycopg.errors.TooManyConnections), "The server is full"),
        (fault(psycopg.errors.CannotConnectNow), "starting or stopping"),
        (fault(psycopg.errors.UniqueViolation), "The database reports a fault (23505)"),
        (fault(PoolTimeoutError), "reports a fault (TimeoutError)"),
        (fault(OSError), "reports a fault (OSError)"),
    ],
)
def test_what_a_driver_says_becomes_advice_without_values(error, says):
    told = [to_store_error(error), to_store_error(OperationalError("INSERT", {"a": "a value of a row"}, error))]
    assert all(says in str(each) for each in told)
    assert not any("value" in str(each) or isinstance(each, SchemaMissing) for each in told)
