"""Indexes for what had to look at every row: dates, what is long, whose \\Seen a message has, kinds of principals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    long = sa.text("size > 262144")
    op.create_index(op.f("ix_item_saved"), "item", ["folder_id", "saved"])
    op.create_index(op.f("ix_item_long"), "item", ["folder_id"], sqlite_where=long, postgresql_where=long)
    op.create_index(op.f("ix_seen_folder_id_uid"), "seen", ["folder_id", "uid"])
    op.create_index(op.f("ix_principal_kind"), "principal", ["kind"])


def downgrade() -> None:
    """Take them away."""
    op.drop_index(op.f("ix_principal_kind"), table_name="principal")
    op.drop_index(op.f("ix_seen_folder_id_uid"), table_name="seen")
    op.drop_index(op.f("ix_item_long"), table_name="item")
    op.drop_index(op.f("ix_item_saved"), table_name="item")
