"""Who has leased what is on its way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of what is leased now nobody is known to have it."""
    op.add_column("queue_recipient", sa.Column("holder", sa.String(32), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("queue_recipient", "holder")
