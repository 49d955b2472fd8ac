"""One GET: no proxy, no redirect, and bounded in size and time even when the server drips.

http.client, because its socket is at hand: a deadline over status line and headers too needs to shut it down.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from pathlib import Path
from socket import SHUT_RDWR, socket
from threading import Event, Timer
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from cds_service.errors import SettingsError


class Bounds(NamedTuple):
    """Seconds to connect, to wait for something, and for all after connecting; the most bytes of a body."""

    connect_s: float
    read_s: float
    total_s: float
    most_bytes: int


def make_get(bounds: Bounds, ca_file: Path | None, accept: str) -> Callable[[str], bytes]:
    """Return a function that returns the body at an http or https address.

    It raises OSError when there is none with status 200 within the bounds.
    Certificates are checked against ca_file (default: the public ones); raises SettingsError when it cannot be read.
    """
    try:
        tls = ssl.create_default_context(cafile=str(ca_file or DEFAULT_CA_BUNDLE_PATH))
    except OSError:
        raise SettingsError(f"{ca_file}: holds no certificates (PEM) that can be read.") from None

    def get(url: str) -> bytes:
        parts = urlsplit(url)
        connection = _connection(parts, bounds.connect_s, tls)
        try:
            connection.connect()
            connection.sock.settimeout(bounds.read_s)
            with _deadline(connection.sock, bounds.total_s):
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                return _body(connection, path, accept, bounds.most_bytes)
        except HTTPException:
            raise OSError("no HTTP answer") from None
        finally:
            connection.close()

    return get


def _connection(parts: SplitResult, connect_s: float, tls: ssl.SSLContext) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=connect_s)
    return HTTPSConnection(host, parts.port, timeout=connect_s, context=tls)


def _body(connection: HTTPConnection, path: str, accept: str, most_bytes: int) -> bytes:
    connection.request("GET", path, headers={"Accept": accept, "User-Agent": "cds-service"})
    with connection.getresponse() as response:
        if response.status != 200:
            raise OSError(f"status {response.status}, not status 200")
        body = response.read(most_bytes + 1)
        if len(body) > most_bytes:
            raise OSError("too large")
        if response.length:
            raise IncompleteRead(b"", response.length)
    return body


@contextmanager
def _deadline(sock: socket, seconds: float) -> Iterator[None]:
    """Shut the socket down after so many seconds: a timeout of its own begins anew with every byte that comes."""
    passed = Event()

    def shut() -> None:
        passed.set()
        with suppress(OSError):  # closed already
            socket.shutdown(sock, SHUT_RDWR)  # not SSLSocket's, which takes the cipher away from the thread that reads

    timer = Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if passed.is_set():
            raise TimeoutError("took too long")
