"""gunicorn, started from Python: the application is loaded once and shared by the workers."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from cds_service.hooks.worker import worker_of

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


def run_server(app: Flask, serving: Serving, watch: Watch = Watch()) -> None:
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
        "when_ready": lambda _: watch.ready(),
        "worker_exit": lambda _, __: watch.worker_ends(),
        "child_exit": lambda _, worker: watch.worker_died(worker.pid),
    }
    _Server(app, options).run()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
