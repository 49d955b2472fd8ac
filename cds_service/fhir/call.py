"""What the fetching of one call may spend, and what it has open."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import chain
from threading import Lock, get_ident

from cds_service.fhir.outcome import Failed


@dataclass(frozen=True)
class FetchLimits:
    """What one call may spend, in all or where it says.

    Seconds; seconds to connect once, and to wait for a sign of life; pages of one search; decoded bytes; entries of
    one search.
    """

    budget_s: float = 3.0
    connect_s: float = 1.0
    read_s: float = 2.0
    pages: int = 5
    bytes: int = 10_000_000
    entries: int = 20_000


class Call:
    """The allowance of one call, shared by the threads that work for it.

    A server that sends a byte now and then never runs into a socket's timeout. So the call keeps a second handle on
    every socket in use, and shuts them down at its end: whatever thread waits on one wakes up.
    """

    def __init__(self, limits: FetchLimits, seconds: Callable[[], float]) -> None:
        self.limits = limits
        self._seconds = seconds
        self._deadline = seconds() + limits.budget_s
        self._bytes = limits.bytes
        self._lock = Lock()
        self._ended = False
        self._held: dict[int, list[socket.socket]] = {}

    def left(self) -> float:
        """Return the seconds that are left, more than none; raises Failed (`timeout`) when there are none."""
        left = self._deadline - self._seconds()
        if left <= 0:
            raise Failed("timeout")
        return left

    def timeouts(self) -> tuple[float, float]:
        """Return the seconds for connecting and for reading of the next request."""
        left = self.left()
        return min(self.limits.connect_s, left), min(self.limits.read_s, left)

    def take(self, size: int) -> None:
        """Count bytes that came; raises Failed when there are too many, or no time is left."""
        self.left()
        with self._lock:
            self._bytes -= size
            if self._bytes < 0:
                raise Failed("too-large")

    @contextmanager
    def request(self) -> Iterator[None]:
        """Make this the call that the thread's connections belong to."""
        token = CURRENT.set(self)
        try:
            yield
        finally:
            CURRENT.reset(token)
            self.let_go()

    def hold(self, sock: socket.socket) -> None:
        """Keep a handle on a socket that this thread uses; raises Failed (`timeout`) when the call has ended."""
        # a TLS socket cannot be duplicated as such, and takes the descriptor away from the one that it wraps
        handle = socket.fromfd(sock.fileno(), sock.family, sock.type)
        with self._lock:
            if not self._ended:
                self._held.setdefault(get_ident(), []).append(handle)
                return
        handle.close()
        raise Failed("timeout")

    def let_go(self) -> None:
        """Give up this thread's handles: its connection is done, or about to serve somebody else."""
        with self._lock:
            for handle in self._held.pop(get_ident(), ()):
                handle.close()

    def end(self) -> None:
        """Shut down whatever is still open: nobody waits for it any more."""
        with self._lock:
            self._ended = True
            for handle in chain.from_iterable(self._held.values()):
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)


CURRENT: ContextVar[Call] = ContextVar("CURRENT")
