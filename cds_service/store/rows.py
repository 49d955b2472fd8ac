"""What goes into the store and comes out, and how an instant is kept.

An instant is a BIGINT of microseconds since 1970-01-01T00:00:00Z in every table: it sorts, compares and indexes alike
on SQLite, which has no type for it, and on PostgreSQL. In the program it is seconds as a float, as `time.time` gives
them, or an aware datetime where it came as text.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR_S = 9e12
Outcome = Literal["accepted", "overridden"]


@dataclass(frozen=True)
class IssuedCard:
    """One card that was given out: what was advised, never about whom.

    `issued_at` is in seconds since 1970 UTC; `tenant` is the client, qualified by its issuer, or None.
    """

    card: str
    service: str
    plan: str
    version: str
    recommendation: str
    indicator: str
    hook: str
    issued_at: float
    tenant: str | None = None


class Advice(NamedTuple):
    """The keyed hash (32 bytes) of advice that was given, and when it is forgotten, in seconds since 1970 UTC."""

    digest: bytes
    expires: float


@dataclass(frozen=True)
class Event:
    """What a client reports of one card (CDS Hooks 2.0, Feedback); `outcome_at` is an aware datetime."""

    card: str
    outcome: Outcome
    outcome_at: datetime
    reason_system: str | None = None
    reason_code: str | None = None
    comment: str | None = None


def to_micros(seconds: float) -> int:
    """Return seconds since 1970 as the microseconds of the tables; what a BIGINT cannot hold is brought near."""
    return round(max(-FAR_S, min(seconds, FAR_S)) * 1_000_000)


def instant_to_micros(instant: datetime) -> int:
    """Return an aware datetime as the microseconds of the tables, exactly."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def event_digest(event: Event, tenant: str | None, service: str) -> bytes:
    """Return 32 bytes that are the same for the same report of the same client, and for no other."""
    parts = [
        tenant,
        service,
        event.card,
        event.outcome,
        instant_to_micros(event.outcome_at),
        event.reason_system,
        event.reason_code,
        event.comment,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).digest()
