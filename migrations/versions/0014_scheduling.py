"""Scheduling: the Schedule-Tag of an object, and what happened to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("object_key", sa.Column("schedule_tag", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "timeline",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("at", _NUMBER, nullable=False),
        sa.Column("owner_id", _NUMBER, nullable=False),
        sa.Column("ident", sa.String(1000), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["principal.id"], name=op.f("fk_timeline_owner_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_timeline_owner_id_ident", "timeline", ["owner_id", "ident"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("timeline")
    op.drop_column("object_key", "schedule_tag")
