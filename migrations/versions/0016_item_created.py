"""Items know with which change they came to their owner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column; what is there came long ago."""
    op.add_column("item", sa.Column("created", _NUMBER, nullable=False, server_default="0"))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("item", "created")
