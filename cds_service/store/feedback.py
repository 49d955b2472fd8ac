"""What clients report of cards (CDS Hooks 2.0, Feedback).

A row says of itself what the card was about, since feedback is kept for longer than issued cards are.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from cds_service.store.digests import upserts
from cds_service.store.rows import Event, event_digest, instant_to_micros, to_micros
from cds_service.store.tables import FEEDBACK, ISSUED_CARD

ABOUT = ("plan", "version", "recommendation")
_INSERT = {name: each.on_conflict_do_nothing(index_elements=["digest"]) for name, each in upserts(FEEDBACK).items()}


def insert_events(
    connection: Connection, events: Sequence[Event], tenant: str | None, service: str, received_at: float
) -> int:
    """Store what is new of the events and return how many that are; a repeat is left out."""
    about = _about(connection, {event.card for event in events}, tenant)
    rows = {}
    for event in events:
        digest = event_digest(event, tenant, service)
        common = {"digest": digest, "tenant": tenant, "service": service, "received_at": to_micros(received_at)}
        rows[digest] = common | _columns(event) | about.get(event.card, dict.fromkeys(ABOUT))
    in_one_order = [rows[digest] for digest in sorted(rows)]  # two posts of the same events cannot deadlock
    return connection.execute(_INSERT[connection.dialect.name], in_one_order).rowcount if rows else 0


def _columns(event: Event) -> dict[str, object]:
    return {
        "card": event.card,
        "outcome": event.outcome,
        "outcome_at": instant_to_micros(event.outcome_at),
        "reason_system": event.reason_system,
        "reason_code": event.reason_code,
        "comment": event.comment,
    }


def _about(connection: Connection, cards: Collection[str], tenant: str | None) -> dict[str, dict[str, object]]:
    """Return what the cards were about; those of another client are not known."""
    column = ISSUED_CARD.c
    query = select(column.card, *(column[name] for name in ABOUT)).where(
        column.card.in_(cards), column.tenant.is_not_distinct_from(tenant)
    )
    return {row["card"]: {name: row[name] for name in ABOUT} for row in connection.execute(query).mappings()}
