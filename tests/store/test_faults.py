"""A store that fails: calls go on, losses are counted, feedback is refused, and it recovers by itself."""

import os
import pwd
import shutil
import sqlite3
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import alembic.command
import pytest
from sqlalchemy import event

from cds_service.errors import StoreError
from cds_service.store import writer as writer_module
from cds_service.store.breaker import PAUSE_S
from cds_service.store.engine import READING
from cds_service.store.schema import upgrade
from cds_service.store.tables import FEEDBACK, GIVEN_ADVICE, ISSUED_CARD
from tests.databases import UNPRIVILEGED
from tests.store.stores import NOW, OTHER_CARD, accepted, card, run_sql

assert alembic.command, "imported while it can be read: some tests are somebody else for a while"
A, B = b"a" * 32, b"b" * 32
LATER = NOW + 60
READABLE = (2,)  # lookups fail only while the breaker is open after a write that failed
SOON_S = 10  # far above what is promised, far below for ever


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(writer_module, "PATIENCE_S", (0.05,))


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
    """An idle connection stays as it was made, for reading only; with the first refusal all of them are dropped."""
    assert sum(is_refused(opened) for _ in range(5)) <= 1
    run_sql(opened.url, "DELETE FROM feedback")


@pytest.fixture
def lite(sqlite_url, open_store):
    upgrade(sqlite_url)
    return open_store(sqlite_url)


@pytest.fixture
def pg(postgres_url, open_store):
    upgrade(postgres_url)
    return open_store(postgres_url)


def path_of(opened) -> Path:
    return Path(opened.url.removeprefix("sqlite:///"))


def test_a_disk_that_is_full(lite):
    lite.store.state()
    limits = [3]
    # page 3 holds something since the upgrade, so that every write needs a page more than there may be
    event.listen(
        lite.store._here().database._engine,
        "checkout",
        lambda connection, *_: connection.execute(f"PRAGMA max_page_count={limits[0]}"),
    )
    big = [card(f"{number:036}", plan="x" * 5000) for number in range(5)]
    lite.store.record_cards(big)
    assert lite.flush()
    assert lite.losses == [("cards", 5)]
    events = [accepted(f"{number:036}") for number in range(500)]
    with pytest.raises(StoreError, match=r"The disk is full \(SQLITE_FULL\)"):
        lite.store.add_feedback(events, None, "s", NOW)
    assert lite.rows(FEEDBACK) == []
    limits[0] = 100_000
    check_recovered(lite)


