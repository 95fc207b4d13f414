"""What happened to messages whose folder has a script for it, until the script has run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "occasion",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("folder_id", _NUMBER, nullable=False),
        sa.Column("cause", sa.String(8), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("uids", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_occasion_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occasion")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_occasion_folder_id"), "occasion", ["folder_id"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("occasion")
