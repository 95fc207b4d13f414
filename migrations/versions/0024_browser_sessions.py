"""Sessions of browsers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "browser_session",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made", _NUMBER, nullable=False),
        sa.Column("used", _NUMBER, nullable=False),
        sa.Column("ends", _NUMBER, nullable=False),
        sa.Column("idle", _NUMBER, nullable=False),
        sa.Column("until", _NUMBER, nullable=False),
        sa.Column("peer", sa.String(64), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_browser_session_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_browser_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_browser_session_digest")),
        sqlite_autoincrement=True,
    )
    for name in ("account_id", "until"):
        op.create_index(op.f(f"ix_browser_session_{name}"), "browser_session", [name])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("browser_session")
