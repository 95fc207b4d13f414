"""What each person has of an item that others share: alarms of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "personal",
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("folder_id", _NUMBER, nullable=False),
        sa.Column("uid", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("modseq", _NUMBER, nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_personal_account_id_principal"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_personal_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "folder_id", "uid", name=op.f("pk_personal")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_personal_folder_id_uid", "personal", ["folder_id", "uid"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("personal")
