"""Keys that the mail of domains is signed with; what others sent in the name of a domain, for DMARC's reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "signing_key",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("selector", sa.String(63), nullable=False),
        sa.Column("principal_id", _NUMBER, nullable=False),
        sa.Column("algorithm", sa.String(16), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", _NUMBER, nullable=False),
        sa.Column("changed", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principal.id"], name=op.f("fk_signing_key_principal_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("domain", "selector", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "dmarc_seen",
        sa.Column("day", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("count", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("day", "domain", "digest", name=op.f("pk_dmarc_seen")),
    )
    op.create_table(
        "dmarc_reported",
        sa.Column("day", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("day", "domain", name=op.f("pk_dmarc_reported")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("dmarc_reported")
    op.drop_table("dmarc_seen")
    op.drop_table("signing_key")
