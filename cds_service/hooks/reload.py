"""New knowledge while the service runs: read and checked aside, taken by the master, and by each worker after it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cds_service.errors import KnowledgeError, Problem
from cds_service.hooks.current import Current
from cds_service.knowledge.handover import Handover
from cds_service.knowledge.load import build_knowledge, digest_of
from cds_service.knowledge.place import Place, read_place
from cds_service.operations.log import Logger
from cds_service.operations.metrics import Metrics

SHOWN = 3  # problems in the log line; all of them follow it
ENDED = Problem(
    "-",
    "-",
    "the process that was to read it again did not come to its end.",
    "see that the machine has memory for it and room for one more process, then send SIGHUP again.",
)


@dataclass(frozen=True)
class Reading:
    """What came of reading a place: the digest of what is ready to be taken, or the problems; and when it was begun."""

    begun: float
    digest: str = ""
    problems: Sequence[Problem] = ()


@dataclass(frozen=True)
class Reload:
    """Has the knowledge of a place served anew; it raises nothing, since a server depends on it.

    What passes the check is served by this process's children from their birth (`current`), and by those that are
    there already when they take it (`handover`). What does not is said, all problems at once, and changes nothing.
    """

    place: Place
    current: Current
    handover: Handover
    metrics: Metrics
    logger: Logger
    write: Callable[[str], object]
    seconds: Callable[[], float]

    def read(self) -> Reading:
        """Check what is in the place now, unless it is what is served already; nothing is changed in this process."""
        begun = self.seconds()
        try:
            return Reading(begun, self._ready())
        except Exception as error:  # noqa: BLE001  (a full disk or a fault of ours is to be told)
            return Reading(begun, problems=_problems(error))

    def _ready(self) -> str:
        sources = read_place(self.place)
        digest = digest_of(sources.artifacts)
        if sources.problems or digest != self._served:
            self.handover.write(sources.artifacts, build_knowledge(sources).digest)
        return digest

    def take(self, reading: Reading | None) -> None:
        """Serve what was read; None: whoever was to read it did not come to the end."""
        if not reading or reading.problems:
            self._refuse(reading.problems if reading else [ENDED])
        elif reading.digest == self._served:
            self.metrics.reload("unchanged")
            self.logger.info("knowledge-unchanged", knowledge=reading.digest)
        else:
            try:
                self._serve(reading)
            except Exception as error:  # noqa: BLE001  (whatever it is must not end the server)
                self._refuse(_problems(error))

    @property
    def _served(self) -> str:
        return self.current.served.knowledge.digest

    def _serve(self, reading: Reading) -> None:
        before, knowledge = self._served, self.handover.take(reading.digest)
        self.current.swap(knowledge)
        self.handover.want(knowledge.digest)
        self.metrics.knowledge(knowledge.digest, before)
        self.metrics.reload("loaded")
        took = round((self.seconds() - reading.begun) * 1000)
        self.logger.info(
            "knowledge-loaded", knowledge=knowledge.digest, plans=knowledge.versions, before=before, ms=took
        )

    def _refuse(self, problems: Sequence[Problem]) -> None:
        self.metrics.reload("refused")
        shown = [str(each) for each in problems[:SHOWN]]
        self.logger.error("knowledge-refused", knowledge=self._served, number=len(problems), problems=shown)
        for each in problems:
            self.write(str(each))


def _problems(error: Exception) -> Sequence[Problem]:
    if isinstance(error, KnowledgeError):
        return error.problems
    fix = "find out with: cds-service check. Then send SIGHUP again."
    if isinstance(error, OSError):
        fix = "see that the server's folder for temporary files has room, then send SIGHUP again."
    return [Problem("-", "-", f"reading it again failed ({type(error).__name__}).", fix)]
