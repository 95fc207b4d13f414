"""Mail is held back in folders of their own; what is queued has marks; domains have rules for SMTP."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HELD = sa.text("role = 'quarantine'")


def upgrade() -> None:
    """Add the column, the index and the table."""
    op.add_column("queue_message", sa.Column("marks", sa.String(64), nullable=False, server_default=""))
    op.create_index("ix_folder_quarantine", "folder", ["id"], sqlite_where=_HELD, postgresql_where=_HELD)
    op.create_table(
        "domain_rule",
        sa.Column("principal_id", _NUMBER, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("position", _NUMBER, nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name=op.f("fk_domain_rule_principal_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("principal_id", "name", name=op.f("pk_domain_rule")),
    )


def downgrade() -> None:
    """Take them away; the rules of domains are forgotten."""
    op.drop_table("domain_rule")
    op.drop_index("ix_folder_quarantine", "folder")
    op.drop_column("queue_message", "marks")
