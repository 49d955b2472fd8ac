"""The store as one process sees it.

A hook call never fails or waits because of the store: what it records is queued, and what it asks is answered "not
known" when nobody answers soon. Feedback is different: it is stored for good before the client is told so.

A process that is forked begins anew: connections, queue and thread are its own. There must be no open connection at
that moment, so the parent waits for those in use and closes all. SQLite keeps its locks in memory, by process: children
that were given one were seen to wait for ever, and to lose what was committed.
"""

import os
import weakref
from collections.abc import Callable, Collection, Iterable, Sequence
from threading import Lock, Semaphore
from typing import NamedTuple

from sqlalchemy import Connection

from cds_service.errors import StoreError
from cds_service.store.breaker import Breaker
from cds_service.store.cards import insert_cards
from cds_service.store.database import Database
from cds_service.store.digests import insert_advice, insert_token, select_advice
from cds_service.store.engine import BRIEF, DURABLE, PATIENT, READING, read_url
from cds_service.store.feedback import insert_events
from cds_service.store.prune import prune
from cds_service.store.rows import Advice, Event, IssuedCard
from cds_service.store.schema import upgrade
from cds_service.store.writer import ADVICE, CARDS, Item, Writer

OK, UNAVAILABLE, SCHEMA_MISSING = "ok", "unavailable", "schema-missing"
FLUSH_S, STOP_S = 1.0, 5.0
REPORTS, REPORT_S = 2, 0.5  # of a worker's four threads; the others stay for calls while a store makes feedback wait
LOOKUP = "lookup"


class _Process(NamedTuple):
    """What one process has of its own."""

    database: Database
    breaker: Breaker
    writer: Writer
    reports: Semaphore


class Store:
    """Issued cards, feedback, advice that was given and tokens that were used, in SQLite or PostgreSQL.

    `now` gives seconds since 1970 UTC, `seconds` those of a clock that only goes forward. `on_loss` is told what kind
    of thing ("cards", "advice", "lookup", "prune") was lost and how many; it is called from any thread.
    Raises SettingsError when the URL is not one of SQLite or PostgreSQL.
    """

    def __init__(
        self,
        url: str,
        now: Callable[[], float],
        on_loss: Callable[[str, int], None],
        keep_cards_s: float,
        seconds: Callable[[], float],
    ) -> None:
        self._url = read_url(url)
        self._now, self._on_loss, self._keep_cards_s, self._seconds = now, on_loss, keep_cards_s, seconds
        self._lock = Lock()
        self._process: _Process | None = None
        _STORES.add(self)

    def prepare(self) -> str:
        """Bring a SQLite file up to date and return the state; to be called before the process forks."""
        try:
            if self._url.drivername == "sqlite":
                upgrade(self._url)
        except StoreError:
            return UNAVAILABLE
        state = self.state()
        self.close()
        return state

    def state(self) -> str:
        """Return "ok", "schema-missing" when the tables are missing or old, "unavailable" when nobody answers."""
        here = self._here()
        try:
            with here.breaker.guard():
                return OK if here.database.is_current() else SCHEMA_MISSING
        except StoreError:
            return UNAVAILABLE

    def record_cards(self, cards: Sequence[IssuedCard]) -> None:
        """Queue cards that are given out."""
        self._here().writer.put(CARDS, cards)

    def record_advice(self, digests: Iterable[bytes], expires: float) -> None:
        """Queue the keyed hashes of advice that is given; `expires` is in seconds since 1970 UTC."""
        self._here().writer.put(ADVICE, [Advice(digest, expires) for digest in digests])

    def given(self, digests: Collection[bytes]) -> frozenset[bytes]:
        """Return those of the hashes whose advice was given and is not forgotten.

        When nobody answers, that is what waits in this process's queue, and the rest is counted as a loss.
        """
        here, now = self._here(), self._now()
        fresh = here.writer.fresh(digests, now)
        missing = frozenset(digests) - fresh
        if not missing:
            return fresh
        try:
            with here.breaker.guard():
                return fresh | here.database.run(READING, lambda found: select_advice(found, missing, now))
        except StoreError:
            self._on_loss(LOOKUP, len(missing))
            return fresh

    def is_seen(self, digest: bytes, expires: float) -> bool:
        """Tell whether a token was used before and has not expired; from now on it was.

        Of calls at the same time, in any process, one gets False. Raises StoreError when nobody answers.
        """
        here, now = self._here(), self._now()
        with here.breaker.guard():
            is_new = here.database.run(BRIEF, lambda found: insert_token(found, digest, expires, now))
        here.writer.wake()
        return not is_new

    def add_feedback(self, events: Sequence[Event], tenant: str | None, service: str, received_at: float) -> int:
        """Store events for good and return how many were new; raises StoreError when they are not stored.

        A repeat is no new event. A card of another tenant is one that is not known. `received_at` is in seconds since
        1970 UTC.
        """
        here = self._here()
        if not here.reports.acquire(timeout=REPORT_S):
            raise StoreError("The store is busy with other feedback.")
        try:
            here.writer.flush(FLUSH_S)
            return here.database.run(DURABLE, lambda found: insert_events(found, events, tenant, service, received_at))
        finally:
            here.reports.release()

    def close(self) -> None:
        """Store what is queued, for at most some seconds, and let go of the database."""
        with self._lock:
            here, self._process = self._process, None
        if here:
            here.writer.stop(STOP_S)
            here.database.dispose()

    def _here(self) -> _Process:
        with self._lock:
            self._process = self._process or self._begin()
            return self._process

    def _begin(self) -> _Process:
        database = Database(self._url)

        writer = Writer(
            lambda items: _write(database, items),
            lambda: prune(database.portion, self._now(), self._keep_cards_s),
            self._on_loss,
            self._seconds,
        )
        return _Process(database, Breaker(self._seconds), writer, Semaphore(REPORTS))

    def before_fork(self) -> None:
        """Close every connection, and let no thread open one."""
        self._lock.acquire()
        if self._process:
            self._process.database.rest()

    def after_fork(self) -> None:
        """Go on in the parent."""
        if self._process:
            self._process.database.resume()
        self._lock.release()

    def begin_anew(self) -> None:
        """Forget, in the child, what the parent has."""
        self._process, self._lock = None, Lock()


def _write(database: Database, items: Sequence[Item]) -> None:
    def work(connection: Connection) -> None:
        insert_cards(connection, (each for each in items if isinstance(each, IssuedCard)))
        insert_advice(connection, (each for each in items if isinstance(each, Advice)))

    database.run(PATIENT, work)


_STORES: weakref.WeakSet[Store] = weakref.WeakSet()
_held: list[Store] = []


def _before_fork() -> None:
    _held.extend(_STORES)
    for store in _held:
        store.before_fork()


def _in_parent() -> None:
    while _held:
        _held.pop().after_fork()


def _in_child() -> None:
    while _held:
        _held.pop().begin_anew()


os.register_at_fork(before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child)
