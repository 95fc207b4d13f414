"""Mailboxes on other servers that are fetched, and what has come from there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "remote_box",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("tls", sa.String(8), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("folder_id", _NUMBER, nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("keep", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("due", _NUMBER, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("begun", _NUMBER, nullable=False),
        sa.Column("done", _NUMBER, nullable=False),
        sa.Column("fetched", _NUMBER, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("lease", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_remote_box_account_id_principal"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_remote_box_folder_id_folder"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_box")),
        sqlite_autoincrement=True,
    )
    for name in ("account_id", "folder_id", "due"):
        op.create_index(op.f(f"ix_remote_box_{name}"), "remote_box", [name])
    op.create_table(
        "remote_letter",
        sa.Column("box_id", _NUMBER, nullable=False),
        sa.Column("uid", sa.String(70), nullable=False),
        sa.Column("stays", sa.Boolean(), nullable=False),
        sa.Column("gone", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["box_id"], ["remote_box.id"], name=op.f("fk_remote_letter_box_id_remote_box"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("box_id", "uid", name=op.f("pk_remote_letter")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("remote_letter")
    op.drop_table("remote_box")
