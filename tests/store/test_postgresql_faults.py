"""A PostgreSQL server that fails: calls go on, losses are counted, feedback is refused, and it recovers by itself."""

import time

import pytest

from cds_service.errors import StoreError
from cds_service.store.breaker import PAUSE_S
from cds_service.store.engine import READING
from cds_service.store.schema import upgrade
from cds_service.store.tables import FEEDBACK, GIVEN_ADVICE
from tests.store.degraded import LATER, READABLE, A, B, check_degraded, check_recovered, check_refusals_end
from tests.store.stores import NOW, accepted, run_sql

pytestmark = pytest.mark.usefixtures("short_patience")


@pytest.fixture
def pg(postgres_url, open_store):
    upgrade(postgres_url)
    return open_store(postgres_url)


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
