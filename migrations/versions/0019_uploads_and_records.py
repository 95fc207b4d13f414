"""What JMAP clients upload until they use it, and what is kept of an account beside its folders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "upload",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("owner_id", _NUMBER, nullable=False),
        sa.Column("blob", sa.String(64), nullable=False),
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("media", sa.String(255), nullable=False),
        sa.Column("created", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_upload_account_id_id", "upload", ["account_id", "id"])
    op.create_index("ix_upload_created", "upload", ["created"])
    op.create_table(
        "record",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("came", _NUMBER, nullable=False),
        sa.Column("changed", _NUMBER, nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("expires", _NUMBER),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_record_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_record_account_id_kind_changed", "record", ["account_id", "kind", "changed"])
    op.create_index(
        "ix_record_expires",
        "record",
        ["expires"],
        sqlite_where=sa.text("expires IS NOT NULL"),
        postgresql_where=sa.text("expires IS NOT NULL"),
    )


def downgrade() -> None:
    """Take them away; bodies that were uploaded are swept, for nothing refers to them."""
    op.execute(
        "UPDATE blob SET refs = refs - (SELECT count(*) FROM upload WHERE upload.blob = blob.hash)"
        " WHERE hash IN (SELECT blob FROM upload)"
    )
    op.drop_table("record")
    op.drop_table("upload")
