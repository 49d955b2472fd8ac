"""gunicorn, started from Python: the application is loaded once and shared by the workers."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

THREADS, WAITING_THREADS = 4, 16
STOP_S = 30
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (where gunicorn's heartbeat touches no disk)


@dataclass(frozen=True)
class Watch:
    """What is done at turns of a server's life: when its ports are bound, when a worker ends, when one has died."""

    ready: Callable[[], object] = lambda: None
    worker_ends: Callable[[], object] = lambda: None
    worker_died: Callable[[int], object] = lambda _: None


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app, self._options = app, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def run_server(
    app: Flask,
    host: str,
    port: int,
    workers: int | None,
    metrics_port: int | None = None,
    waits: bool = False,
    watch: Watch | None = None,
) -> None:
    """Serve the application until SIGTERM or SIGINT; calls in flight are finished first, for up to 30 seconds.

    With a `metrics_port` the workers listen there too; the application tells the ports apart. `waits` says that calls
    may wait for other servers: a worker then answers more of them at a time.
    """
    watch = watch or Watch()
    options = {
        "bind": [_address(host, each) for each in (port, metrics_port) if each],
        "workers": workers or os.cpu_count() or 1,
        "worker_class": "gthread",
        "threads": WAITING_THREADS if waits else THREADS,
        "preload_app": True,
        "keepalive": 75,
        "graceful_timeout": STOP_S,
        "proc_name": "cds-service",
        "control_socket_disable": True,
        "worker_tmp_dir": str(SHARED_MEMORY) if os.access(SHARED_MEMORY, os.W_OK) else None,
        "when_ready": lambda _: watch.ready(),
        "worker_exit": lambda _, __: watch.worker_ends(),
        "child_exit": lambda _, worker: watch.worker_died(worker.pid),
    }
    _Server(app, options).run()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
