"""Where the time of a call goes: medians of each stage, in one process without a network."""

import io
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import orjson

from benchmarks.floor import make_floor
from benchmarks.payloads import make_payload
from cds_service.app import create_app
from cds_service.hooks import answer, reading, routes
from cds_service.settings import read_settings

STAGES = {
    "read the request": "parse_request",
    "read the order": "read_order",
    "is the order ours": "concerning",
    "is the prefetch there": "collect",
    "read the chart": "read_chart",
    "facts of the order": "to_facts",
    "index of its records": "with_index",
    "conditions": "apply_plan",
    "cards": "to_cards",
}
ROUNDS = 400


def places() -> dict[str, Any]:
    """Return, by stage, the module that calls its function; raises StopIteration when none does."""
    modules = (reading, answer)
    return {name: next(each for each in modules if hasattr(each, function)) for name, function in STAGES.items()}


def _call(app: Any, path: str, body: bytes) -> None:
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "bench", "SERVER_PORT": "80"}
    environ |= {"wsgi.url_scheme": "http", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "bench"}
    environ |= {"wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr}
    environ |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json"}
    b"".join(app(environ, lambda *_: None))


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e6


def _timed(function: Callable[..., Any], times: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any, **more: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*arguments, **more)
        finally:
            times.append(time.perf_counter() - started)

    return timed


def print_stages(size: str) -> None:
    """Print the median microseconds of each stage of a call, beside the floor's."""
    body, path = make_payload(size), "/cds-services/ivig-order-select"
    quiet = routes.Effects(lambda: date(2026, 11, 22), lambda: str(uuid.uuid4()), time.perf_counter, len, time.time)
    settings = read_settings(database_url="sqlite:////tmp/stages.sqlite3")
    service, floor = create_app(settings, effects=quiet), make_floor()
    print(f"\n{size}: microseconds of each stage, in one process")
    print(f"  {'the floor':<24}{_median(lambda: _call(floor, '/cds-services/floor', body)):>6.0f}")
    print(f"  {'the whole call':<24}{_median(lambda: _call(service, path, body)):>6.0f}")
    print(f"  {'orjson.loads alone':<24}{_median(lambda: orjson.loads(body)):>6.0f}")
    times: dict[str, list[float]] = {name: [] for name in STAGES}
    calling = places()
    originals = {name: getattr(calling[name], function) for name, function in STAGES.items()}
    for name, function in STAGES.items():
        setattr(calling[name], function, _timed(originals[name], times[name]))
    try:
        _median(lambda: _call(service, path, body))
    finally:
        for name, function in STAGES.items():
            setattr(calling[name], function, originals[name])
    for name, taken in times.items():
        print(f"    {name:<22}{statistics.median(taken) * 1e6:>6.0f}")
