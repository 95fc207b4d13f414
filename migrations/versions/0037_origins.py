"""Items know which email they are: copies, from what they were copied.

What has been copied before is an email of its own from now on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns, as if nothing had ever been copied, and the index of copies."""
    op.add_column("item", sa.Column("origin", _NUMBER, nullable=True))
    op.add_column("tombstone", sa.Column("origin", _NUMBER, nullable=True))
    op.add_column("tombstone", sa.Column("created", _NUMBER, nullable=False, server_default="0"))
    op.add_column("folder", sa.Column("copies", _NUMBER, nullable=False, server_default="0"))
    copied = sa.text("origin IS NOT NULL")
    op.create_index("ix_item_origin", "item", ["folder_id", "origin"], sqlite_where=copied, postgresql_where=copied)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_item_origin", "item")
    op.drop_column("folder", "copies")
    op.drop_column("tombstone", "created")
    op.drop_column("tombstone", "origin")
    op.drop_column("item", "origin")
