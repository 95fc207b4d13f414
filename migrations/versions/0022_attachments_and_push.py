"""What is attached to calendar objects is kept beside them; where clients want to be told of changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "attachment",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("owner_id", _NUMBER, nullable=False),
        sa.Column("by_id", _NUMBER, nullable=False),
        sa.Column("blob", sa.String(64), nullable=False),
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("media", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("touched", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("key", name=op.f("uq_attachment_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attachment_owner_id", "attachment", ["owner_id"])
    op.create_index("ix_attachment_touched", "attachment", ["touched"])
    op.create_table(
        "attached",
        sa.Column("content_id", _NUMBER, nullable=False),
        sa.Column("attachment_id", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["content.id"], name=op.f("fk_attached_content_id_content"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.id"], name=op.f("fk_attached_attachment_id_attachment"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("content_id", "attachment_id", name=op.f("pk_attached")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attached_attachment_id", "attached", ["attachment_id"])
    op.create_table(
        "push_target",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("folder_id", _NUMBER),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("expires", _NUMBER, nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("due", _NUMBER, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_push_target_account_id_principal"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_push_target_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_target")),
        sqlite_autoincrement=True,
    )
    for name in ("account_id", "folder_id", "expires"):
        op.create_index(f"ix_push_target_{name}", "push_target", [name])


def downgrade() -> None:
    """Take them away; the bodies are swept, for nothing refers to them."""
    op.execute(
        "UPDATE blob SET refs = refs - (SELECT count(*) FROM attachment WHERE attachment.blob = blob.hash)"
        " WHERE hash IN (SELECT blob FROM attachment)"
    )
    op.execute(
        "UPDATE principal SET bytes = bytes - (SELECT coalesce(sum(size), 0) FROM attachment WHERE owner_id ="
        " principal.id) WHERE id IN (SELECT owner_id FROM attachment)"
    )
    op.drop_table("push_target")
    op.drop_table("attached")
    op.drop_table("attachment")
