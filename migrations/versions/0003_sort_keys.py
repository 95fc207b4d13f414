"""What mail is sorted and threaded by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from groupware.mime.keys import keys_of
from groupware.mime.summary import decode

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PAGE = 500


def upgrade() -> None:
    """Make the table, and fill it out of the summaries that are stored."""
    op.create_table(
        "sort_key",
        sa.Column("content_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("sent", _NUMBER, nullable=True),
        sa.Column("day", _NUMBER, nullable=True),
        sa.Column("reply", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("from_box", sa.Text(), nullable=False),
        sa.Column("to_box", sa.Text(), nullable=False),
        sa.Column("cc_box", sa.Text(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_sort_key")),
    )
    connection = op.get_bind()
    table = sa.table("sort_key", *[sa.column(name) for name in ("content_id", *_COLUMNS, "ids")])
    page = sa.text("SELECT id, summary FROM content WHERE id > :after ORDER BY id LIMIT :most")
    after = 0
    while rows := connection.execute(page, {"after": after, "most": _PAGE}).all():
        found = [_row(number, summary) for number, summary in rows if summary[:1] == b"\x01"]
        if found:
            connection.execute(sa.insert(table), found)
        after = rows[-1][0]


_COLUMNS = (
    "sent", "day", "reply", "subject", "from_box", "to_box", "cc_box", "from_name", "to_name", "message_id",
)  # fmt: skip


def _row(number: int, summary: bytes) -> dict[str, object]:
    keys = keys_of(decode(summary))
    row: dict[str, object] = {name: getattr(keys, name) for name in _COLUMNS}
    return {**row, "content_id": number, "ids": "\n".join(keys.references)}


def downgrade() -> None:
    """Take it away."""
    op.drop_table("sort_key")
