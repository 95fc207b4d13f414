"""Calendars that are filled from elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "calendar_source",
        sa.Column("folder_id", _NUMBER, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("alarms", sa.Boolean(), nullable=False),
        sa.Column("attachments", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("born", _NUMBER, nullable=False),
        sa.Column("due", _NUMBER, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("begun", _NUMBER, nullable=False),
        sa.Column("done", _NUMBER, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("lease", _NUMBER, nullable=False),
        sa.Column("ttl", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_calendar_source_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("folder_id", name=op.f("pk_calendar_source")),
    )
    op.create_index(op.f("ix_calendar_source_due"), "calendar_source", ["due"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("calendar_source")
