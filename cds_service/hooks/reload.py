"""New knowledge while the service runs: checked in the master process, before any call is answered from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cds_service.errors import KnowledgeError, Problem
from cds_service.hooks.current import Current
from cds_service.knowledge.handover import Handover
from cds_service.knowledge.load import KnowledgeBase, Sources, build_knowledge, digest_of
from cds_service.knowledge.place import Place, read_place
from cds_service.operations.log import Logger
from cds_service.operations.metrics import Metrics

SHOWN = 3  # problems in the log line; all of them follow it


@dataclass(frozen=True)
class Reload:
    """Reads the knowledge of a place again when it is called; it raises nothing, since a server depends on it.

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

    def __call__(self) -> None:
        """Serve what is in the place now, unless it is what is served already or has problems."""
        begun = self.seconds()
        try:
            sources = read_place(self.place)
            if not sources.problems and digest_of(sources.artifacts) == self.current.served.knowledge.digest:
                self._unchanged()
            else:
                self._serve(sources, build_knowledge(sources), begun)
        except KnowledgeError as error:
            self._refuse(error.problems)
        except Exception as error:  # noqa: BLE001  (a full disk or a fault of ours must not end the server)
            fix = "find out with: cds-service check. Then send SIGHUP again."
            if isinstance(error, OSError):
                fix = "see that the server's folder for temporary files has room, then send SIGHUP again."
            self._refuse([Problem("-", "-", f"reading it again failed ({type(error).__name__}).", fix)])

    def _unchanged(self) -> None:
        self.metrics.reload("unchanged")
        self.logger.info("knowledge-unchanged", knowledge=self.current.served.knowledge.digest)

    def _serve(self, sources: Sources, knowledge: KnowledgeBase, begun: float) -> None:
        before = self.current.served.knowledge.digest
        self.handover.give(sources.artifacts, knowledge.digest)
        self.current.swap(knowledge)
        self.metrics.knowledge(knowledge.digest, before)
        self.metrics.reload("loaded")
        took = round((self.seconds() - begun) * 1000)
        self.logger.info(
            "knowledge-loaded", knowledge=knowledge.digest, plans=knowledge.versions, before=before, ms=took
        )

    def _refuse(self, problems: Sequence[Problem]) -> None:
        self.metrics.reload("refused")
        kept, shown = self.current.served.knowledge.digest, [str(each) for each in problems[:SHOWN]]
        self.logger.error("knowledge-refused", knowledge=kept, number=len(problems), problems=shown)
        for each in problems:
            self.write(str(each))
