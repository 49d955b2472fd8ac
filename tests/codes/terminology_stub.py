"""A terminology server on loopback, honest and otherwise."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[dict], tuple[int, object]]


@dataclass
class Stub:
    """Where it is, and the Parameters it was sent, as name and value."""

    url: str
    asked: list[dict] = field(default_factory=list)


def parameters(body: dict) -> dict:
    """Return the parameters by name; a resource counts as a value."""
    return {each["name"]: next(value for key, value in each.items() if key != "name") for each in body["parameter"]}


@contextmanager
def terminology_server(answer: Answer) -> Iterator[Stub]:
    """Run a server that answers each operation with a status and a body: JSON, or bytes as they are."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            with suppress(ConnectionError):  # the client may have had enough
                self._answer()

        def _answer(self) -> None:
            asked = parameters(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            asked["operation"] = self.path.removeprefix("/r4/")
            stub.asked.append(asked)
            status, body = answer(asked)
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            if 300 <= status < 400:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub = Stub(f"http://127.0.0.1:{server.server_port}/r4")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def expansion(contains: list[dict], **more: object) -> dict:
    return {
        "resourceType": "ValueSet",
        "status": "active",
        "expansion": {"timestamp": "2026", "contains": contains, **more},
    }


def outcome(text: str) -> dict:
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "invalid", "diagnostics": text}],
    }


def told(**values: object) -> dict:
    """Return the Parameters of an answer to $validate-code."""
    kinds = {bool: "valueBoolean", str: "valueString"}
    listed = [{"name": name.replace("_", "-"), kinds[type(value)]: value} for name, value in values.items()]
    return {"resourceType": "Parameters", "parameter": listed}
