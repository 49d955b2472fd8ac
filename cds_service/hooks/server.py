"""gunicorn, started from Python: the application is loaded once and shared by the workers."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from cds_service.hooks.aside import Aside
from cds_service.hooks.worker import worker_of

THREADS, WAITING_THREADS = 4, 16
STOP_S = 30
STOPPING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (where gunicorn's heartbeat touches no disk)


@dataclass(frozen=True)
class Turns:
    """What is done at turns of a server's life.

    When its ports are bound, when a worker begins, ends, or has died; and when new knowledge is asked for, by SIGHUP or
    since `has_changed`, which is asked about once a second. It is read in a process of its own; the master is given
    what `read` returned to `take`, or None when that process did not come to its end.
    """

    ready: Callable[[], object] = lambda: None
    read: Callable[[], object] = lambda: None
    take: Callable[[Any], object] = lambda _: None
    has_changed: Callable[[], bool] = lambda: False
    worker_begins: Callable[[], object] = lambda: None
    worker_ends: Callable[[], object] = lambda: None
    worker_died: Callable[[int], object] = lambda _: None


class _Master(Arbiter):  # type: ignore[misc]
    """gunicorn's master, for which SIGHUP means new knowledge and not new workers: those would lose connections.

    Its loop looks after the workers and waits for nothing else; what it is asked for while it has knowledge read, it
    keeps in mind.
    """

    def __init__(self, app: BaseApplication, turns: Turns) -> None:
        self._turns = turns
        self._is_asked = False
        self._reading: Aside | None = None
        super().__init__(app)

    def wait_for_signals(self, timeout: float = 1.0) -> list[int]:
        """Return what came, and last SIGHUP: when knowledge was asked for, however often, and none is being read."""
        signals: list[int] = super().wait_for_signals(timeout)
        others = [each for each in signals if each != signal.SIGHUP]
        self._is_asked |= len(others) < len(signals) or self._turns.has_changed()
        is_stopping = not STOPPING.isdisjoint(others)  # which may have ended the reading, too: that is no refusal
        if self._reading and self._reading.is_done and not is_stopping:
            self._take(self._reading.result())
        return others + [signal.SIGHUP] * (self._is_asked and not self._reading)

    def handle_hup(self) -> None:
        """Have new knowledge read."""
        self._is_asked = False
        try:
            self._reading = Aside(self._read)
        except OSError:
            self._take(None)

    def stop(self, graceful: bool = True) -> None:
        """Stop the workers, and the reading, which may be waiting for another server."""
        if self._reading:
            self._reading.stop()
            self._reading = None
        super().stop(graceful)

    def _read(self) -> object:
        """Read, in a process that is no master: it ends when it is told to, and keeps no port from the next server."""
        for each in self.SIGNALS:
            signal.signal(each, signal.SIG_DFL if each in STOPPING else signal.SIG_IGN)
        for each in self.LISTENERS:
            each.close()
        return self._turns.read()

    def _take(self, what: object) -> None:
        self._reading = None
        self._turns.take(what)


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Flask, options: dict[str, Any], turns: Turns) -> None:
        self._app, self._options, self._turns = app, options, turns
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app

    def run(self) -> None:
        _Master(self, self._turns).run()


@dataclass(frozen=True)
class Serving:
    """Where and how to serve.

    `metrics_port`: the workers listen there too, and the application tells the ports apart; `waits`: calls may wait for
    other servers, so a worker answers more of them at a time; `request_s`: how long one request may take.
    """

    host: str
    port: int
    workers: int | None = None
    metrics_port: int | None = None
    waits: bool = False
    request_s: float = 30


def run_server(app: Flask, serving: Serving, turns: Turns = Turns()) -> None:
    """Serve the application until SIGTERM or SIGINT; calls in flight are finished first, for up to 30 seconds."""
    options = {
        "bind": [_address(serving.host, each) for each in (serving.port, serving.metrics_port) if each],
        "workers": serving.workers or os.cpu_count() or 1,
        "worker_class": worker_of(serving.request_s),
        "threads": WAITING_THREADS if serving.waits else THREADS,
        "preload_app": True,
        "keepalive": 75,
        "graceful_timeout": STOP_S,
        "proc_name": "cds-service",
        "control_socket_disable": True,
        "forwarded_allow_ips": "",  # no header of a proxy is believed
        "forwarder_headers": "",
        "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
        "when_ready": lambda _: turns.ready(),
        "post_worker_init": lambda _: turns.worker_begins(),
        "worker_exit": lambda _, __: turns.worker_ends(),
        "child_exit": lambda _, worker: turns.worker_died(worker.pid),
    }
    _Server(app, options, turns).run()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
