"""What lies in folders."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

from groupware.model.item import LONGEST_TEXT

from .base import Number, metadata, only

blob = Table(
    "blob",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("size", Number, nullable=False),
    Column("refs", Number, nullable=False),
    Column("body", LargeBinary),  # zstd; NULL: in the object store
    Column("created", Number, nullable=False),
    Index("ix_blob_unreferred", "created", sqlite_where=text("refs <= 0")),
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
    Index("ix_search_text_waiting", "content_id", sqlite_where=text("NOT indexed")),
)
"""What search looks through, letter case folded; one row for all copies. An index of trigrams follows behind."""

SEARCH_INDEX = (
    "CREATE VIRTUAL TABLE search_index USING fts5"
    " (head, body, content='', detail=column, tokenize='trigram case_sensitive 1')"
)
"""What it holds is `reduced`: each word once, for a search only has to know where to look closer."""
_after: Any = DDL(SEARCH_INDEX)  # type: ignore[no-untyped-call]
event.listen(search_text, "after_create", _after.execute_if(dialect="sqlite"))

header_text = Table(
    "header_text",
    metadata,
    Column("content_id", Number, primary_key=True, autoincrement=False),
    Column("lines", Text, nullable=False),
)
"""The header lines of mail, each behind a line end, letter case folded; those of parts behind "\\x1e"."""

header_waiting = Table(
    "header_waiting",
    metadata,
    Column("content_id", Number, primary_key=True, autoincrement=False),
)
"""The contents of mail whose words are in the index, and whose header lines are not yet."""

HEADER_INDEX = (
    "CREATE VIRTUAL TABLE header_index USING fts5 (lines, content='', detail=none, tokenize='trigram case_sensitive 1')"
)
"""The trigrams of header lines, each word once."""
_headers: Any = DDL(HEADER_INDEX)  # type: ignore[no-untyped-call]
event.listen(header_text, "after_create", _headers.execute_if(dialect="sqlite"))

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

ON_TOP = text("(instr(lower(keywords), '$pinned') > 0 OR instr(lower(keywords), '$new') > 0)")
ON_TOP_POSTGRES = text("(strpos(lower(keywords), '$pinned') > 0 OR strpos(lower(keywords), '$new') > 0)")
"""Which items stand on top of lists, as their index says it."""

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
    Column("origin", Number),  # the email that it is, where its own number does not say that: it is a copy
    Index("ix_item_folder_id_modseq", "folder_id", "modseq"),
    Index("ix_item_deleted", "folder_id", sqlite_where=MARKED),
    Index("ix_item_saved", "folder_id", "saved"),
    Index("ix_item_on_top", "folder_id", "saved", sqlite_where=ON_TOP),
    Index("ix_item_long", "folder_id", sqlite_where=text(_LONG)),
    Index("ix_item_origin", "folder_id", "origin", **only("origin IS NOT NULL")),
    UniqueConstraint("folder_id", "name"),
    sqlite_with_rowid=False,
)

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
    Column("last", Number),  # seconds: the end of the last occurrence of what was an event
    Column("origin", Number),  # as the item had it
    Column("created", Number, nullable=False, server_default="0"),  # as the item had it
    Column("private", Boolean),  # NULL: it went before that was written down
    Column("author_id", Number),
    Index("ix_tombstone_folder_id_modseq", "folder_id", "modseq"),
    sqlite_with_rowid=False,
)

item_property = Table(
    "item_property",
    metadata,
    Column("item_id", Number, primary_key=True, autoincrement=False),
    Column("octets", LargeBinary, nullable=False),
)
"""What clients keep beside items: properties that no other protocol has a place for."""

snooze = Table(
    "snooze",
    metadata,
    Column("item_id", Number, primary_key=True, autoincrement=False),
    Column("account_id", Number, ForeignKey("principal.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("due", Number, nullable=False),
    Column("to_id", Number),
    Index("ix_snooze_due", "due"),
)
"""Messages that wait until a moment; `to_id` is the folder where they come back, NULL: the inbox."""

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
