"""Devices that keep a copy of an account, and how far each has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "device",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("policy", _NUMBER, nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("wipe", sa.String(16), nullable=False),
        sa.Column("access", sa.String(16), nullable=False),
        sa.Column("made", _NUMBER, nullable=False),
        sa.Column("seen", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_device_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_device_account_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sync_state",
        sa.Column("device_id", _NUMBER, nullable=False),
        sa.Column("collection", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", _NUMBER, nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_sync_state_device_id_device"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", "collection", name=op.f("pk_sync_state")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("sync_state")
    op.drop_table("device")
