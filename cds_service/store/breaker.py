"""Fail fast for a while after a failure, instead of letting every call wait for a store that does not answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cds_service.errors import StoreError

PAUSE_S = 5.0


class Breaker:
    """Lets calls through until one fails, then none for PAUSE_S of `seconds`, a clock that only goes forward."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._closed_until = float("-inf")

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Run the block; raises StoreError at once during a pause, and begins one when the block raises StoreError."""
        if self._seconds() < self._closed_until:
            raise StoreError("The store failed a moment ago and is left alone for some seconds.")
        try:
            yield
        except StoreError:
            self._closed_until = self._seconds() + PAUSE_S
            raise
