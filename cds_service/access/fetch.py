"""One GET of a key set: no proxy, no redirect, and bounded in size and time even when the server drips.

http.client, because its socket is at hand: a deadline over status line and headers too needs to shut it down.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from pathlib import Path
from socket import SHUT_RDWR, socket
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from cds_service.access.address import is_fetchable
from cds_service.errors import SettingsError

MAX_BYTES = 1_000_000
TOTAL_S = 5.0
HEADERS = {"Accept": "application/jwk-set+json, application/json", "User-Agent": "cds-service"}


def make_fetch(
    connect_s: float, read_s: float, ca_file: Path | None, total_s: float = TOTAL_S
) -> Callable[[str], bytes]:
    """Return a function that returns the body at an address.

    It raises OSError when there is none with status 200 of at most 1 MB within total_s seconds after connecting.
    Certificates are checked against ca_file (default: the public ones); raises SettingsError when it cannot be read.
    """
    try:
        tls = ssl.create_default_context(cafile=str(ca_file or DEFAULT_CA_BUNDLE_PATH))
    except OSError:
        raise SettingsError(f"{ca_file}: holds no certificates (PEM) that can be read.") from None

    def fetch(url: str) -> bytes:
        if not is_fetchable(url):
            raise OSError("neither https nor this machine")
        parts = urlsplit(url)
        connection = _connection(parts, connect_s, tls)
        try:
            connection.connect()
            connection.sock.settimeout(read_s)
            with _deadline(connection.sock, total_s):
                return _get(connection, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        except HTTPException:
            raise OSError("no HTTP answer") from None
        finally:
            connection.close()

    return fetch


def _connection(parts: SplitResult, connect_s: float, tls: ssl.SSLContext) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=connect_s)
    return HTTPSConnection(host, parts.port, timeout=connect_s, context=tls)


def _get(connection: HTTPConnection, path: str) -> bytes:
    connection.request("GET", path, headers=HEADERS)
    with connection.getresponse() as response:
        if response.status != 200:
            raise OSError("not status 200")
        body = response.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
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
