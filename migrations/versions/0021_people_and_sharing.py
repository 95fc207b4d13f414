"""What became of invitations to share, the notices of them, and when names and addresses changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the columns and the table."""
    op.execute("INSERT INTO meta (name, value) VALUES ('people', 0)")
    op.add_column("grant_row", sa.Column("state", sa.String(16), nullable=False, server_default=""))
    op.create_table(
        "notice",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("folder_id", _NUMBER, nullable=False),
        sa.Column("other_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_notice_account_id_principal"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_notice_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["principal.id"], name=op.f("fk_notice_other_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("account_id", "folder_id", "other_id", "kind", name=op.f("uq_notice_account_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notice_folder_id", "notice", ["folder_id"])
    op.create_index("ix_notice_other_id", "notice", ["other_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("notice")
    with op.batch_alter_table("grant_row") as table:
        table.drop_column("state")
    op.execute("DELETE FROM meta WHERE name = 'people'")
