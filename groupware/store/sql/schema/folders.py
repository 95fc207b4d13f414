"""Folders, who may do what in them, and what each person keeps of them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)

from .base import Number, metadata, only

folder = Table(
    "folder",
    metadata,
    Column("id", Number, primary_key=True),
    Column("owner_id", Number, ForeignKey("principal.id"), nullable=False, index=True),
    Column("parent_id", Number, ForeignKey("folder.id")),
    Column("name", String(250), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("role", String(16)),
    Column("uidvalidity", Number, nullable=False),
    Column("uidnext", Number, nullable=False, server_default="1"),
    Column("modseq", Number, nullable=False),
    Column("created_modseq", Number, nullable=False),
    Column("compacted", Number, nullable=False, server_default="0"),  # tombstones up to this modseq are gone
    Column("total", Number, nullable=False, server_default="0"),
    Column("unseen", Number, nullable=False, server_default="0"),
    Column("deleted", Number, nullable=False, server_default="0"),
    Column("bytes", Number, nullable=False, server_default="0"),
    Column("shared_seen", Boolean, nullable=False, server_default="0"),
    Column("quota_bytes", Number),
    Column("quota_items", Number),
    Column("extra", Number, nullable=False, server_default="0"),  # octets that sending adds to `bytes`
    Column("copies", Number, nullable=False, server_default="0"),  # items that have an origin
    UniqueConstraint("parent_id", "name"),
    Index("ix_folder_quarantine", "id", **only("role = 'quarantine'")),
    sqlite_autoincrement=True,  # a number that has been a folder's is no other folder's, ever
)

grant = Table(
    "grant_row",
    metadata,
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("grantee_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("allow", Number, nullable=False),
    Column("deny", Number, nullable=False),
    Column("expires", Number),
    Column("given_by", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("created", Number, nullable=False),
    Column("state", String(16), nullable=False, server_default=""),  # of an invitation
)

notice = Table(
    "notice",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False),
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("other_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("created", Number, nullable=False),
    UniqueConstraint("account_id", "folder_id", "other_id", "kind"),
    sqlite_autoincrement=True,  # a client that has seen one never takes another for it
)
"""What somebody is told of invitations to share."""

access_request = Table(
    "access_request",
    metadata,
    Column("id", Number, primary_key=True),
    Column("owner_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False),
    Column("asker_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("path", Text, nullable=False),  # as it was asked for; "": all
    Column("wanted", Number, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created", Number, nullable=False),
    Column("answered", Number),
    UniqueConstraint("owner_id", "asker_id", "path"),
    sqlite_autoincrement=True,
)
"""What people ask others to share with them."""

seen = Table(
    "seen",
    metadata,
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Number, primary_key=True, autoincrement=False),
    Column("modseq", Number, nullable=False),
    Column("seen", Boolean, nullable=False),
    Index("ix_seen_folder_id_uid", "folder_id", "uid"),
    sqlite_with_rowid=False,
)

annotation = Table(
    "annotation",
    metadata,
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("name", String(255), primary_key=True),
    Column("value", LargeBinary),  # NULL: taken away at `modseq`
    Column("modseq", Number, nullable=False),
    sqlite_with_rowid=False,
)
"""Of a folder; those of the server are with the server's root. Shared ones belong to the account 1, the server."""

subscription = Table(
    "subscription",
    metadata,
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("path", String(2000), primary_key=True),
    Column("subscribed", Boolean, nullable=False, server_default=true()),
)

quota_warning = Table(
    "quota_warning",
    metadata,
    Column("principal_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("resource", String(16), nullable=False),
    Column("used", Number, nullable=False),
    Column("most", Number, nullable=False),
    Column("told", Number),  # NULL: the owner is yet to be told
    Index("ix_quota_warning_due", "principal_id", sqlite_where=text("told IS NULL")),
)
"""Whose mailbox has passed `quotaLimitThreshold`, and whether its owner knows."""

journal = Table(
    "journal",
    metadata,
    Column("id", Number, primary_key=True),
    Column("at", Number, nullable=False),
    Column("actor_id", Number, nullable=False),
    Column("actor", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Column("owner_id", Number, nullable=False),
    Column("folder_id", Number, index=True),
    Column("modseq", Number, nullable=False),
    Column("facts", Text, nullable=False),
    sqlite_autoincrement=True,
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Number, primary_key=True),
    Column("at", Number, nullable=False),
    Column("why", Text, nullable=False),
    Column("place", Text, nullable=False),  # owner and path, in words
    Column("folder_id", Number, nullable=False),
    Column("uid", Number, nullable=False),
    Column("item_id", Number, nullable=False),
    Column("content_id", Number, index=True),
    Column("facts", Text, nullable=False),
)
"""What `check` took out of a folder because it could not be served; nothing of it is forgotten."""
