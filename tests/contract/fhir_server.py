"""A FHIR server on this machine that remembers who asked it what, with which token."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

TOKEN = "canary-token-8f1c2b"
SCOPE = "patient/*.read"
Json = dict[str, Any]


class Asked(NamedTuple):
    path: str
    authorization: str | None


class FhirServer:
    """Resources by key of `prefetch`; `pages` splits each search, `careless` ignores all parameters but the patient."""

    def __init__(self, base: str, prefetch: Json, pages: bool = False, careless: bool = False) -> None:
        self.base, self.pages, self.careless = base, pages, careless
        self.prefetch = prefetch
        self.asked: list[Asked] = []

    @property
    def resources(self) -> list[Json]:
        found: list[Json] = []
        for value in self.prefetch.values():
            found += [each["resource"] for each in value["entry"]] if "entry" in (value or {}) else [value]
        return [each for each in found if each and each["resourceType"] != "Bundle"]

    def respond(self, target: str) -> tuple[int, Json]:
        parts = urlsplit(target)
        kind, _, identifier = parts.path.removeprefix("/fhir/").partition("/")
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = [each for each in self.resources if each["resourceType"] == kind]
        if not identifier:
            return 200, self.bundle(target, [each for each in found if self.fits(each, asked)], asked)
        for each in found:
            if each["id"] == identifier:
                return 200, each
        return 404, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]}

    def fits(self, resource: Json, asked: dict[str, str]) -> bool:
        categories = [coding["code"] for each in resource.get("category", []) for coding in each["coding"]]
        return self.careless or "category" not in asked or asked["category"].rpartition("|")[2] in categories

    def bundle(self, target: str, found: list[Json], asked: dict[str, str]) -> Json:
        origin = self.base.removesuffix("/fhir")
        links = [{"relation": "self", "url": origin + target}]
        if self.pages and len(found) > 1 and "rest" not in asked:
            links.append({"relation": "next", "url": f"{origin}{target}&rest=1"})
            found = found[:1]
        elif self.pages and "rest" in asked:
            found = found[1:]
        entries = [{"resource": each, "search": {"mode": "match"}} for each in found]
        bundle = {"resourceType": "Bundle", "type": "searchset", "link": links}
        return bundle | ({"entry": entries} if entries else {})


@contextmanager
def fhir_server(prefetch: Json, **more: bool) -> Iterator[FhirServer]:
    with http_server(lambda target, headers: (404, {})) as (base, answer_with):
        server = FhirServer(f"{base}/fhir", prefetch, **more)

        def respond(target: str, headers: Any) -> tuple[int, Json]:
            server.asked.append(Asked(target, headers.get("Authorization")))
            return server.respond(target)

        answer_with(respond)
        yield server


@contextmanager
def http_server(respond: Any) -> Iterator[tuple[str, Any]]:
    """Yield the address of a server of JSON on this machine, and a function that sets what it answers with."""
    current = [respond]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = current[0](self.path, self.headers)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        request_queue_size = 64  # all keys of a call are fetched at once

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", lambda new: current.__setitem__(0, new)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def authorization(**more: Any) -> Json:
    """Return `fhirAuthorization` as an EHR sends it."""
    given = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "scope": SCOPE, "subject": "cds"}
    return given | more
