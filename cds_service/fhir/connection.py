"""The HTTP session: the address that was checked is the address that is connected to.

Checking a name and then letting a library resolve it again would leave a gap for a name that answers differently the
second time (DNS rebinding). So the connection itself resolves, once, checks, and connects to the number. Proxies,
.netrc and the environment's certificates are not used, cookies are not kept, redirects are left to the caller.
"""

import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import Retry, create_urllib3_context
from urllib3.util.connection import create_connection

from cds_service.fhir.call import CURRENT
from cds_service.fhir.hosts import AllowedHosts, Origin, parse_origin
from cds_service.fhir.outcome import Failed

Resolve = Callable[..., list[Any]]
POOLS = 10


@dataclass(frozen=True)
class Gate:
    """What decides on every new connection: the list of servers, and a resolver like socket.getaddrinfo."""

    hosts: AllowedHosts
    resolve: Resolve = socket.getaddrinfo

    def resolved(self, origin: Origin) -> list[str]:
        """Return the addresses of a server that may be connected to, each once.

        Raises Failed (`host-refused`) where there is none, OSError where the name cannot be resolved.
        """
        if not self.hosts.names(origin):
            raise Failed("host-refused")
        found = self.resolve(origin.host, origin.port, 0, socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if allowed := [address for address in addresses if self.hosts.reaches(origin, address)]:
            return allowed
        raise Failed("host-refused")


class PlainConnection(HTTPConnection):
    """A connection that asks the gate before it connects, within what is left of the call's time."""

    scheme = "http"

    def __init__(self, *args: Any, gate: Gate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gate = gate

    def _new_conn(self) -> socket.socket:
        # the host that this connection really has is checked, whatever was asked of the session
        host = f"[{self._dns_host}]" if ":" in self._dns_host else self._dns_host
        origin = parse_origin(f"{self.scheme}://{host}:{self.port}")
        if origin is None:
            raise Failed("host-refused")
        try:
            addresses = self._gate.resolved(origin)
        except OSError as error:
            raise NameResolutionError(self.host, self, socket.gaierror(*error.args)) from None
        return self._connect_one_of(addresses, origin.port)

    def _connect_one_of(self, addresses: list[str], port: int) -> socket.socket:
        failure: ConnectTimeoutError = NewConnectionError(self, "no address")
        for address in addresses:
            seconds = min(CURRENT.get().limits.connect_s, CURRENT.get().left())
            try:
                found = create_connection((address, port), seconds, socket_options=self.socket_options)
            except TimeoutError:
                failure = ConnectTimeoutError(self, "timed out")
            except OSError:
                failure = NewConnectionError(self, "refused")
            else:
                _hold(found, found)
                return found
        raise failure


class TlsConnection(PlainConnection, HTTPSConnection):
    """The same below TLS; the certificate is checked against the host's name."""

    scheme = "https"


class PlainPool(HTTPConnectionPool):
    """Connections to one server, each known to the call that uses it as long as it is used."""

    ConnectionCls = PlainConnection

    def __init__(self, gate: Gate, host: str, port: int | None = None, **kwargs: Any) -> None:
        super().__init__(host, port, **kwargs)
        self.conn_kw["gate"] = gate

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        if connection.sock is not None:
            _hold(connection.sock, connection)
        return connection

    def _put_conn(self, conn: Any) -> None:
        # before another call can take it, whose connection this call's end would shut down
        if call := CURRENT.get(None):
            call.let_go()
        super()._put_conn(conn)


class TlsPool(PlainPool, HTTPSConnectionPool):
    """The same below TLS."""

    ConnectionCls = TlsConnection


class GatedAdapter(HTTPAdapter):
    """Connects through the gate only; one TLS context for all connections, since loading certificates is slow."""

    def __init__(self, gate: Gate, context: ssl.SSLContext, connections: int) -> None:
        self._gate = gate
        self._context = context
        # a failed connection is tried once more; a request that may have reached the server never is
        retry = Retry(
            total=None, connect=1, read=False, status=0, redirect=0, other=0, respect_retry_after_header=False
        )
        super().__init__(POOLS, connections, retry)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        """Make the pools of this module the only ones."""
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **kwargs)
        pools: Any = {"http": partial(PlainPool, self._gate), "https": partial(TlsPool, self._gate)}
        self.poolmanager.pool_classes_by_scheme = pools

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the certificates to the context."""


class GatedSession(requests.Session):
    """A session that never looks where a redirect leads: requests would read all of its body for that."""

    def get_redirect_target(self, resp: Any) -> None:
        """Return None."""


def make_session(gate: Gate, ca_file: Path | None, connections: int) -> requests.Session:
    """Return the pooled session that trusts the certificates of a PEM file, the public ones by default.

    Silences urllib3's log: it writes addresses, and these hold patient identifiers.
    """
    logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(str(ca_file or DEFAULT_CA_BUNDLE_PATH))
    session = GatedSession()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers.clear()
    session.headers.update({"Accept": "application/fhir+json", "Accept-Encoding": "gzip", "User-Agent": "cds-service"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, GatedAdapter(gate, context, connections))
    return session


def _hold(sock: socket.socket, owner: socket.socket | HTTPConnection) -> None:
    try:
        CURRENT.get().hold(sock)
    except Failed:
        owner.close()
        raise
