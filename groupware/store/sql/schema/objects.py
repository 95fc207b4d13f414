"""What is known of the objects of calendars and address books."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from .base import Number, metadata, only

PRIVATE_OBJECT, INEXACT_OBJECT, FACTS_WAIT = text("private"), text("NOT exact"), text("facts IS NULL")
"""Which objects are private, of which not all occurrences are kept, and which wait for facts, as their indexes say."""

object_key = Table(
    "object_key",
    metadata,
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Number, primary_key=True, autoincrement=False),
    Column("ident", String(1000), nullable=False),  # the UID that its maker gave it
    Column("component", String(16), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("exact", Boolean, nullable=False),  # whether all its occurrences are kept
    Column("first", Number, nullable=False),  # seconds, as in all that follows
    Column("last", Number, nullable=False),
    Column("exact_from", Number, nullable=False),
    Column("exact_to", Number, nullable=False),
    Column("schedule_tag", String(64), nullable=False, server_default=""),
    Column("facts", Text),  # what filters ask; "": they ask the octets; NULL: it is not known yet
    Index("ix_object_key_ident", "folder_id", "ident"),
    Index("ix_object_key_private", "folder_id", "uid", sqlite_where=PRIVATE_OBJECT),
    Index("ix_object_key_inexact", "folder_id", "uid", sqlite_where=INEXACT_OBJECT),
    Index("ix_object_key_facts", "folder_id", "uid", **only("facts IS NULL")),
    sqlite_with_rowid=False,
)
"""What calendar and contact objects are found by; one row beside each such item."""

occurrence = Table(
    "occurrence",
    metadata,
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("long", Boolean, primary_key=True),  # whether it takes longer than `objects.SHORT`
    Column("start", Number, primary_key=True, autoincrement=False),
    Column("uid", Number, primary_key=True, autoincrement=False),
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("end", Number, nullable=False),
    Column("floating", Boolean, nullable=False),
    Column("busy", String(1), nullable=False),
    Index("ix_occurrence_item", "folder_id", "uid"),
    sqlite_with_rowid=False,
)
"""When objects take place, in seconds since 1970. Those that are short are found by their start alone."""

write_lock = Table(
    "write_lock",
    metadata,
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("token", String(64), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("deep", Boolean, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("owner", Text, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("expires", Number, nullable=False, index=True),
    sqlite_with_rowid=False,
)
"""What WebDAV clients have locked, until it expires; "" is the folder itself."""

timeline = Table(
    "timeline",
    metadata,
    Column("id", Number, primary_key=True),
    Column("at", Number, nullable=False),
    Column("owner_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False),
    Column("ident", String(1000), nullable=False),  # the UID of the object
    Column("actor", Text, nullable=False),
    Column("client", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_timeline_owner_id_ident", "owner_id", "ident"),
    sqlite_autoincrement=True,
)
"""What scheduling did to the objects of an owner, and what it has ignored with the reason."""

attachment = Table(
    "attachment",
    metadata,
    Column("id", Number, primary_key=True),
    Column("key", String(32), nullable=False, unique=True),
    Column("owner_id", Number, nullable=False, index=True),  # in whose quota it counts
    Column("by_id", Number, nullable=False),  # who brought it
    Column("blob", String(64), nullable=False),
    Column("size", Number, nullable=False),
    Column("media", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("touched", Number, nullable=False, index=True),  # when it was brought, or last attached
    sqlite_autoincrement=True,
)
"""What is attached to calendar objects; each row holds a reference to its body."""

attached = Table(
    "attached",
    metadata,
    Column("content_id", Number, ForeignKey("content.id", ondelete="CASCADE"), primary_key=True),
    Column("attachment_id", Number, ForeignKey("attachment.id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)
"""Which contents refer to which attachments."""

personal = Table(
    "personal",
    metadata,
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Number, primary_key=True, autoincrement=False),
    Column("modseq", Number, nullable=False),
    Column("octets", LargeBinary, nullable=False),
    Index("ix_personal_folder_id_uid", "folder_id", "uid"),
    sqlite_with_rowid=False,
)
"""What each person has of an object that others share, beside it."""
