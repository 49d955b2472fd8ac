"""gunicorn, started from Python: the application is loaded once and shared by the workers."""

import os
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

THREADS = 4


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
    app: Flask, host: str, port: int, workers: int | None, ready: Callable[[], object] = lambda: None
) -> None:
    """Serve the application until SIGTERM or SIGINT; calls in flight are finished first.

    `ready` is called once, when the port is bound.
    """
    options = {
        "bind": f"{host}:{port}",
        "workers": workers or os.cpu_count() or 1,
        "worker_class": "gthread",
        "threads": THREADS,
        "preload_app": True,
        "keepalive": 75,
        "graceful_timeout": 30,
        "proc_name": "cds-service",
        "control_socket_disable": True,
        "when_ready": lambda _: ready(),
    }
    _Server(app, options).run()
