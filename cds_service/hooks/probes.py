"""The addresses for operators and for readers of the interface: /health, /ready, /metrics, /openapi.json."""

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from flask import Blueprint, Response

from cds_service.hooks.cors import Environ, Start, Wsgi
from cds_service.hooks.current import Current
from cds_service.hooks.guard import Guard
from cds_service.hooks.routes import json_response
from cds_service.knowledge.load import KnowledgeBase
from cds_service.operations.metrics import CONTENT_TYPE, Metrics


def make_probes(
    current: Current,
    version: str,
    metrics: Metrics,
    guard: Guard,
    store_state: Callable[[], str],
) -> Blueprint:
    """Return the routes: /health says that the process lives, /ready whether it answers and what of the store works.

    A store that is down makes no instance unready, since calls are answered without it.
    """
    routes = Blueprint("probes", __name__)

    @routes.get("/health")
    def health() -> Response:
        return json_response({"status": "ok", "version": version, **_identity(current.served.knowledge)})

    @routes.get("/ready")
    def ready() -> Response:
        identity = _identity(current.served.knowledge)
        return json_response({"status": "ready", "version": version, **identity, "store": store_state()})

    @routes.get("/metrics")
    def show_metrics() -> Response:
        guard.admit()
        return Response(metrics.exposition(), content_type=CONTENT_TYPE)

    @routes.get("/openapi.json")
    def describe() -> Response:
        return json_response(current.served.description)

    return routes


def _identity(knowledge: KnowledgeBase) -> dict[str, Any]:
    return {"knowledge": knowledge.digest, "plans": knowledge.versions, "services": sorted(knowledge.services)}


def serve_metrics_apart(app: Wsgi, metrics: Metrics, port: int) -> Wsgi:
    """Return the application with /metrics, and nothing else, for connections to a port of their own."""

    def by_port(environ: Environ, start_response: Start) -> Iterable[bytes]:
        if environ.get("SERVER_PORT") != str(port):
            return app(environ, start_response)
        if environ["REQUEST_METHOD"] == "GET" and environ.get("PATH_INFO") == "/metrics":
            start_response("200 OK", [("Content-Type", CONTENT_TYPE)])
            return [metrics.exposition()]
        start_response("404 Not Found", [("Content-Type", "application/json")])
        return [orjson.dumps({"error": "Only GET /metrics is served on this port."})]

    return by_port
