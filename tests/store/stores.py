"""A store with clocks that stand still, what it lost, and what the tables hold."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select, text

from cds_service.store.engine import READING, make_engine, read_url, transaction
from cds_service.store.rows import Event, IssuedCard
from cds_service.store.store import Store

ROOT = Path(__file__).parent.parent.parent
NOW = 1_795_000_000.0  # 2026-11-18
DAY = 86_400.0
AT = datetime(2026, 11, 18, 10, tzinfo=UTC)
CARD, OTHER_CARD = "11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"
WHY = "http://terminology.example.org/CodeSystem/override-reason"


class Opened:
    """A store and the clocks that it reads."""

    def __init__(self, url: str, keep_cards_s: float = 90 * DAY) -> None:
        self.url, self.now, self.seconds = url, NOW, 0.0
        self.losses: list[tuple[str, int]] = []
        self.store = Store(
            url, lambda: self.now, lambda kind, number: self.losses.append((kind, number)), keep_cards_s, self._seconds
        )

    def _seconds(self) -> float:
        return self.seconds

    def flush(self, patience_s: float = 20) -> bool:
        """Wait until the queue is empty."""
        return self.store._here().writer.flush(patience_s)

    def rows(self, table) -> list[dict]:
        return rows(self.url, table)


def rows(url: str, table) -> list[dict]:
    """Return every row of a table, read beside the store."""
    engine = make_engine(read_url(url), 5)
    try:
        with transaction(engine, READING) as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]
    finally:
        engine.dispose()


def run_sql(url: str, *statements: str) -> None:
    engine = make_engine(read_url(url), 5)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def card(uuid: str = CARD, **more) -> IssuedCard:
    usual = {"service": "s", "plan": "http://x/p", "version": "1.0", "recommendation": "r", "indicator": "info"}
    return IssuedCard(**{"card": uuid, "hook": "order-select", "issued_at": NOW} | usual | more)


def accepted(uuid: str = CARD, at: datetime = AT) -> Event:
    return Event(uuid, "accepted", at)


def overridden(uuid: str = CARD, code: str | None = "refused", at: datetime = AT, comment: str | None = None) -> Event:
    return Event(uuid, "overridden", at, WHY if code else None, code, comment)


def eventually(holds: Callable[[], bool], patience_s: float = 20) -> None:
    """Wait until something holds."""
    for _ in range(round(patience_s / 0.02)):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError(f"does not hold after {patience_s} s")


def start_python(script: str, *arguments: str) -> subprocess.Popen:
    """Start a script in a process of its own, which can import what the tests can."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def told_by(process: subprocess.Popen, says: str = "") -> str:
    """Return what a process printed, after it ended well."""
    out, _ = process.communicate(says, timeout=60)
    assert process.returncode == 0
    return out
