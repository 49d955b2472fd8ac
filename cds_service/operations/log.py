"""Structured log lines: one JSON object a line, with the time in UTC (RFC 3339) and a level."""

from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

Logger = Any
EventDict = MutableMapping[str, Any]


class _Lines:
    def __init__(self, write: Callable[[str], object]) -> None:
        self.info = self.warning = self.error = write


def make_logger(write: Callable[[str], object], now: Callable[[], float]) -> Logger:
    """Return a structlog logger that gives each line, without its line end, to `write`.

    `now` is the time in seconds since the epoch.
    """

    def stamp(_logger: Any, _method: str, fields: EventDict) -> EventDict:
        fields["time"] = datetime.fromtimestamp(now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return fields

    return structlog.wrap_logger(
        _Lines(write),
        processors=[stamp, structlog.processors.add_log_level, _to_json],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        cache_logger_on_first_use=True,
    )


def _to_json(_logger: Any, _method: str, fields: EventDict) -> str:
    return orjson.dumps({"event": fields.pop("event"), **fields}, default=str).decode()
