"""What rules remember, and what puts back what they did to stored messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "memory",
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("expires", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_memory_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "kind", "key", name=op.f("pk_memory")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_memory_expires"), "memory", ["expires"])
    op.create_table(
        "undo",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("at", _NUMBER, nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_undo_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_undo_account_id"), "undo", ["account_id"])
    op.create_index(op.f("ix_undo_at"), "undo", ["at"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("undo")
    op.drop_table("memory")
