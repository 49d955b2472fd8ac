"""Work in a process of its own: the one that asked for it looks whether it is done, and does not wait."""

import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Pipe
from typing import Any, NoReturn


class Aside:
    """Work that a child of this process does. Raises OSError when there is no room for one more process.

    Not a thread: what is forked while a thread holds a lock, say of the resolver of names, finds it held for ever.
    """

    def __init__(self, work: Callable[[], object]) -> None:
        self._results, given = Pipe(duplex=False)
        with given:  # closed here and the results there: who is left hears that the other one has gone
            self._pid = os.fork()
            if not self._pid:
                self._results.close()
                _only(lambda: given.send(work()))

    @property
    def is_done(self) -> bool:
        """Return whether it has come to an end, of whatever kind."""
        return self._results.poll()

    def result(self) -> Any:
        """Return what the work returned, once it is done; None when the process ended before."""
        with self._results:
            try:
                return self._results.recv()
            except (EOFError, OSError):
                return None

    def stop(self) -> None:
        """End the work, done or not."""
        with self._results:
            if not self.is_done:  # then the process is there: its id is not that of another one by now
                os.kill(self._pid, signal.SIGKILL)


def _only(do: Callable[[], object]) -> NoReturn:
    """Do this and nothing else: no handler, buffer or open file of the parent is finished here a second time."""
    try:
        do()
    finally:
        os._exit(0)
