"""Whose mailbox fills up, and whether its owner has been told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty: who is past the threshold already is told when it is passed again."""
    op.create_table(
        "quota_warning",
        sa.Column("principal_id", _NUMBER, nullable=False),
        sa.Column("resource", sa.String(16), nullable=False),
        sa.Column("used", _NUMBER, nullable=False),
        sa.Column("most", _NUMBER, nullable=False),
        sa.Column("told", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["principal_id"],
            ["principal.id"],
            name=op.f("fk_quota_warning_principal_id_principal"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("principal_id", name=op.f("pk_quota_warning")),
    )
    due = sa.text("told IS NULL")
    op.create_index("ix_quota_warning_due", "quota_warning", ["principal_id"], sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_quota_warning_due", table_name="quota_warning")
    op.drop_table("quota_warning")
