"""An index of header lines. All mail that there is waits for it; the server fills it while it serves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and note what waits."""
    op.create_table(
        "header_text",
        sa.Column("content_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_header_text")),
    )
    op.create_table(
        "header_waiting",
        sa.Column("content_id", _NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_header_waiting")),
    )
    op.execute("INSERT INTO header_waiting (content_id) SELECT content_id FROM sort_key")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE header_index USING fts5"
            " (lines, content='', detail=none, tokenize='trigram case_sensitive 1')"
        )
    elif op.get_bind().execute(sa.text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")).scalar():
        op.execute("CREATE INDEX ix_header_text_lines ON header_text USING gin (lines gin_trgm_ops)")


def downgrade() -> None:
    """Take them away."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE header_index")
    op.drop_table("header_waiting")
    op.drop_table("header_text")
