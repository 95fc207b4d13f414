"""Requests for access to what others have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "access_request",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("owner_id", _NUMBER, nullable=False),
        sa.Column("asker_id", _NUMBER, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("wanted", _NUMBER, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", _NUMBER, nullable=False),
        sa.Column("answered", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["principal.id"], name=op.f("fk_access_request_owner_id_principal"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["asker_id"], ["principal.id"], name=op.f("fk_access_request_asker_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
        sa.UniqueConstraint("owner_id", "asker_id", "path", name=op.f("uq_access_request_owner_id_asker_id_path")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_access_request_asker_id"), "access_request", ["asker_id"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("access_request")
