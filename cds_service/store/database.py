"""The database as one process reaches it: connections are made when they are first needed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine

from cds_service.errors import StoreError
from cds_service.store.engine import PATIENT, Care, make_engine, transaction
from cds_service.store.faults import SchemaMissing, as_store_errors
from cds_service.store.schema import is_current, upgrade

T = TypeVar("T")
TIMEOUT_S, UPGRADE_S, REST_S = 1.0, 5.0, 10.0


class Database:
    """Runs work within transactions; whatever goes wrong is a StoreError.

    After a fault all connections are dropped as soon as none is in use, since an idle one may have the fault as well:
    SQLite opens a file for reading only when it has to, and every other connection of the process stays with that.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._free = Condition()
        self._engine: Engine | None = None
        self._users = 0
        self._is_suspect = False

    def run(self, care: Care, work: Callable[[Connection], T]) -> T:
        """Return what the work returns. A SQLite file that is not there, or is empty, is set up first."""
        try:
            return self._try(care, work)
        except SchemaMissing:
            if self._url.drivername != "sqlite":
                raise
        upgrade(self._url, UPGRADE_S)
        return self._try(care, work)

    def is_current(self) -> bool:
        """Tell whether the tables are there."""
        with self._used() as engine:
            return is_current(engine)

    @contextmanager
    def portion(self) -> Iterator[Connection]:
        """Give a connection within a transaction for a portion of what nobody waits for."""
        with self._used() as engine, transaction(engine, PATIENT) as connection:
            yield connection

    def dispose(self) -> None:
        """Let go of the connections; new ones are made when they are needed."""
        with self._free:
            if self._engine:
                self._engine.dispose()

    def rest(self) -> None:
        """Wait until no connection is in use, let go of all, and let nobody in until `resume`, by the same thread."""
        self._free.acquire()
        self._free.wait_for(lambda: self._users == 0, REST_S)
        if self._engine:
            self._engine.dispose()

    def resume(self) -> None:
        """Let work go on."""
        self._free.release()

    def _try(self, care: Care, work: Callable[[Connection], T]) -> T:
        with self._used() as engine, transaction(engine, care) as connection:
            return work(connection)

    @contextmanager
    def _used(self) -> Iterator[Engine]:
        engine = self._enter()
        try:
            with as_store_errors():
                yield engine
        except StoreError:
            self._is_suspect = True
            raise
        finally:
            with self._free:
                self._users -= 1
                self._free.notify_all()

    def _enter(self) -> Engine:
        """Return the engine of this process; raises StoreError while SQLite's folder cannot be used."""
        with self._free:
            self._engine = self._engine or make_engine(self._url, TIMEOUT_S)
            if self._is_suspect and self._users == 0:
                self._engine.dispose()
                self._is_suspect = False
            self._users += 1
            return self._engine
