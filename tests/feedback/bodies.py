"""Feedback as a client sends it."""

import json
from datetime import UTC, datetime

from cds_service.feedback.parse import parse_feedback
from cds_service.store.rows import Event

CARD = "4e0a3a1e-3283-4575-ab82-028d55fe2719"
AT = datetime(2026, 11, 22, 6, 35, 4, 651_000, tzinfo=UTC)
STAMP = "2026-11-22T06:35:04.651Z"
WHY = "http://terminology.example.org/CodeSystem/override-reason"
REASON = {"code": "patient-refused", "system": WHY}


def accepted(**more) -> dict:
    usual = {"card": CARD, "outcome": "accepted", "acceptedSuggestions": [{"id": CARD}], "outcomeTimestamp": STAMP}
    return usual | more


def overridden(reason: object = None, **more) -> dict:
    usual = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": STAMP}
    return usual | ({"overrideReason": reason} if reason is not None else {}) | more


def parse(*items: object, keep_comments: bool = False) -> list[Event]:
    return parse_feedback(json.dumps({"feedback": items}).encode(), keep_comments)
