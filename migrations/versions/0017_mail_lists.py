"""Mail lists have subscribers of their own, who need no mailbox here."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; who was a member of a list is on it now, and who was nothing else is gone as a principal."""
    op.create_table(
        "list_subscriber",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("list_id", _NUMBER, nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("delivery", sa.String(16), nullable=False),
        sa.Column("moderated", sa.Boolean(), nullable=False),
        sa.Column("bounces", sa.Integer(), nullable=False),
        sa.Column("bounced", _NUMBER),
        sa.Column("joined", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["principal.id"], name=op.f("fk_list_subscriber_list_id_principal"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_subscriber")),
        sa.UniqueConstraint("list_id", "address", name=op.f("uq_list_subscriber_list_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_list_subscriber_list_id_id", "list_subscriber", ["list_id", "id"])
    op.create_table(
        "list_letter",
        sa.Column("folder_id", _NUMBER, nullable=False),
        sa.Column("uid", _NUMBER, nullable=False),
        sa.Column("tag", sa.String(320), nullable=False),
        sa.Column("after", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_list_letter_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("folder_id", "uid", name=op.f("pk_list_letter")),
        sqlite_with_rowid=False,
    )
    _move_members()


def _move_members() -> None:
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT member.group_id, principal.key, principal.name FROM member"
            " JOIN principal grp ON grp.id = member.group_id JOIN principal ON principal.id = member.member_id"
            " WHERE grp.kind = 'list' ORDER BY principal.id"
        )
    ).all()
    if not found:
        return
    now = int(datetime.now(UTC).timestamp() * 1_000_000)
    connection.execute(
        sa.text(
            "INSERT INTO list_subscriber (list_id, address, name, state, delivery, moderated, bounces, joined)"
            " VALUES (:list, :address, :name, 'active', 'mail', :no, 0, :now)"
        ),
        [
            {"list": of, "address": key.partition(":")[2] or key, "name": name, "no": False, "now": now}
            for of, key, name in found
        ],
    )
    connection.execute(sa.text("DELETE FROM member WHERE group_id IN (SELECT id FROM principal WHERE kind = 'list')"))
    connection.execute(
        sa.text(
            "DELETE FROM principal WHERE kind = 'remote'"
            " AND NOT EXISTS (SELECT 1 FROM member WHERE member.member_id = principal.id)"
        )
    )
    connection.execute(sa.text("UPDATE meta SET value = value + 1 WHERE name = 'memberships'"))


def downgrade() -> None:
    """Take them away; who was on lists is forgotten."""
    op.drop_table("list_letter")
    op.drop_table("list_subscriber")
