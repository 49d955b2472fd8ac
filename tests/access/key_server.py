"""A server of key sets on this machine, as good or as bad as a test wants it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Event, Thread

Answer = Callable[[BaseHTTPRequestHandler], None]
DRIPS = 200
PAUSE_S = 0.1


class KeyServer:
    def __init__(self, tls: SSLContext | None = None) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: Counter[str] = Counter()
        self.stopped = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if tls else "http"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def url(self, path: str) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}{path}"

    def serve(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        def answer(call: BaseHTTPRequestHandler) -> None:
            call.send_response(status)
            for name, value in headers.items():
                call.send_header(name, value)
            call.send_header("Content-Length", str(len(body)))
            call.end_headers()
            call.wfile.write(body)

        self.answers[path] = answer
        return self.url(path)

    def drip(self, path: str, head: bytes, drop: bytes) -> str:
        """Send head at once, and then a drop every now and then, for much longer than anybody should wait."""

        def answer(call: BaseHTTPRequestHandler) -> None:
            call.wfile.write(head)
            for _ in range(DRIPS):
                call.wfile.write(drop)
                if self.stopped.wait(PAUSE_S):
                    return

        self.answers[path] = answer
        return self.url(path)

    def stop(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                server.asked[self.path] += 1
                answer = server.answers.get(self.path)
                try:
                    answer(self) if answer else self.send_error(404)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@contextmanager
def run_key_server(tls: SSLContext | None = None) -> Iterator[KeyServer]:
    server = KeyServer(tls)
    try:
        yield server
    finally:
        server.stop()
