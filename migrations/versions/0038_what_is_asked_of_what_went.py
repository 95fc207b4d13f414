"""Tombstones know whether what they are of was private, and who made it; of older ones that is not known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add both, empty."""
    op.add_column("tombstone", sa.Column("private", sa.Boolean(), nullable=True))
    op.add_column("tombstone", sa.Column("author_id", _NUMBER, nullable=True))


def downgrade() -> None:
    """Take both away."""
    op.drop_column("tombstone", "author_id")
    op.drop_column("tombstone", "private")
