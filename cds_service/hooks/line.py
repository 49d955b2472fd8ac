"""The one log line of a call: gathered while it is answered, written and counted when it ends."""

import re
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request

REQUEST_ID = re.compile(r"[0-9a-fA-F]{8}(-?)(?:[0-9a-fA-F]{4}\1){3}[0-9a-fA-F]{12}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
PROBES = frozenset({"probes.health", "probes.ready", "probes.show_metrics"})
Ended = Callable[[str, str, float], object]


def note(**fields: Any) -> None:
    """Add fields to the line of the call that is being answered. No value of the call itself may be among them."""
    g.line.update(fields)


def log_calls(app: Flask, logger: Any, seconds: Callable[[], float], new_uuid: Callable[[], str], ended: Ended) -> None:
    """Write a line for every request but probes; `ended` is told service, outcome and seconds of each call.

    The id of the request is the client's X-Request-Id where that is a UUID, with or without hyphens, since any other
    text could be about a patient; it is in the answer too.
    """

    @app.before_request
    def begin() -> None:
        g.started, g.line = seconds(), {}
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else new_uuid()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.request_id
        if request.endpoint in PROBES:
            return response
        took = seconds() - g.started
        name = (request.endpoint or "unknown").rpartition(".")[2]
        line = {"request": g.request_id, "status": response.status_code, **g.line, "ms": round(took * 1000, 2)}
        trace = request.headers.get("traceparent", "")
        if TRACEPARENT.fullmatch(trace):
            line["traceparent"] = trace
        write = logger.error if response.status_code >= 500 else logger.info
        write(name, **line)
        if name == "call":
            ended(g.line.get("service", "unknown"), _outcome(response), took)
        return response


def _outcome(response: Response) -> str:
    if response.status_code != 200:
        return str(response.status_code)
    return "cards" if g.line.get("cards") else "empty"
