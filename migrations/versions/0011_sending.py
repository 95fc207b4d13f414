"""Mail that is held, what the trace is searched by, policies of other domains for TLS, and what came of TLS."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make columns and tables; what was traced before is found by its message id alone, as it was."""
    op.add_column("queue_recipient", sa.Column("held", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("trace", sa.Column("party", sa.String(320), nullable=True))
    op.add_column("trace", sa.Column("letter", sa.String(255), nullable=True))
    for name, columns in (("party", ["party", "id"]), ("letter", ["letter"])):
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_trace_{name}", "trace", columns, sqlite_where=there, postgresql_where=there)
    op.create_table(
        "mta_sts",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("hosts", sa.Text(), nullable=False),
        sa.Column("until", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_mta_sts")),
    )
    op.create_table(
        "tls_result",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("policy", sa.String(16), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("result", sa.String(40), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("count", _NUMBER, nullable=False),
        sa.Column("reported", _NUMBER, nullable=True),
        sa.PrimaryKeyConstraint("domain", "day", "policy", "host", "result", name=op.f("pk_tls_result")),
    )
    op.create_index("ix_tls_result_day", "tls_result", ["day"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("tls_result")
    op.drop_table("mta_sts")
    for name in ("party", "letter"):
        op.drop_index(f"ix_trace_{name}", table_name="trace")
        op.drop_column("trace", name)
    op.drop_column("queue_recipient", "held")