@contextmanager
def somebody_else():
    """Be an ordinary user for a while: root may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(pwd.getpwnam(UNPRIVILEGED).pw_gid)
    os.seteuid(pwd.getpwnam(UNPRIVILEGED).pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def public_folder():
    """Return a folder that an ordinary user can get at."""
    made = Path(tempfile.mkdtemp(prefix="store-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def chmod(folder: Path, of_folder: int, of_files: int) -> None:
    folder.chmod(of_folder)
    for path in folder.iterdir():
        path.chmod(of_files)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_that_is_read_only(public_folder, open_store, is_there):
    url = f"sqlite:///{public_folder}/store.sqlite3"
    if is_there:
        upgrade(url)
    chmod(public_folder, 0o555, 0o444)
    opened = open_store(url)
    with somebody_else():
        assert opened.store.prepare() == "unavailable"
        check_degraded(opened)
        assert opened.store.state() == "unavailable"
    chmod(public_folder, 0o777, 0o666)
    with somebody_else():
        check_recovered(opened)
        opened.store.close()


def test_a_file_that_is_read_only_in_a_folder_that_is_not(public_folder, open_store):
    url = f"sqlite:///{public_folder}/store.sqlite3"
    upgrade(url)
    chmod(public_folder, 0o777, 0o444)
    opened = open_store(url)
    with somebody_else():
        check_degraded(opened, READABLE)
    chmod(public_folder, 0o777, 0o666)
    with somebody_else():
        check_refusals_end(opened)
        check_recovered(opened)
        opened.store.close()


def test_a_folder_that_is_not_there_yet(tmp_path, open_store):
    opened = open_store(f"sqlite:///{tmp_path}/mount/store.sqlite3")
    assert opened.store.prepare() == "unavailable"
    check_degraded(opened)
    (tmp_path / "mount").mkdir()
    check_recovered(opened)


def test_a_database_that_another_process_has_locked(lite):
    other = sqlite3.connect(path_of(lite), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    before = time.monotonic()
    with pytest.raises(StoreError, match="Another process has it locked"):
        lite.store.is_seen(A, LATER)
    assert time.monotonic() - before < SOON_S
    with pytest.raises(StoreError, match="left alone"):
        lite.store.is_seen(A, LATER)
    with pytest.raises(StoreError, match="Another process has it locked"):
        lite.store.add_feedback([accepted()], None, "s", NOW)
    other.execute("ROLLBACK")
    other.close()
    check_recovered(lite)


def test_readers_do_not_wait_for_a_writer(lite):
    lite.store.record_advice([A], LATER)
    assert lite.flush()
    other = sqlite3.connect(path_of(lite), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert lite.store.given([A]) == {A}
    assert lite.store.state() == "ok"
    other.execute("ROLLBACK")
    other.close()


def remove(opened) -> None:
    for path in path_of(opened).parent.glob("store.sqlite3*"):
        path.unlink()


def test_a_file_that_was_deleted_is_made_anew_and_nothing_goes_to_the_old_one(lite):
    lite.store.add_feedback([accepted()], None, "s", NOW)
    remove(lite)
    check_recovered(lite)


def test_a_file_that_was_replaced_is_the_one_that_is_used(lite, tmp_path):
    lite.store.add_feedback([accepted()], None, "s", NOW)
    upgrade(f"sqlite:///{tmp_path}/new")
    remove(lite)
    (tmp_path / "new").rename(path_of(lite))
    check_recovered(lite)


def test_a_file_without_tables_is_set_up(sqlite_url, open_store):
    opened = open_store(sqlite_url)
    assert opened.store.state() == "schema-missing"
    sqlite3.connect(path_of(opened)).close()
    assert opened.store.state() == "schema-missing"
    check_recovered(opened)


def test_a_store_is_prepared_before_the_process_forks(database_url, open_store):
    opened = open_store(database_url)
    assert opened.store.prepare() == ("ok" if "sqlite" in database_url else "schema-missing")
    assert opened.store._process is None
    upgrade(database_url)
    assert opened.store.prepare() == "ok"


def test_a_server_without_tables_tells_what_to_do_and_recovers(postgres_url, open_store):
    opened = open_store(postgres_url)
    assert opened.store.state() == "schema-missing"
    with pytest.raises(StoreError, match="run cds-service db upgrade"):
        opened.store.add_feedback([accepted()], None, "s", NOW)
    check_degraded(opened)
    upgrade(postgres_url)
    check_recovered(opened)


def test_a_server_that_hangs(pg, postgres):
    assert pg.store.given([A]) == frozenset()
    with postgres.frozen():
        assert pg.store.state() == "unavailable"
        pg.seconds += PAUSE_S
        check_degraded(pg)
        before = time.monotonic()
        for _ in range(50):
            pg.store.given([B])
        assert pg.store.state() == "unavailable"
        assert time.monotonic() - before < 1, "no call waits while the breaker is open"
    check_recovered(pg)


def test_a_server_that_crashed(pg, postgres):
    pg.store.add_feedback([accepted()], None, "kept", NOW)
    postgres.kill()
    try:
        assert pg.store.state() == "unavailable"
        check_degraded(pg)
    finally:
        postgres.start()
    assert [row["service"] for row in pg.rows(FEEDBACK)] == ["kept"]
    run_sql(pg.url, "DELETE FROM feedback")
    check_recovered(pg)


def test_a_server_that_was_restarted_between_two_calls_is_no_failure(pg, postgres):
    check_recovered(pg)
    postgres.kill()
    postgres.start()
    assert pg.store.given([B]) == {B}
    assert pg.losses == []


def test_a_server_that_takes_no_writes(pg, postgres):
    name = pg.url.partition("@/")[2].partition("?")[0]
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    check_degraded(pg, READABLE)
    with pytest.raises(StoreError, match=r"takes no writes now \(25006\)"):
        pg.store.add_feedback([accepted()], None, "s", NOW)
    pg.seconds += PAUSE_S
    assert pg.store.state() == "ok", "it can be read"
    postgres.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    check_refusals_end(pg)
    check_recovered(pg)


def test_a_server_whose_disk_is_full(pg):
    run_sql(
        pg.url,
        "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END$$",
        *(
            f"CREATE TRIGGER no_space BEFORE INSERT ON {each} FOR EACH ROW EXECUTE FUNCTION no_space()"
            for each in ("issued_card", "feedback", "given_advice", "seen_token")
        ),
    )
    with pytest.raises(StoreError, match=r"The server is full \(53100\)"):
        pg.store.add_feedback([accepted()], None, "s", NOW)
    check_degraded(pg, READABLE)
    run_sql(pg.url, "DROP FUNCTION no_space CASCADE")
    check_recovered(pg)


def test_a_connection_in_use_outlives_the_fault_of_another_and_is_closed_afterwards(pg):
    database = pg.store._here().database
    with database.portion() as connection:
        driver = connection.connection.dbapi_connection
        with pytest.raises(StoreError):
            database.run(READING, lambda other: other.exec_driver_sql("SELECT 1/0"))
        database.run(READING, lambda other: other.exec_driver_sql("SELECT 1"))
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    assert not driver.closed
    database.run(READING, lambda other: other.exec_driver_sql("SELECT 1"))
    assert driver.closed


def test_advice_lost_is_not_known_later(pg, postgres):
    with postgres.frozen():
        pg.store.record_advice([A], LATER)
        assert pg.store.given([A]) == {A}, "this process still knows"
        assert pg.flush()
    assert pg.losses == [("advice", 1)]
    assert pg.store.given([A]) == frozenset()
    assert pg.rows(GIVEN_ADVICE) == []


def test_a_file_of_ours_is_its_owners_only(tmp_path, open_store):
    opened = open_store(f"sqlite:///{tmp_path}/store.sqlite3")
    assert opened.store.prepare() == "ok"
    opened.store.record_advice([b"x" * 32], 9e9)
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}
