"""FhirClient: what did not come with a call is fetched, all at once, within one budget."""

import os
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from threading import Lock
from types import MappingProxyType

import requests

from cds_service.fhir.access import Access
from cds_service.fhir.call import Call, FetchLimits
from cds_service.fhir.connection import Gate, Resolve, make_session
from cds_service.fhir.hosts import AllowedHosts, Origin
from cds_service.fhir.page import Server, follow
from cds_service.fhir.query import Query
from cds_service.fhir.task import Fetched, Task

_NONE: Mapping[str, str] = MappingProxyType({})


class FhirClient:
    """Fetches from FHIR servers; nothing is connected or started before the first fetch, nor shared across a fork."""

    def __init__(
        self,
        hosts: AllowedHosts,
        limits: FetchLimits,
        seconds: Callable[[], float],
        ca_file: Path | None = None,
        resolve: Resolve = socket.getaddrinfo,
        threads: int = 16,
    ) -> None:
        self._gate = Gate(hosts, resolve)
        self._limits = limits
        self._seconds = seconds
        self._ca_file = ca_file
        self._threads = threads
        self._lock = Lock()
        self._tools: tuple[int, requests.Session, ThreadPoolExecutor] | None = None

    def fetch(
        self, access: Access, queries: Mapping[str, Query], next_pages: Mapping[str, str] = _NONE
    ) -> dict[str, Fetched]:
        """Return by key how each query ended, at the end of the budget at the latest. Raises nothing.

        `next_pages` are the `next` links of searches whose first page is there already: the pages after it are
        returned.
        """
        origin = self._gate.hosts.check_server(access.server)
        if origin is None:
            return dict.fromkeys((*queries, *next_pages), Fetched("host-refused"))
        base = f"{access.server}/"
        covered = {
            key: query for key, query in queries.items() if access.covers(query.resource_type, query.interaction)
        }
        tasks = {key: Task(base + query.url, query, self._limits) for key, query in covered.items()}
        tasks |= {key: Task(follow(base, link), None, self._limits, 1) for key, link in next_pages.items()}
        found = dict.fromkeys(queries.keys() - covered.keys(), Fetched("scope"))
        return found | (self._run(tasks, access, origin) if tasks else {})

    def close(self) -> None:
        """Close the connections and end the threads; both come back with the next fetch."""
        with self._lock:
            tools, self._tools = self._tools, None
        if tools:
            _, session, workers = tools
            workers.shutdown()
            session.close()

    def _run(self, tasks: dict[str, Task], access: Access, origin: Origin) -> dict[str, Fetched]:
        session, workers = self._started()
        call = Call(self._limits, self._seconds)
        server = Server(session, access, origin, call)
        futures: dict[str, Future[Fetched]] = {}
        with suppress(RuntimeError):  # closed meanwhile, or no thread to be had
            for key, task in tasks.items():
                futures[key] = workers.submit(task.run, server)
        wait(futures.values(), self._limits.budget_s)
        call.end()
        return {key: _ended(task, futures.get(key)) for key, task in tasks.items()}

    def _started(self) -> tuple[requests.Session, ThreadPoolExecutor]:
        with self._lock:
            if self._tools is None or self._tools[0] != os.getpid():
                session = make_session(self._gate, self._ca_file, self._threads)
                self._tools = os.getpid(), session, ThreadPoolExecutor(self._threads, "fhir")
            return self._tools[1:]


def _ended(task: Task, future: "Future[Fetched] | None") -> Fetched:
    if future is None:
        return task.fetched("connection")
    if future.cancel() or not future.done():
        return task.fetched("timeout")
    return future.result()
