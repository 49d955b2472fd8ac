"""A SQLite file that fails: calls go on, losses are counted, feedback is refused, and it recovers by itself."""

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
from cds_service.store.schema import upgrade
from cds_service.store.tables import FEEDBACK
from tests.databases import UNPRIVILEGED
from tests.store.degraded import LATER, READABLE, SOON_S, A, check_degraded, check_recovered, check_refusals_end
from tests.store.stores import NOW, accepted, card

assert alembic.command, "imported while it can be read: some tests are somebody else for a while"
pytestmark = pytest.mark.usefixtures("short_patience")


@pytest.fixture
def lite(sqlite_url, open_store):
    upgrade(sqlite_url)
    return open_store(sqlite_url)


def path_of(opened) -> Path:
    return Path(opened.url.removeprefix("sqlite:///"))


def test_a_disk_that_is_full(lite):
    lite.store.state()
    limits = [3]
    # fewer pages than there are: SQLite then keeps the file from growing
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
