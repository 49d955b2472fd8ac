"""The floor: a Flask app under the same server that only reads the JSON and returns a constant card.

Run as `python -m benchmarks.floor PORT`.
"""

import sys

import orjson
from flask import Flask, Response, request

from cds_service.app import freeze
from cds_service.hooks.server import Serving, run_server

CARD = {"summary": "A constant card", "indicator": "info", "source": {"label": "floor"}, "detail": "x" * 200}


def make_floor() -> Flask:
    app = Flask("floor", static_folder=None)

    @app.post("/cds-services/floor")
    def call() -> Response:
        orjson.loads(request.get_data())
        return Response(orjson.dumps({"cards": [CARD]}), content_type="application/json")

    @app.get("/health")
    def health() -> Response:
        return Response("{}", content_type="application/json")

    return app


if __name__ == "__main__":
    app = make_floor()
    freeze()
    run_server(app, Serving("127.0.0.1", int(sys.argv[1]), workers=1))
