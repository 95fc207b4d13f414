"""WebDAV clients may lock what they write."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "write_lock",
        sa.Column("folder_id", _NUMBER, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("deep", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("expires", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_write_lock_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_write_lock_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("folder_id", "token", name=op.f("pk_write_lock")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_write_lock_account_id", "write_lock", ["account_id"])
    op.create_index("ix_write_lock_expires", "write_lock", ["expires"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("write_lock")
