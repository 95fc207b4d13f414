"""What filters ask of calendar objects, beside them. All objects that there are wait for it; the server fills it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column, and the index of those that wait."""
    op.add_column("object_key", sa.Column("facts", sa.Text(), nullable=True))
    op.execute("UPDATE object_key SET facts = '' WHERE component = 'VCARD'")
    wait = sa.text("facts IS NULL")
    op.create_index("ix_object_key_facts", "object_key", ["folder_id", "uid"], sqlite_where=wait, postgresql_where=wait)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_object_key_facts", "object_key")
    op.drop_column("object_key", "facts")
