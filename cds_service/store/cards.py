"""Cards that were issued: what was advised and when, never about whom."""

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import Connection

from cds_service.store.digests import upserts
from cds_service.store.rows import IssuedCard, to_micros
from cds_service.store.tables import ISSUED_CARD

_INSERT = {name: each.on_conflict_do_nothing(index_elements=["card"]) for name, each in upserts(ISSUED_CARD).items()}


def insert_cards(connection: Connection, cards: Iterable[IssuedCard]) -> None:
    """Store cards; one whose uuid is there already is left as it is."""
    rows = [
        asdict(card) | {"issued_at": to_micros(card.issued_at)} for card in sorted(cards, key=lambda each: each.card)
    ]
    if rows:
        connection.execute(_INSERT[connection.dialect.name], rows)
