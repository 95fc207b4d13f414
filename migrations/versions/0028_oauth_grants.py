"""What programs may do in somebody's name (OAuth)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "oauth_grant",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("client", sa.String(64), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("challenge", sa.String(64), nullable=False),
        sa.Column("redirect", sa.Text(), nullable=False),
        sa.Column("refresh", sa.String(64), nullable=True),
        sa.Column("former", sa.String(64), nullable=True),
        sa.Column("access", sa.String(64), nullable=True),
        sa.Column("access_until", _NUMBER, nullable=True),
        sa.Column("changed", _NUMBER, nullable=False),
        sa.Column("made", _NUMBER, nullable=False),
        sa.Column("used", _NUMBER, nullable=False),
        sa.Column("ends", _NUMBER, nullable=False),
        sa.Column("peer", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_oauth_grant_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_grant")),
        sa.UniqueConstraint("code", name=op.f("uq_oauth_grant_code")),
        sa.UniqueConstraint("refresh", name=op.f("uq_oauth_grant_refresh")),
        sa.UniqueConstraint("access", name=op.f("uq_oauth_grant_access")),
        sqlite_autoincrement=True,
    )
    for name in ("account_id", "former", "ends"):
        op.create_index(op.f(f"ix_oauth_grant_{name}"), "oauth_grant", [name])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("oauth_grant")
