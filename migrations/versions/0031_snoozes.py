"""Messages that wait until a moment, and an index of what stands on top of lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table, empty, and the index."""
    op.create_table(
        "snooze",
        sa.Column("item_id", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("account_id", _NUMBER, nullable=False),
        sa.Column("due", _NUMBER, nullable=False),
        sa.Column("to_id", _NUMBER),
        sa.ForeignKeyConstraint(
            ["account_id"], ["principal.id"], name=op.f("fk_snooze_account_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_snooze")),
    )
    op.create_index("ix_snooze_due", "snooze", ["due"])
    op.create_index(op.f("ix_snooze_account_id"), "snooze", ["account_id"])
    op.create_index(
        "ix_item_on_top",
        "item",
        ["folder_id", "saved"],
        sqlite_where=sa.text("instr(lower(keywords), '$pinned') > 0 OR instr(lower(keywords), '$new') > 0"),
        postgresql_where=sa.text("strpos(lower(keywords), '$pinned') > 0 OR strpos(lower(keywords), '$new') > 0"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_item_on_top", "item")
    op.drop_table("snooze")
