"""gunicorn's thread worker, with an end to requests that do not come to one, and no word of them in lines or answers.

A few clients that send half a request and wait would otherwise hold every thread for good. And what gunicorn cannot
read it writes into its log and its answer: after a wrong Content-Length that is the rest of a body about a patient.
"""

import signal
import socket
import time
from contextlib import suppress
from typing import Any

import orjson
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from cds_service.hooks.outcome import to_outcome

STATUS = {LimitRequestLine: "414 URI Too Long", LimitRequestHeaders: "431 Request Header Fields Too Large"}
UNREADABLE = "This is not a request that can be read. Send HTTP/1.1 with the right Content-Length."
FAILED = "The service failed on this request. Its log names the kind of error."


class EndingWorker(ThreadWorker):  # type: ignore[misc]
    """Closes the connection of a request that takes longer than `request_s`, from its first byte to its last."""

    request_s = 30.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._begun: dict[TConn, float] = {}

    def init_signals(self) -> None:
        """Leave SIGHUP to the master, also where it is sent to all processes of a server at once."""
        super().init_signals()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def handle(self, conn: TConn) -> Any:
        """Handle a request, within its time."""
        self._begun[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self._begun.pop(conn, None)

    def murder_pending(self) -> None:
        """Close what waits too long; gunicorn's loop comes here about once a second."""
        super().murder_pending()
        latest = time.monotonic() - self.request_s
        for conn, begun in list(self._begun.items()):
            if begun < latest:
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ARG002
        """Answer what could not be read or failed outside the application; nothing of it is told."""
        is_theirs = isinstance(exc, ParseException)
        self.log.warning("A request %s: %s", "could not be read" if is_theirs else "failed", type(exc).__name__)
        status = STATUS.get(type(exc), "400 Bad Request") if is_theirs else "500 Internal Server Error"
        outcome = to_outcome("invalid", UNREADABLE) if is_theirs else to_outcome("exception", FAILED)
        body = orjson.dumps(outcome)
        head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        with suppress(OSError):
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def worker_of(request_s: float) -> type[EndingWorker]:
    """Return the worker class for requests that may take so many seconds."""
    return type("EndingWorker", (EndingWorker,), {"request_s": request_s})
