"""A soak of bounded length: load, feedback, workers that are killed; nothing accepted is lost, and memory is flat."""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import requests
import sqlalchemy

from cds_service.store.engine import read_url
from cds_service.store.schema import upgrade
from tests.requests import ASPIRIN, condition, order, request
from tests.serving import resident_kb, serving, wait_for, workers_of

SECONDS, KILLS, CALLERS = 9, 4, 4
WARM, CALLS = 600, 1500
SERVICE = "/cds-services/ivig-order-select"
BODIES = [
    request(condition("G61.81")),
    request(condition("G72.41"), condition("N18.30", "c2")),
    request(orders=[order(ASPIRIN)]),
    {"hook": "order-select"},
    request(condition("G61.81")) | {"hook": "order-sign"},
]


class Caller(threading.Thread):
    """Calls the service until told to stop, reports on every card, and remembers what was acknowledged."""

    def __init__(self, base: str, stop: threading.Event, seed: int) -> None:
        super().__init__()
        self.base, self.stopped, self.chance = base, stop, random.Random(seed)
        self.acknowledged: set[str] = set()
        self.statuses: set[int] = set()

    def run(self) -> None:
        with requests.Session() as session:
            while not self.stopped.is_set():
                with contextlib.suppress(requests.RequestException):  # its worker was killed: the call has no answer
                    self.once(session)

    def once(self, session: requests.Session) -> None:
        body = self.chance.choice(BODIES)
        answer = session.post(f"{self.base}/cds-services/ivig-{body['hook']}", json=body, timeout=10)
        self.statuses.add(answer.status_code)
        for card in answer.json().get("cards", []):
            self.report(session, card["uuid"])

    def report(self, session: requests.Session, card: str) -> None:
        item = {"card": card, "outcome": "overridden", "outcomeTimestamp": datetime.now(UTC).isoformat()}
        told = session.post(f"{self.base}{SERVICE}/feedback", json={"feedback": [item]}, timeout=10)
        self.statuses.add(told.status_code)
        if told.status_code == 200:
            self.acknowledged.add(card)


@contextlib.contextmanager
def load(base: str) -> Iterator[list[Caller]]:
    stop = threading.Event()
    callers = [Caller(base, stop, seed) for seed in range(CALLERS)]
    for each in callers:
        each.start()
    try:
        yield callers
    finally:
        stop.set()
        for each in callers:
            each.join(timeout=30)
    assert not any(each.is_alive() for each in callers)


def kill_a_worker(process, chance: random.Random) -> None:
    os.kill(chance.choice(workers_of(process)), signal.SIGKILL)


def stored_cards(database_url: str) -> set[str]:
    engine = sqlalchemy.create_engine(read_url(database_url))
    with engine.connect() as connection:
        found = {row[0] for row in connection.execute(sqlalchemy.text("select card from feedback"))}
    engine.dispose()
    return found


def test_no_accepted_feedback_is_lost_when_workers_are_killed_under_load(tmp_path, root, database_url):
    upgrade(database_url)
    chance = random.Random(1)
    with serving(root, tmp_path, settings={"CDS_DATABASE_URL": database_url}) as (base, process):
        wait_for(base)
        with load(base) as callers:
            for _ in range(KILLS):
                time.sleep(SECONDS / KILLS)
                kill_a_worker(process, chance)
            time.sleep(1)
        wait_for(base)
    acknowledged = set().union(*(each.acknowledged for each in callers))
    assert len(acknowledged) > 50
    assert acknowledged <= stored_cards(database_url)
    assert set().union(*(each.statuses for each in callers)) <= {200, 400, 503}


def test_memory_is_flat_under_load(tmp_path, root):
    settings = {"CDS_DATABASE_URL": f"sqlite:///{tmp_path}/store.sqlite3"}
    with serving(root, tmp_path, "--workers", "1", settings=settings) as (base, process):
        wait_for(base)
        (worker,) = workers_of(process)
        caller = Caller(base, threading.Event(), 1)
        with requests.Session() as session:
            for _ in range(WARM):
                caller.once(session)
            before = resident_kb(worker)
            for _ in range(CALLS):
                caller.once(session)
        assert resident_kb(worker) < before * 1.05 + 2_000
        assert workers_of(process) == [worker]


def test_the_load_notices_what_is_lost(tmp_path):
    """The comparison can fail: a card that was acknowledged and is not in the database is noticed."""
    url = f"sqlite:///{tmp_path}/x.sqlite3"
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table feedback (card text)"))
        connection.execute(sqlalchemy.text("insert into feedback values ('a')"))
    engine.dispose()
    assert {"a"} <= stored_cards(url)
    assert not {"a", "b"} <= stored_cards(url)
