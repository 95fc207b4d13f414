"""What calendar and contact objects are found by: their UID, and when they take place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, empty: no protocol could store such an object before."""
    op.create_table(
        "object_key",
        sa.Column("folder_id", _NUMBER, nullable=False),
        sa.Column("uid", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("ident", sa.String(1000), nullable=False),
        sa.Column("component", sa.String(16), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        *[sa.Column(name, _NUMBER, nullable=False) for name in ("first", "last", "exact_from", "exact_to")],
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_object_key_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("folder_id", "uid", name=op.f("pk_object_key")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_object_key_ident", "object_key", ["folder_id", "ident"])
    for name, condition in (("private", "private"), ("inexact", "NOT exact")):
        where = sa.text(condition)
        op.create_index(
            f"ix_object_key_{name}", "object_key", ["folder_id", "uid"], sqlite_where=where, postgresql_where=where
        )
    op.create_table(
        "occurrence",
        sa.Column("folder_id", _NUMBER, nullable=False),
        sa.Column("long", sa.Boolean(), nullable=False),
        *[sa.Column(name, _NUMBER, nullable=False, autoincrement=False) for name in ("start", "uid", "number")],
        sa.Column("end", _NUMBER, nullable=False),
        sa.Column("floating", sa.Boolean(), nullable=False),
        sa.Column("busy", sa.String(1), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_occurrence_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("folder_id", "long", "start", "uid", "number", name=op.f("pk_occurrence")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_occurrence_item", "occurrence", ["folder_id", "uid"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("occurrence")
    op.drop_table("object_key")
