"""Calendars that are filled from elsewhere."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from .base import Number, metadata

calendar_source = Table(
    "calendar_source",
    metadata,
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("url", Text, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("alarms", Boolean, nullable=False),
    Column("attachments", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("named", Boolean, nullable=False),
    Column("born", Number, nullable=False),
    Column("due", Number, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("begun", Number, nullable=False),
    Column("done", Number, nullable=False),
    Column("said", Text, nullable=False),
    Column("lease", Number, nullable=False),
    Column("ttl", Integer, nullable=False),
    Column("etag", Text, nullable=False),
    Column("changed", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)
"""Where from, and how fetching it goes."""
