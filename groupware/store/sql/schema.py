"""Every table, in SQLAlchemy Core. `migrations` holds the history that leads here; a test holds the two together.

1. `item` is narrow (UID, modseq, flags); what is the same in every copy (blob, size, summary) is in `content`.
2. Every change of a tree takes the next `principal.modseq` of its owner, and that row is the owner's lock.
3. `folder` counters change in the transaction of what they count.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
    true,
)

from groupware.model.item import LONGEST_TEXT

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


def _where(condition: str) -> dict[str, Any]:
    """That an index is of some rows only."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


Number = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite numbers rows by itself only for INTEGER."""

# Times are microseconds since 1970, UTC.

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

_ACTIVE = text("active")

sieve_script = Table(
    "sieve_script",
    metadata,
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("octets", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("changed", Number, nullable=False),
    Index("ix_sieve_script_active", "account_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
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
    Index("ix_record_expires", "expires", **_where("expires IS NOT NULL")),
    sqlite_autoincrement=True,
)
"""What a client keeps of an account beside its folders, with the modseqs of the account that made and changed it."""

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

quota_warning = Table(
    "quota_warning",
    metadata,
    Column("principal_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), primary_key=True),
    Column("resource", String(16), nullable=False),
    Column("used", Number, nullable=False),
    Column("most", Number, nullable=False),
    Column("told", Number),  # NULL: the owner is yet to be told
    Index(
        "ix_quota_warning_due", "principal_id", sqlite_where=text("told IS NULL"), postgresql_where=text("told IS NULL")
    ),
)
"""Whose mailbox has passed `quotaLimitThreshold`, and whether its owner knows."""

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
    UniqueConstraint("parent_id", "name"),
    Index("ix_folder_quarantine", "id", **_where("role = 'quarantine'")),
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

blob = Table(
    "blob",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("size", Number, nullable=False),
    Column("refs", Number, nullable=False),
    Column("body", LargeBinary),  # zstd; NULL: in the object store
    Column("created", Number, nullable=False),
    Index("ix_blob_unreferred", "created", sqlite_where=text("refs <= 0"), postgresql_where=text("refs <= 0")),
)

content = Table(
    "content",
    metadata,
    Column("id", Number, primary_key=True),
    Column("blob", String(64), nullable=False, index=True),
    Column("size", Number, nullable=False),
    Column("refs", Number, nullable=False),  # items and kept tombstones
    Column("summary", LargeBinary, nullable=False),
)

search_text = Table(
    "search_text",
    metadata,
    Column("content_id", Number, primary_key=True, autoincrement=False),
    Column("indexed", Boolean, nullable=False),
    Column("head", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index(
        "ix_search_text_waiting", "content_id", sqlite_where=text("NOT indexed"), postgresql_where=text("NOT indexed")
    ),
)
"""What search looks through, letter case folded; one row for all copies. An index of trigrams follows behind."""

SEARCH_INDEX = (
    "CREATE VIRTUAL TABLE search_index USING fts5"
    " (head, body, content='', detail=column, tokenize='trigram case_sensitive 1')"
)
"""What it holds is `reduced`: each word once, for a search only has to know where to look closer."""
_after: Any = DDL(SEARCH_INDEX)  # type: ignore[no-untyped-call]
event.listen(search_text, "after_create", _after.execute_if(dialect="sqlite"))

sort_key = Table(
    "sort_key",
    metadata,
    Column("content_id", Number, primary_key=True, autoincrement=False),
    Column("sent", Number),  # seconds since 1970
    Column("day", Number),
    Column("reply", Boolean, nullable=False),
    Column("subject", Text, nullable=False),
    Column("from_box", Text, nullable=False),
    Column("to_box", Text, nullable=False),
    Column("cc_box", Text, nullable=False),
    Column("from_name", Text, nullable=False),
    Column("to_name", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("ids", Text, nullable=False),  # of what it answers, one a line
)
"""What a content is sorted and threaded by; one row for all copies."""

MARKED = text("(flags & 8) <> 0")
"""Which items carry \\Deleted, as their index says it."""

_LONG = f"size > {LONGEST_TEXT}"
LONG = text(f"item.{_LONG}")
"""Which items may have more text than the index of their words takes, as their index says it."""

item = Table(
    "item",
    metadata,
    Column("folder_id", Number, ForeignKey("folder.id"), primary_key=True),
    Column("uid", Number, primary_key=True, autoincrement=False),
    Column("id", Number, nullable=False, unique=True),
    Column("modseq", Number, nullable=False),
    Column("flags", Integer, nullable=False),
    Column("keywords", Text, nullable=False, server_default=""),
    Column("size", Number, nullable=False),
    Column("saved", Number, nullable=False),
    Column("arrived", Number, nullable=False),
    Column("content_id", Number, nullable=False, index=True),
    Column("name", String(255)),
    Column("author_id", Number),
    Column("extra", Number, nullable=False, server_default="0"),  # octets that sending adds: CR before bare LF
    Column("created", Number, nullable=False, server_default="0"),  # modseq that brought it to its owner; 0: long ago
    Index("ix_item_folder_id_modseq", "folder_id", "modseq"),
    Index("ix_item_deleted", "folder_id", sqlite_where=MARKED, postgresql_where=MARKED),
    Index("ix_item_saved", "folder_id", "saved"),
    Index("ix_item_long", "folder_id", sqlite_where=text(_LONG), postgresql_where=text(_LONG)),
    UniqueConstraint("folder_id", "name"),
    sqlite_with_rowid=False,
)

PRIVATE_OBJECT, INEXACT_OBJECT = text("private"), text("NOT exact")
"""Which objects are private, and of which not all occurrences are kept, as their indexes say it."""

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
    Index("ix_object_key_ident", "folder_id", "ident"),
    Index("ix_object_key_private", "folder_id", "uid", sqlite_where=PRIVATE_OBJECT, postgresql_where=PRIVATE_OBJECT),
    Index("ix_object_key_inexact", "folder_id", "uid", sqlite_where=INEXACT_OBJECT, postgresql_where=INEXACT_OBJECT),
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

list_letter = Table(
    "list_letter",
    metadata,
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Number, primary_key=True, autoincrement=False),
    Column("tag", String(320), nullable=False),
    Column("after", Number, nullable=False),
    sqlite_with_rowid=False,
)
"""By which of its addresses a message came to a list, and up to whom it has been sent on."""

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

tombstone = Table(
    "tombstone",
    metadata,
    Column("folder_id", Number, ForeignKey("folder.id", ondelete="CASCADE"), primary_key=True),
    Column("uid", Number, primary_key=True, autoincrement=False),
    Column("modseq", Number, nullable=False),
    Column("item_id", Number, nullable=False),
    Column("name", String(255)),
    Column("flags", Integer, nullable=False),
    Column("keywords", Text, nullable=False, server_default=""),
    Column("saved", Number, nullable=False),
    Column("removed", Number, nullable=False),
    Column("content_id", Number),  # until retention ends
    Index("ix_tombstone_folder_id_modseq", "folder_id", "modseq"),
    sqlite_with_rowid=False,
)

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
    Index("ix_trace_party", "party", "id", **_where("party IS NOT NULL")),
    Index("ix_trace_letter", "letter", **_where("letter IS NOT NULL")),
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
