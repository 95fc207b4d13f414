"""Who there is."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from .base import Number, metadata

meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Number, nullable=False),
)
"""`memberships`: the epoch of groups and principals; `settings`: that of settings; `people`: that of names and
addresses; `policy`: that of the rules of SMTP; `uidvalidity`: the last one."""

principal = Table(
    "principal",
    metadata,
    Column("id", Number, primary_key=True),
    Column("kind", String(16), nullable=False, index=True),
    Column("key", String(320), nullable=False, unique=True),  # as a grant names it
    Column("name", Text, nullable=False, server_default=""),
    Column("domain_id", Number, ForeignKey("principal.id"), index=True),
    Column("class_id", Number, ForeignKey("principal.id")),
    Column("root_id", Number),
    Column("folder_id", Number),  # of a folder recipient
    Column("enabled", Boolean, nullable=False, server_default="1"),
    Column("external", Text),
    Column("node", String(255)),
    Column("created", Number, nullable=False),
    Column("modseq", Number, nullable=False, server_default="0"),
    Column("epoch", Number, nullable=False, server_default="0"),  # of its tree: folders and grants
    Column("bytes", Number, nullable=False, server_default="0"),
    Column("items", Number, nullable=False, server_default="0"),
    Column("credential_version", Number, nullable=False, server_default="0"),
    sqlite_autoincrement=True,  # what is remembered of one account is never taken for another's
)

address = Table(
    "address",
    metadata,
    Column("address", String(320), primary_key=True),  # lower case; a bare domain for a domain and its aliases
    Column("principal_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("primary", Boolean, nullable=False),
    Column("expires", Number),
)

member = Table(
    "member",
    metadata,
    Column("group_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True, index=True),
)

credential = Table(
    "credential",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("value", Text, nullable=False),
    Column("label", Text, nullable=False, server_default=""),
    Column("created", Number, nullable=False),
    Column("used", Number),
)

browser_session = Table(
    "browser_session",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("digest", String(64), nullable=False, unique=True),  # of its token
    Column("made", Number, nullable=False),
    Column("used", Number, nullable=False),
    Column("ends", Number, nullable=False),  # however much it is used
    Column("idle", Number, nullable=False),  # seconds; 0: no limit
    Column("until", Number, nullable=False, index=True),  # what of both comes first
    Column("peer", String(64), nullable=False),
    Column("agent", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""Browsers that somebody is signed in with."""

oauth_grant = Table(
    "oauth_grant",
    metadata,
    Column("id", Number, primary_key=True),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("client", String(64), nullable=False),  # digest of its identifier
    Column("label", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("code", String(64), nullable=False, unique=True),  # digests: of the code, and of the tokens for it
    Column("challenge", String(64), nullable=False),
    Column("redirect", Text, nullable=False),
    Column("refresh", String(64), unique=True),
    Column("former", String(64), index=True),  # the refresh token before
    Column("access", String(64), unique=True),
    Column("access_until", Number),
    Column("changed", Number, nullable=False),
    Column("made", Number, nullable=False),
    Column("used", Number, nullable=False),
    Column("ends", Number, nullable=False, index=True),
    Column("peer", String(64), nullable=False),
    sqlite_autoincrement=True,
)
"""What somebody has let a program do in their name."""

setting = Table(
    "setting",
    metadata,
    Column("principal_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),  # JSON
)

list_subscriber = Table(
    "list_subscriber",
    metadata,
    Column("id", Number, primary_key=True),
    Column("list_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False),
    Column("address", String(320), nullable=False),  # in its one form
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("delivery", String(16), nullable=False),
    Column("moderated", Boolean, nullable=False),
    Column("bounces", Integer, nullable=False),
    Column("bounced", Number),
    Column("joined", Number, nullable=False),
    UniqueConstraint("list_id", "address"),
    Index("ix_list_subscriber_list_id_id", "list_id", "id"),
    sqlite_autoincrement=True,  # an address that reports come back to is never somebody else's
)
"""Who is on mail lists, whether or not they have a mailbox here."""
