"""How many cards were issued, and how many ended how: what the report is made from."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select, true

from cds_service.store.engine import READING, make_engine, read_url, transaction
from cds_service.store.faults import as_store_errors
from cds_service.store.rows import to_micros
from cds_service.store.tables import FEEDBACK, ISSUED_CARD

PATIENCE_S = 120.0


class IssuedCount(NamedTuple):
    """How many cards of one recommendation the store knows."""

    recommendation: str
    plan: str
    version: str
    cards: int


class OutcomeCount(NamedTuple):
    """How many cards ended with one outcome and reason; no recommendation where the card is not known."""

    recommendation: str | None
    plan: str | None
    version: str | None
    outcome: str
    reason_system: str | None
    reason_code: str | None
    cards: int


class Counts(NamedTuple):
    """All that the report is made from."""

    issued: tuple[IssuedCount, ...]
    outcomes: tuple[OutcomeCount, ...]


def read_counts(url: str, since: float | None = None, service: str | None = None) -> Counts:
    """Return the counts per recommendation and plan version; raises StoreError.

    `since`, in seconds since 1970 UTC, leaves out what was issued or received before. A card counts once, with the
    outcome that happened last; of outcomes of the same instant, with the one that was received last.
    """
    with as_store_errors():
        engine = make_engine(read_url(url), PATIENCE_S)
        try:
            with transaction(engine, READING) as connection:
                return Counts(_issued(connection, since, service), _outcomes(connection, since, service))
        finally:
            engine.dispose()


def _issued(connection: Connection, since: float | None, service: str | None) -> tuple[IssuedCount, ...]:
    column = ISSUED_CARD.c
    group = (column.recommendation, column.plan, column.version)
    wanted = _wanted(column.issued_at, column.service, since, service)
    query = select(*group, func.count()).where(wanted).group_by(*group)
    return tuple(map(IssuedCount._make, connection.execute(query)))


def _outcomes(connection: Connection, since: float | None, service: str | None) -> tuple[OutcomeCount, ...]:
    column = FEEDBACK.c
    newest_first = (column.outcome_at.desc(), column.received_at.desc(), column.id.desc())
    place = func.row_number().over(partition_by=(column.tenant, column.card), order_by=newest_first).label("place")
    wanted = _wanted(column.received_at, column.service, since, service)
    ranked = select(FEEDBACK, place).where(wanted).subquery()
    names = ("recommendation", "plan", "version", "outcome", "reason_system", "reason_code")
    group = [ranked.c[name] for name in names]
    query = select(*group, func.count()).where(ranked.c.place == 1).group_by(*group)
    return tuple(map(OutcomeCount._make, connection.execute(query)))


def _wanted(
    at: ColumnElement[int], of: ColumnElement[str], since: float | None, service: str | None
) -> ColumnElement[bool]:
    lately = at >= to_micros(since) if since is not None else true()
    return lately & (of == service if service is not None else true())
