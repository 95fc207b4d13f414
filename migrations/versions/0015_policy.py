"""The administrator's rules for SMTP, greylisting, and what people have sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
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
    op.create_table(
        "greylist",
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("sender", sa.String(320), nullable=False),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("first", _NUMBER, nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("until", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("network", "sender", "recipient", name=op.f("pk_greylist")),
    )
    op.create_index(op.f("ix_greylist_until"), "greylist", ["until"])
    op.create_table(
        "send_usage",
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("until", _NUMBER, nullable=False),
        sa.Column("messages", _NUMBER, nullable=False),
        sa.Column("recipients", _NUMBER, nullable=False),
        sa.Column("octets", _NUMBER, nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_send_usage_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_send_usage")),
    )
    op.execute("INSERT INTO meta (name, value) VALUES ('policy', 0)")


def downgrade() -> None:
    """Take it all away."""
    op.drop_table("send_usage")
    op.drop_table("greylist")
    op.execute("DELETE FROM meta WHERE name = 'policy'")
    op.drop_table("policy_rule")
