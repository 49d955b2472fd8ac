"""The tables. Instants are microseconds since 1970 UTC (see rows); a tenant is None where nobody had to sign in."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

HEAD = "0001"  # the newest revision in migrations/versions; later ones have higher numbers

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

ISSUED_CARD = Table(
    "issued_card",
    METADATA,
    Column("card", String(36), primary_key=True),
    Column("service", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("recommendation", Text, nullable=False),
    Column("indicator", Text, nullable=False),
    Column("hook", Text, nullable=False),
    Column("issued_at", BigInteger, nullable=False, index=True),
    Column("tenant", Text),
)

FEEDBACK = Table(
    "feedback",
    METADATA,
    # SQLite numbers rows by itself only where the type is INTEGER
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("card", String(36), nullable=False),
    Column("service", Text, nullable=False),
    Column("plan", Text),
    Column("version", Text),
    Column("recommendation", Text),
    Column("outcome", String(10), nullable=False),
    Column("reason_system", Text),
    Column("reason_code", Text),
    Column("comment", Text),
    Column("outcome_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False, index=True),
    Column("tenant", Text),
    Column("digest", LargeBinary(32), nullable=False),
    UniqueConstraint("digest"),
    Index(None, "card"),
)

GIVEN_ADVICE = Table(
    "given_advice",
    METADATA,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

SEEN_TOKEN = Table(
    "seen_token",
    METADATA,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)
