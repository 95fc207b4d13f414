"""Mail on its way, and what is known of the domains it goes to and comes from."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from .base import Number, metadata, only

signing_key = Table(
    "signing_key",
    metadata,
    Column("domain", String(255), primary_key=True),
    Column("selector", String(63), primary_key=True),
    Column("principal_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("sealed", Text, nullable=False),
    Column("public", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created", Number, nullable=False),
    Column("changed", Number, nullable=False),
)
"""Keys that the mail of a domain, or of an alias of it, is signed with."""

dmarc_seen = Table(
    "dmarc_seen",
    metadata,
    Column("day", Number, primary_key=True, autoincrement=False),
    Column("domain", String(255), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("facts", Text, nullable=False),
    Column("count", Number, nullable=False),
)
"""What others sent in the name of a domain that asks for reports; `digest` is that of `facts`."""

dmarc_reported = Table(
    "dmarc_reported",
    metadata,
    Column("day", Number, primary_key=True, autoincrement=False),
    Column("domain", String(255), primary_key=True),
)
"""Of what days a domain has been told."""

trace = Table(
    "trace",
    metadata,
    Column("id", Number, primary_key=True),
    Column("at", Number, nullable=False),
    Column("message", String(64), nullable=False, index=True),
    Column("name", String(32), nullable=False),
    Column("account_id", Number),
    Column("facts", Text, nullable=False),
    Column("party", String(320)),  # the address that it is about, in lower case
    Column("letter", String(255)),  # the Message-ID in the header
    Index("ix_trace_party", "party", "id", **only("party IS NOT NULL")),
    Index("ix_trace_letter", "letter", **only("letter IS NOT NULL")),
)

queue_message = Table(
    "queue_message",
    metadata,
    Column("id", Number, primary_key=True),
    Column("message", String(64), nullable=False),
    Column("sender", Text, nullable=False),
    Column("blob", String(64), nullable=False),
    Column("size", Number, nullable=False),
    Column("by_id", Number),
    Column("utf8", Boolean, nullable=False),
    Column("body_type", String(16), nullable=False),
    Column("ret", String(8), nullable=False),
    Column("envid", Text, nullable=False),
    Column("queued", Number, nullable=False),
    Column("marks", String(64), nullable=False, server_default=""),  # words of `mailqueue.MARKS`
    sqlite_autoincrement=True,
)

queue_recipient = Table(
    "queue_recipient",
    metadata,
    Column("queue_id", Number, ForeignKey("queue_message.id", ondelete="CASCADE"), primary_key=True),
    Column("address", String(320), primary_key=True),
    Column("domain", String(255), nullable=False, index=True),
    Column("local", Boolean, nullable=False),  # whether the domain is one of this server's
    Column("notify", String(64), nullable=False),
    Column("orcpt", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", Number, nullable=False),
    Column("leased_until", Number),
    Column("code", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("held", Integer, nullable=False, server_default="0"),  # 1: until it is released; 2: it was released
    Column("holder", String(32)),  # who leased it last
    Index("ix_queue_recipient_due", "local", "due", "domain"),
)

mta_sts = Table(
    "mta_sts",
    metadata,
    Column("domain", String(255), primary_key=True),
    Column("id", String(32), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("hosts", Text, nullable=False),  # patterns, with spaces between
    Column("until", Number, nullable=False),
)
"""What other domains said about TLS to their hosts, as long as it holds (RFC 8461)."""

tls_result = Table(
    "tls_result",
    metadata,
    Column("domain", String(255), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("policy", String(16), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("result", String(40), primary_key=True),
    Column("said", Text, nullable=False),  # the policy as it was found, line by line
    Column("count", Number, nullable=False),
    Column("reported", Number),
    Index("ix_tls_result_day", "day"),
)
"""What came of TLS to other domains, counted by day (RFC 8460)."""
