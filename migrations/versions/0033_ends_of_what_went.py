"""Tombstones know when what was an event was over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column; of what went before nothing is known."""
    op.add_column("tombstone", sa.Column("last", _NUMBER, nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("tombstone", "last")
