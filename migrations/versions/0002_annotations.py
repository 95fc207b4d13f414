"""Annotations of folders, and how many octets sending adds to what is stored."""

from __future__ import annotations

import struct

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DELETED = sa.text("(flags & 8) <> 0")
_PAGE = 500
_SIZE = struct.Struct("<28xQ")  # of a summary in its first version


def upgrade() -> None:
    """Make the table and the columns, and count once what is stored."""
    op.create_table(
        "annotation",
        sa.Column("folder_id", _NUMBER, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("modseq", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["folder_id"], ["folder.id"], name=op.f("fk_annotation_folder_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_annotation_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("folder_id", "account_id", "name", name=op.f("pk_annotation")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_annotation_account_id"), "annotation", ["account_id"], unique=False)
    for table in ("folder", "item"):
        op.add_column(table, sa.Column("extra", _NUMBER, nullable=False, server_default="0"))
    op.create_index("ix_item_deleted", "item", ["folder_id"], sqlite_where=_DELETED, postgresql_where=_DELETED)
    _count()


def _count() -> None:
    """What sending adds to messages that have bare LF, out of their summaries."""
    connection = op.get_bind()
    page = sa.text("SELECT id, size, summary FROM content WHERE id > :after ORDER BY id LIMIT :most")
    one = sa.text("UPDATE item SET extra = :extra WHERE content_id = :content")
    after = 0
    while rows := connection.execute(page, {"after": after, "most": _PAGE}).all():
        for number, size, summary in rows:
            sent = _SIZE.unpack_from(summary)[0] if len(summary) >= 44 and summary[0] == 1 else size
            if sent > size:
                connection.execute(one, {"extra": sent - size, "content": number})
        after = rows[-1][0]
    connection.execute(
        sa.text(
            "UPDATE folder SET extra ="
            " (SELECT CAST(coalesce(sum(item.extra), 0) AS BIGINT) FROM item WHERE item.folder_id = folder.id)"
        )
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_item_deleted", table_name="item")
    for table in ("item", "folder"):
        op.drop_column(table, "extra")
    op.drop_index(op.f("ix_annotation_account_id"), table_name="annotation")
    op.drop_table("annotation")
