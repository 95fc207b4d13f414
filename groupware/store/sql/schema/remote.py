"""Mailboxes on other servers that are fetched."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from .base import Number, metadata

remote_box = Table(
    "remote_box",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("host", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("tls", String(8), nullable=False),
    Column("login", Text, nullable=False),
    Column("secret", Text, nullable=False),  # sealed
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="SET NULL"), index=True),  # NULL: the INBOX
    Column("minutes", Integer, nullable=False),
    Column("keep", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("due", Number, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("begun", Number, nullable=False),
    Column("done", Number, nullable=False),
    Column("fetched", Number, nullable=False),
    Column("said", Text, nullable=False),
    Column("lease", Number, nullable=False),
    sqlite_autoincrement=True,
)
"""Each with how fetching it goes."""

remote_letter = Table(
    "remote_letter",
    metadata,
    Column("box_id", Number, ForeignKey("remote_box.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", String(70), primary_key=True),  # UIDL
    Column("stays", Boolean, nullable=False),  # it was not taken, and is not removed there
    Column("gone", Number),  # since when it is not there any more; NULL: it is
)
"""What has been fetched from there, so that nothing comes twice."""
