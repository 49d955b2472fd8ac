"""Prometheus metrics, summed over the worker processes of one server.

Labels hold our own names only: service ids, prefetch keys, recommendation keys, outcomes. Nothing that a client sends
becomes a label, so that no client can fill the memory and nothing of a patient is shown.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 10)


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Make a folder in which the processes of one server share things; it is gone when the server ends."""
    folder, owner = Path(mkdtemp(prefix="cds-service-")), os.getpid()
    try:
        yield folder
    finally:
        if os.getpid() == owner:  # a worker leaves through here too, and must not take the folder from the others
            shutil.rmtree(folder, ignore_errors=True)


class Metrics:
    """The metrics of one server. `folder` is where its processes share their figures; None: this process alone."""

    def __init__(self, folder: Path | None = None) -> None:
        # Imported here: the library settles at its import whether figures are shared, by what the environment says then
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._folder = folder
        own = self._own = CollectorRegistry()
        self._seconds = Histogram(
            "cds_call_seconds", "Time of a call.", ["service", "outcome"], buckets=SECONDS, registry=own
        )
        labels = ["service", "recommendation", "indicator"]
        self._cards = Counter("cds_cards", "Cards given.", labels, registry=own)
        self._repeated = Counter("cds_cards_not_repeated", "Cards left out as given before.", ["service"], registry=own)
        self._missing = Counter("cds_prefetch_missing", "Keys not available.", ["service", "key"], registry=own)
        self._fetches = Counter("cds_fhir_fetches", "Keys fetched, by outcome.", ["key", "outcome"], registry=own)
        self._refused = Counter("cds_unauthorized", "Calls without a valid token.", ["reason"], registry=own)
        self._feedback = Counter("cds_feedback", "Feedback accepted.", ["service", "outcome"], registry=own)
        self._lost = Counter("cds_store_lost", "Records that could not be stored.", ["kind"], registry=own)
        self._reloads = Counter("cds_knowledge_reloads", "Times it was read again.", ["outcome"], registry=own)
        self._knowledge = Gauge(
            "cds_knowledge_info", "Knowledge served.", ["digest"], registry=own, multiprocess_mode="mostrecent"
        )

    def call(self, service: str, outcome: str, seconds: float) -> None:
        """Count a call: `outcome` is cards, empty, or the HTTP status of a refusal."""
        self._seconds.labels(service, outcome).observe(seconds)

    def cards(self, service: str, cards: Iterable[tuple[str, str]], repeated: int) -> None:
        """Count cards, each by recommendation key and indicator, and those left out as given before."""
        for recommendation, indicator in cards:
            self._cards.labels(service, recommendation, indicator).inc()
        if repeated:
            self._repeated.labels(service).inc(repeated)

    def missing(self, service: str, keys: Iterable[str]) -> None:
        """Count prefetch keys that were not available."""
        for key in keys:
            self._missing.labels(service, key).inc()

    def fetched(self, outcomes: Mapping[str, str]) -> None:
        """Count the outcome of each key that was fetched."""
        for key, outcome in outcomes.items():
            self._fetches.labels(key, outcome).inc()

    def unauthorized(self, reason: str) -> None:
        """Count a call that was refused for its token."""
        self._refused.labels(reason).inc()

    def feedback(self, service: str, outcomes: Iterable[str]) -> None:
        """Count feedback by its outcome."""
        for outcome in outcomes:
            self._feedback.labels(service, outcome).inc()

    def lost(self, kind: str, number: int) -> None:
        """Count records that could not be stored."""
        self._lost.labels(kind).inc(number)

    def knowledge(self, digest: str, before: str | None = None) -> None:
        """Say which knowledge is served, and which was served before."""
        if before:
            self._knowledge.labels(before).set(0)
        self._knowledge.labels(digest).set(1)

    def reload(self, outcome: str) -> None:
        """Count a time that knowledge was read again: loaded, unchanged or refused."""
        self._reloads.labels(outcome).inc()

    def forget(self, pid: int) -> None:
        """Drop what a process that has ended said of itself alone; what it counted stays."""
        from prometheus_client.multiprocess import mark_process_dead

        if self._folder:
            mark_process_dead(pid, str(self._folder))  # type: ignore[no-untyped-call]

    def exposition(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        from prometheus_client import generate_latest

        return generate_latest(self._shared() if self._folder else self._own)

    def _shared(self) -> "CollectorRegistry":
        from prometheus_client import CollectorRegistry
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        return registry
