"""Devices, and how far the copies that they keep have come."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, Text, UniqueConstraint

from .base import Number, metadata

device = Table(
    "device",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False),
    Column("key", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("protocol", String(64), nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("policy", Number, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("wipe", String(16), nullable=False),
    Column("access", String(16), nullable=False),
    Column("made", Number, nullable=False),
    Column("seen", Number, nullable=False),
    UniqueConstraint("account_id", "key"),
    sqlite_autoincrement=True,
)
"""A phone or a program that keeps a copy of an account."""

sync_state = Table(
    "sync_state",
    metadata,
    Column("device_id", Number, ForeignKey("device.id", ondelete="CASCADE"), primary_key=True),
    Column("collection", Number, primary_key=True, autoincrement=False),
    Column("key", Number, nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("before", Text, nullable=False),
)
"""How far a device has come with a folder, or with the list of folders."""

sent_once = Table(
    "sent_once",
    metadata,
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("at", Number, nullable=False),
)
"""What an account has sent, by names of those who asked for it: so it is not sent again when they ask again."""
