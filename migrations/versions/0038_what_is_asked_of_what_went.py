"""Tombstones know whether what they are of was private, and who made it; of older ones that is not known.

What filters ask is kept beside contacts as well. All that there are wait for it; the server fills it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add both columns, empty, and have contacts wait."""
    op.add_column("tombstone", sa.Column("private", sa.Boolean(), nullable=True))
    op.add_column("tombstone", sa.Column("author_id", _NUMBER, nullable=True))
    op.execute("UPDATE object_key SET facts = NULL WHERE component = 'VCARD'")


def downgrade() -> None:
    """Take both away, and what is kept of contacts."""
    op.execute("UPDATE object_key SET facts = '' WHERE component = 'VCARD'")
    op.drop_column("tombstone", "author_id")
    op.drop_column("tombstone", "private")
