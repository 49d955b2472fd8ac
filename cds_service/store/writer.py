"""The queue and the thread that empties it: a call only puts down what is to be stored, and never waits."""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress

from cds_service.errors import StoreError
from cds_service.store.rows import Advice, IssuedCard

Item = IssuedCard | Advice
CAPACITY, PORTION = 10_000, 1000
LINGER_S = 0.05  # between two transactions, so that other processes find SQLite's lock free
PATIENCE_S = (0.2, 1.0, 3.0)  # before the second, third and fourth attempt
TIDY_S, MORE_TO_TIDY_S = 600.0, 5.0
GLANCE_S = 60.0  # at least so often it is looked whether to tidy up
CARDS, ADVICE, PRUNE = "cards", "advice", "prune"


class Writer:
    """The queue of one process. Its thread begins with the first item.

    `write` stores a portion in one transaction; `tidy` prunes and returns whether there is more; both raise
    StoreError. `on_loss` is told kind and number of what could not be kept. `seconds` is a clock that goes forward.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], None],
        tidy: Callable[[], bool],
        on_loss: Callable[[str, int], None],
        seconds: Callable[[], float],
    ) -> None:
        self._write, self._tidy, self._on_loss, self._seconds = write, tidy, on_loss, seconds
        self._changed = threading.Condition()
        self._waiting: list[Item] = []
        self._fresh: dict[bytes, float] = {}
        self._put = self._done = 0
        self._hurry = self._stopping = False
        self._tidy_at = seconds()
        self._thread: threading.Thread | None = None

    def put(self, kind: str, items: Sequence[Item]) -> None:
        """Queue what there is room for; the rest is lost and counted."""
        with self._changed:
            taken = items[: max(0, CAPACITY - len(self._waiting))]
            self._waiting.extend(taken)
            self._fresh.update(each for each in taken if isinstance(each, Advice))
            self._put += len(taken)
            self._wake()
        if len(items) > len(taken):
            self._on_loss(kind, len(items) - len(taken))

    def wake(self) -> None:
        """Begin the thread if need be, so that it tidies up when it is time."""
        with self._changed:
            self._wake()

    def fresh(self, digests: Collection[bytes], now: float) -> frozenset[bytes]:
        """Return those of the hashes that wait to be stored and are not forgotten yet."""
        with self._changed:
            return frozenset(each for each in digests if self._fresh.get(each, now) > now)

    def flush(self, patience_s: float) -> bool:
        """Wait until all that is queued by now was stored or lost; returns False when that takes longer."""
        with self._changed:
            goal, self._hurry = self._put, True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._done >= goal, patience_s)

    def stop(self, patience_s: float) -> None:
        """Store what is queued, without repeated attempts, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            thread = self._thread
        if thread:
            thread.join(patience_s)

    def _wake(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
            with suppress(RuntimeError):  # no thread to be had now: the next call tries again
                self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while (portion := self._take()) is not None:
            if portion:
                self._store(portion)
            self._tidy_if_due()
            self._pause(LINGER_S, lambda: self._hurry)

    def _take(self) -> list[Item] | None:
        """Return the next items, none of them after a while without any, None when it is time to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping or self._is_untidy(), GLANCE_S)
            portion, self._waiting = self._waiting[:PORTION], self._waiting[PORTION:]
            return None if self._stopping and not portion else portion

    def _store(self, portion: Sequence[Item]) -> None:
        stored = self._is_stored(portion)
        with self._changed:
            for each in portion:
                if isinstance(each, Advice) and self._fresh.get(each.digest) == each.expires:
                    del self._fresh[each.digest]
            self._done += len(portion)
            self._hurry = self._hurry and bool(self._waiting)
            self._changed.notify_all()
        if not stored:
            self._count_lost(portion)

    def _is_stored(self, portion: Sequence[Item]) -> bool:
        for patience_s in (*PATIENCE_S, None):
            try:
                self._write(portion)
            except StoreError:
                if patience_s is None or self._stopping:
                    return False
                self._pause(patience_s, lambda: False)
            else:
                return True
        return False

    def _pause(self, patience_s: float, is_over: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or is_over(), patience_s)

    def _count_lost(self, portion: Iterable[Item]) -> None:
        cards = sum(isinstance(each, IssuedCard) for each in portion)
        advice = sum(isinstance(each, Advice) for each in portion)
        for kind, number in ((CARDS, cards), (ADVICE, advice)):
            if number:
                self._on_loss(kind, number)

    def _is_untidy(self) -> bool:
        return self._seconds() >= self._tidy_at

    def _tidy_if_due(self) -> None:
        if not self._is_untidy():
            return
        self._tidy_at = self._seconds() + TIDY_S
        try:
            if self._tidy():
                self._tidy_at = self._seconds() + MORE_TO_TIDY_S
        except StoreError:
            self._on_loss(PRUNE, 1)
