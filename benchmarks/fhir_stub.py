"""A FHIR server that answers every search with an empty Bundle, after a while.

Run as `python -m benchmarks.fhir_stub PORT SECONDS`.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUNDLE = b'{"resourceType":"Bundle","type":"searchset","total":0}'


def make_handler(seconds: float) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if self.path != "/health":
                time.sleep(seconds)
            self.send_response(200)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(BUNDLE)))
            self.end_headers()
            self.wfile.write(BUNDLE)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), make_handler(float(sys.argv[2]))).serve_forever()
