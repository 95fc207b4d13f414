"""What is kept of an account beside its folders."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from .base import Number, metadata, only

upload = Table(
    "upload",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, nullable=False),  # who uploaded it
    Column("owner_id", Number, nullable=False),  # in whose account it is to be used
    Column("blob", String(64), nullable=False),
    Column("size", Number, nullable=False),
    Column("media", String(255), nullable=False),
    Column("created", Number, nullable=False, index=True),
    Index("ix_upload_account_id_id", "account_id", "id"),
    sqlite_autoincrement=True,
)
"""Octets that somebody has brought and not used yet; each row holds a reference to its body."""

push_target = Table(
    "push_target",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), index=True),  # NULL: the account
    Column("url", Text, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("expires", Number, nullable=False, index=True),
    Column("told", Text, nullable=False),
    Column("due", Number, nullable=False),
    Column("tries", Integer, nullable=False),
    sqlite_autoincrement=True,
)
"""Where clients want to be told that something has changed."""

record = Table(
    "record",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("came", Number, nullable=False),
    Column("changed", Number, nullable=False),
    Column("gone", Boolean, nullable=False),  # a tombstone
    Column("expires", Number),  # NULL: it stays
    Column("facts", Text, nullable=False),  # JSON
    Index("ix_record_account_id_kind_changed", "account_id", "kind", "changed"),
    Index("ix_record_expires", "expires", **only("expires IS NOT NULL")),
    sqlite_autoincrement=True,
)
"""What a client keeps of an account beside its folders, with the modseqs of the account that made and changed it."""
