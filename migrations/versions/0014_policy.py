"""The administrator's rules for SMTP."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0016"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty, and the epoch of the rules."""
    op.create_table(
        "policy_rule",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("position", _NUMBER, nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_policy_rule")),
    )
    op.execute("INSERT INTO meta (name, value) VALUES ('policy', 0)")


def downgrade() -> None:
    """Take both away."""
    op.execute("DELETE FROM meta WHERE name = 'policy'")
    op.drop_table("policy_rule")
