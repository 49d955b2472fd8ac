"""The database as one process reaches it: connections are made when they are first needed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

from cds_service.errors import StoreError
from cds_service.store.engine import PATIENT, Care, make_engine, transaction
from cds_service.store.faults import SchemaMissing, as_store_errors
from cds_service.store.schema import is_current, upgrade

T = TypeVar("T")
TIMEOUT_S, UPGRADE_S = 1.0, 5.0


class Database:
    """Runs work within transactions; whatever goes wrong is a StoreError."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._lock = Lock()
        self._made: Engine | None = None
        self._faults = 0

    @property
    def engine(self) -> Engine:
        """Return the engine of this process; raises StoreError while SQLite's folder cannot be used."""
        with self._lock:
            self._made = self._made or self._make()
            return self._made

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
        with as_store_errors():
            return is_current(self.engine)

    def portion(self) -> AbstractContextManager[Connection]:
        """Return a transaction for a portion of what nobody waits for."""
        return transaction(self.engine, PATIENT)

    def dispose(self) -> None:
        """Let go of the connections; new ones are made when they are needed."""
        with self._lock:
            made, self._made = self._made, None
        if made:
            made.dispose()

    def _make(self) -> Engine:
        engine = make_engine(self._url, TIMEOUT_S)
        event.listen(engine, "connect", lambda _, record: record.info.update(faults=self._faults))
        event.listen(engine, "checkout", lambda _, record, __: self._refuse_older(record.info["faults"]))
        return engine

    def _refuse_older(self, faults: int) -> None:
        """Replace a connection made before the latest fault: its session may be the fault, if it can only read."""
        if faults != self._faults:
            raise DisconnectionError("there was a fault since")

    def _try(self, care: Care, work: Callable[[Connection], T]) -> T:
        try:
            with as_store_errors(), transaction(self.engine, care) as connection:
                return work(connection)
        except StoreError:
            self._faults += 1
            raise
