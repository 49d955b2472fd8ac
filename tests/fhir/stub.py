"""FHIR servers on loopback, honest and otherwise: real sockets, one thread a connection."""

import json
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import StreamRequestHandler, ThreadingTCPServer

PATIENCE = 10.0
Behaviour = Callable[["Asked", socket.socket], None]


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    server: "Stub"


@dataclass
class Stub:
    """What a server does by path (`*` for any other), what it was asked, how many connections it has had."""

    behaviours: dict[str, Behaviour]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir"

    @property
    def paths(self) -> list[str]:
        return [asked.path.removeprefix("/fhir/") for asked in self.asked]


def resource(body: object, status: str = "200 OK", extra: str = "") -> Behaviour:
    """Answer with JSON (or with bytes as they are), and keep the connection."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/fhir+json\r\nContent-Length: {len(content)}\r\n{extra}\r\n"
    return lambda asked, sock: sock.sendall(head.encode() + content)


def raw(data: bytes) -> Behaviour:
    """Send these bytes, and close."""

    def answer(asked: Asked, sock: socket.socket) -> None:
        sock.sendall(data)
        close(sock)

    return answer


def bundle(*ids: str, following: str | None = None) -> dict[str, object]:
    links = [{"relation": "self", "url": "x"}] + ([{"relation": "next", "url": following}] if following else [])
    entries = [{"resource": {"resourceType": "Observation", "id": each}} for each in ids]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}


def close(sock: socket.socket) -> None:
    sock.shutdown(socket.SHUT_RDWR)


def is_gone(sock: socket.socket) -> bool:
    """Return whether the client has gone; raises TimeoutError while it waits."""
    try:
        return not sock.recv(1)
    except ConnectionError:
        return True


def stall(asked: Asked, sock: socket.socket) -> None:
    """Say nothing until the client goes."""
    with suppress(TimeoutError):
        if is_gone(sock):
            asked.server.gone.set()
    sock.close()


def drip(head: bytes, every: float = 0.05, drop: bytes = b" ") -> Behaviour:
    """Send a drop now and then, for ever, after a beginning that comes at once."""

    def answer(asked: Asked, sock: socket.socket) -> None:
        sock.sendall(head)
        for _ in range(int(PATIENCE / every)):
            sock.settimeout(every)
            with suppress(TimeoutError):
                if is_gone(sock):
                    asked.server.gone.set()
                    break
            sock.settimeout(PATIENCE)
            with suppress(OSError):
                sock.sendall(drop)
        sock.close()

    return answer


def reset(asked: Asked, sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def reset_after(head: bytes) -> Behaviour:
    """Begin an answer, give the client the time to read that, and reset."""

    def answer(asked: Asked, sock: socket.socket) -> None:
        sock.sendall(head)
        time.sleep(0.1)
        reset(asked, sock)

    return answer


def flood(head: bytes, chunk: bytes) -> Behaviour:
    """Send for ever, or until the client goes."""

    def answer(asked: Asked, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        try:
            sock.sendall(head)
            while True:
                sock.sendall(chunk)
        except OSError:
            asked.server.gone.set()
        sock.close()

    return answer


def gzipped(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(b" " * size) + packer.flush()


class _Handler(StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self.connection.settimeout(PATIENCE)
        while not self.connection._closed and (asked := self._asked()) is not None:
            stub = self.server.stub
            stub.asked.append(asked)
            path = asked.path.removeprefix("/fhir/")
            answer = stub.behaviours.get(path) or stub.behaviours.get("*") or resource({}, "404 Not Found")
            answer(asked, self.connection)

    def _asked(self) -> Asked | None:
        try:
            lines = [self.rfile.readline().decode("latin-1").strip()]
            while lines[-1]:
                lines.append(self.rfile.readline().decode("latin-1").strip())
        except (OSError, ValueError):
            return None
        if not lines[0]:
            return None
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines[1:])}
        return Asked(lines[0].split(" ")[1], headers, self.server.stub)


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False
    block_on_close = True

    def __init__(self, stub: Stub, address: str, context: ssl.SSLContext | None) -> None:
        self.stub = stub
        self.context = context
        self.open: set[socket.socket] = set()
        super().__init__((address, 0), _Handler)

    def process_request(self, request, client_address) -> None:
        self.stub.connections += 1
        super().process_request(request, client_address)

    def finish_request(self, request, client_address) -> None:
        with request.dup() as handle:
            self.open.add(handle)
            try:
                request = self.context.wrap_socket(request, server_side=True) if self.context else request
                super().finish_request(request, client_address)
            finally:
                self.open.discard(handle)
                request.close()

    def handle_error(self, request, client_address) -> None:
        """A client that leaves is what most of these tests are about."""


@contextmanager
def serving(
    behaviours: dict[str, Behaviour], address: str = "127.0.0.1", context: ssl.SSLContext | None = None
) -> Iterator[Stub]:
    """Serve until the test is over; nothing stays behind."""
    stub = Stub(behaviours)
    with _Server(stub, address, context) as server:
        stub.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()
            for handle in list(server.open):
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)
