"""How a fetch ended, in words: labels of metrics, and parts of error texts. They hold no value of call or answer.

The last four are not found out here but around it: a record about another patient, and a token that is not to be used.
"""

from typing import Literal, get_args

import requests
import urllib3

Outcome = Literal[
    "ok",
    "partial",
    "host-refused",
    "scope",
    "unauthorized",
    "forbidden",
    "not-found",
    "throttled",
    "server-error",
    "refused",
    "redirect",
    "timeout",
    "connection",
    "truncated",
    "too-large",
    "not-json",
    "wrong-resource",
    "operation-outcome",
    "foreign-patient",
    "incomplete",
    "expired",
    "foreign",
]
OUTCOMES: frozenset[Outcome] = frozenset(get_args(Outcome))
_OF_STATUS: dict[int, Outcome] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    410: "not-found",
    429: "throttled",
}
_OF_CLASS: dict[int, Outcome] = {2: "ok", 3: "redirect", 4: "refused"}


class Failed(Exception):
    """A fetch that ended otherwise than `ok`; never leaves this room."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome: Outcome = outcome
        super().__init__(outcome)


def outcome_of_status(status: int) -> Outcome:
    """Return what an HTTP status means: `ok` for 2xx, `redirect` for 3xx, otherwise why there is no resource."""
    return _OF_STATUS.get(status) or _OF_CLASS.get(status // 100, "server-error")


def outcome_of_error(error: Exception) -> Outcome:
    """Return what an error of the HTTP libraries means: a timeout, a body that broke off, or the connection."""
    if isinstance(error, requests.Timeout | urllib3.exceptions.ReadTimeoutError):
        return "timeout"
    if isinstance(error, urllib3.exceptions.DecodeError):
        return "not-json"
    if isinstance(error, urllib3.exceptions.ProtocolError) and not isinstance(error.args[-1], OSError):
        return "truncated"
    return "connection"
