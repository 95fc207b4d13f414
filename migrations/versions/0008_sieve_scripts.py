"""Sieve scripts of accounts, one of which may be active."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "sieve_script",
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_sieve_script_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_sieve_script")),
    )
    where = sa.text("active")
    op.create_index(
        "ix_sieve_script_active",
        "sieve_script",
        ["account_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("sieve_script")
