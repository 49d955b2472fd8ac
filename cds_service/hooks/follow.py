"""How a process that answers calls comes to new knowledge: it looks for it, loads it aside, and swaps."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from cds_service.hooks.current import Current
from cds_service.knowledge.handover import Handover
from cds_service.operations.log import Logger

LOOK_S = 0.2
TURN_S = 0.0005  # how long the thread that loads keeps a call waiting; Python's own is ten times that


@dataclass(frozen=True)
class Follow:
    """Keeps what a process serves at the knowledge that is wanted."""

    current: Current
    handover: Handover
    logger: Logger
    seconds: Callable[[], float]

    def start(self) -> None:
        """Look from now on, in a thread; to be called in a process that does not fork."""
        gc.freeze()  # what the parent has loaded since it did so itself
        Thread(target=self._look, daemon=True, name="knowledge").start()

    def _look(self) -> None:
        pause = Event()
        while not pause.wait(LOOK_S):
            wanted = self.handover.wanted
            if wanted != self.current.served.knowledge.digest:
                self._take(wanted)

    def _take(self, wanted: str) -> None:
        begun, before = self.seconds(), self.current.served.knowledge.digest
        try:
            with _beside_calls():
                self.current.swap(self.handover.take(wanted))
        except Exception as error:  # noqa: BLE001  (whatever it is, this process must not stay behind)
            self._give_up(wanted, before, error)
            return
        took = round((self.seconds() - begun) * 1000)
        self.logger.info("knowledge-swapped", knowledge=wanted, before=before, process=os.getpid(), ms=took)

    def _give_up(self, wanted: str, kept: str, error: Exception) -> None:
        """End this process, calls in flight first: the one that replaces it is born with what is wanted."""
        if wanted != self.handover.wanted:
            return  # there is something newer by now, and the file of this one is gone
        name = type(error).__name__
        self.logger.error("knowledge-not-taken", knowledge=kept, wanted=wanted, process=os.getpid(), error=name)
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _beside_calls() -> Iterator[None]:
    """Let calls go on while knowledge is loaded: threads take turns often, and garbage is collected once, at the end.

    What is loaded is then frozen, as at start: the collector would go through all of it again and again, while every
    call waits. It is freed without the collector, since neither knowledge nor an evaluation holds a cycle.
    """
    turn = sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(TURN_S)
    try:
        yield
        gc.collect()
        gc.freeze()
    finally:
        sys.setswitchinterval(turn)
        gc.enable()
