"""What somebody wants no more: a folder counts as subscribed to until its reader says otherwise."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was subscribed to stays so."""
    op.add_column("subscription", sa.Column("subscribed", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Take it away, with what was not wanted."""
    op.execute("DELETE FROM subscription WHERE NOT subscribed")
    op.drop_column("subscription", "subscribed")
