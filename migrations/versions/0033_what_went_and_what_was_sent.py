"""Tombstones know when what was an event was over; what was sent once is written down for each account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add both, empty, and drop what devices had sent as it was kept before."""
    op.add_column("tombstone", sa.Column("last", _NUMBER, nullable=True))
    op.create_table(
        "sent_once",
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("at", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_sent_once_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_sent_once")),
    )
    op.execute("DELETE FROM sync_state WHERE collection = -3")


def downgrade() -> None:
    """Take both away."""
    op.drop_table("sent_once")
    op.drop_column("tombstone", "last")
