"""Search by date, and for what is long, without looking at every item of a folder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two indexes."""
    long = sa.text("size > 262144")
    op.create_index(op.f("ix_item_saved"), "item", ["folder_id", "saved"])
    op.create_index(op.f("ix_item_long"), "item", ["folder_id"], sqlite_where=long, postgresql_where=long)


def downgrade() -> None:
    """Take them away."""
    op.drop_index(op.f("ix_item_long"), table_name="item")
    op.drop_index(op.f("ix_item_saved"), table_name="item")
