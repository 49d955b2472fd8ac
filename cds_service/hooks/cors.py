"""Cross-origin calls: browsers may call from the allowed origins and read every answer, errors included.

Done around the WSGI application, so that no answer can miss it (CDS Hooks 2.0, Cross-Origin Resource Sharing).
"""

from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Start = Callable[..., Any]
Wsgi = Callable[[Environ, Start], Iterable[bytes]]
COMMON = [
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "authorization, content-type"),
    ("Access-Control-Max-Age", "600"),
]


def allow_origins(app: Wsgi, origins: str) -> Wsgi:
    """Return the application with CORS for `*` or a comma-separated list of origins; preflight is answered 204."""
    allowed = frozenset(origin.strip() for origin in origins.split(","))

    def headers_for(environ: Environ) -> list[tuple[str, str]]:
        origin = environ.get("HTTP_ORIGIN", "")
        if "*" in allowed:
            return [("Access-Control-Allow-Origin", "*"), *COMMON]
        if origin in allowed:
            return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin"), *COMMON]
        return [("Vary", "Origin")]

    def with_cors(environ: Environ, start_response: Start) -> Iterable[bytes]:
        extra = headers_for(environ)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, headers + extra, *rest)

        if environ["REQUEST_METHOD"] == "OPTIONS":
            start("204 No Content", [])
            return []
        return app(environ, start)

    return with_cors
