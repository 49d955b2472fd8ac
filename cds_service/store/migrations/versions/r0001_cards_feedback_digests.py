"""Issued cards, feedback, and the two tables of digests."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all."""
    op.create_table(
        "issued_card",
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("recommendation", sa.Text, nullable=False),
        sa.Column("indicator", sa.Text, nullable=False),
        sa.Column("hook", sa.Text, nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("tenant", sa.Text),
        sa.PrimaryKeyConstraint("card", name="pk_issued_card"),
    )
    op.create_index("ix_issued_card_issued_at", "issued_card", ["issued_at"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("plan", sa.Text),
        sa.Column("version", sa.Text),
        sa.Column("recommendation", sa.Text),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("reason_system", sa.Text),
        sa.Column("reason_code", sa.Text),
        sa.Column("comment", sa.Text),
        sa.Column("outcome_at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("tenant", sa.Text),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("digest", name="uq_feedback_digest"),
    )
    op.create_index("ix_feedback_card", "feedback", ["card"])
    op.create_index("ix_feedback_received_at", "feedback", ["received_at"])
    for table in ("given_advice", "seen_token"):
        op.create_table(
            table,
            sa.Column("digest", sa.LargeBinary(32), nullable=False),
            sa.Column("expires_at", sa.BigInteger, nullable=False),
            sa.PrimaryKeyConstraint("digest", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_expires_at", table, ["expires_at"])


def downgrade() -> None:
    """Drop all."""
    for table in ("seen_token", "given_advice", "feedback", "issued_card"):
        op.drop_table(table)
