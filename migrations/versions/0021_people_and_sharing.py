"""When names and addresses have changed, for who keeps a list of people."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin the count."""
    op.execute("INSERT INTO meta (name, value) VALUES ('people', 0)")


def downgrade() -> None:
    """Forget it."""
    op.execute("DELETE FROM meta WHERE name = 'people'")
