"""A search index of trigrams that knows in which column they are, not at which place: a fifth of the size."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it anew, empty: what waits for it is looked through as it is, until the server has filled it."""
    _anew("content='', detail=column")


def downgrade() -> None:
    """The same with the former one."""
    _anew("content='search_text', content_rowid='content_id'")


def _anew(options: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("DROP TABLE search_index")
    op.execute(
        f"CREATE VIRTUAL TABLE search_index USING fts5 (head, body, {options}, tokenize='trigram case_sensitive 1')"
    )
    op.execute("UPDATE search_text SET indexed = 0")
