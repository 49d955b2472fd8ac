"""A PostgreSQL connection that does not wait for ever.

The server's own statement_timeout is of no use when the server itself hangs, or the machine it is on is gone: its side
of the connection then neither answers nor closes.
"""

from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

T = TypeVar("T")
GLANCE_S = 0.1


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that is given up when the server says nothing for `patience_s` seconds."""

    patience_s = 2.0

    def wait(self, gen: PQGen[T], interval: float = GLANCE_S, timeout: float | None = None) -> T:
        """Return what a step of the protocol yields; raises psycopg.OperationalError when the server is silent."""
        return super().wait(self._patiently(gen, interval), interval, timeout)

    def _patiently(self, step: PQGen[T], interval: float) -> Generator[Any, Any, T]:
        waited, ready = 0.0, None
        while True:
            try:
                wanted = step.send(ready) if ready is not None else next(step)
            except StopIteration as end:
                result: T = end.value
                return result
            ready = yield wanted
            waited = 0.0 if ready else waited + interval
            if waited >= self.patience_s:
                self.pgconn.finish()
                raise psycopg.OperationalError("the server does not answer")
