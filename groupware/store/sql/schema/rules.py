"""What is done with mail by rule."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, String, Table, Text, text

from .base import Number, metadata

_ACTIVE = text("active")

sieve_script = Table(
    "sieve_script",
    metadata,
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("octets", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("changed", Number, nullable=False),
    Index("ix_sieve_script_active", "account_id", unique=True, sqlite_where=_ACTIVE),
)
"""Scripts that people keep; one at most of each account is active."""

memory = Table(
    "memory",
    metadata,
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("expires", Number, nullable=False, index=True),
    sqlite_with_rowid=False,
)
"""Whom an account's rules have answered, what they have seen, what its owner was told of: until it expires."""

lesson = Table(
    "lesson",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("content_id", Number, nullable=False),
    Column("spam", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
"""What people have moved into Junk and out of it, until scanners have learned it."""

occasion = Table(
    "occasion",
    metadata,
    Column("id", Number, primary_key=True),
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("cause", String(8), nullable=False),
    Column("script", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("changed", Text, nullable=False),
    Column("uids", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""What happened to messages of folders that have a script for it, until the script has run (RFC 6785)."""

undo = Table(
    "undo",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Number, nullable=False, index=True),
    Column("facts", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""What puts back what a run of rules over stored messages did."""

policy_rule = Table(
    "policy_rule",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("position", Number, nullable=False),
    Column("event", String(32), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("rule", Text, nullable=False),  # JSON
)
"""The administrator's rules for SMTP, asked in the order of their positions."""

domain_rule = Table(
    "domain_rule",
    metadata,
    Column("principal_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("position", Number, nullable=False),
    Column("event", String(32), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("rule", Text, nullable=False),  # JSON
)
"""The rules of domains, asked behind those of the administrator."""

greylist = Table(
    "greylist",
    metadata,
    Column("network", String(64), primary_key=True),
    Column("sender", String(320), primary_key=True),
    Column("recipient", String(320), primary_key=True),
    Column("first", Number, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("until", Number, nullable=False, index=True),
)
"""Who was asked to come again, and who did: that is kept for network and domain, without a recipient."""

send_usage = Table(
    "send_usage",
    metadata,
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("until", Number, nullable=False),
    Column("messages", Number, nullable=False),
    Column("recipients", Number, nullable=False),
    Column("octets", Number, nullable=False),
    Column("told", Boolean, nullable=False),
)
"""What somebody has sent in the interval that ends at `until`."""
