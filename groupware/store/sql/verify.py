"""What has to be true of the tables, and how each untruth is put right.

A `Fault` is found in a snapshot. Its repair works in a write of its own: it locks what it is about, looks again and
writes what it sees then, so that it does no harm beside a server that works.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import bindparam, insert, text

from groupware.model.errors import NotFound
from groupware.model.ids import AccountId, BlobId, FolderId, QueueId, Uid
from groupware.model.rights import Right
from groupware.model.times import now_micros

from . import contents, header_texts, item_changes, personal, schema, search, tombstones
from .engine import Row, Sql
from .tx import Tx

Repair = Callable[[Tx], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it has to be. `kind` is a constant word; None as `repair`: a person has to look."""

    kind: str
    text: str
    repair: Repair | None = None
    queue: QueueId | None = None
    """The queued message that it is about."""


Rule = Callable[[Sql], Iterator[Fault]]
"""What has to be true: gives what is not."""


# --- folders and owners ---------------------------------------------------------------------------------------------

_COUNTED: Final = """
    SELECT folder_id, count(*) AS total, CAST(sum(CASE WHEN (flags & 1) = 0 THEN 1 ELSE 0 END) AS BIGINT) AS unseen,
           CAST(sum(CASE WHEN (flags & 8) <> 0 THEN 1 ELSE 0 END) AS BIGINT) AS deleted,
           CAST(sum(size) AS BIGINT) AS bytes, CAST(sum(extra) AS BIGINT) AS extra,
           count(origin) AS copies,
           max(uid) AS last, max(modseq) AS modseq
    FROM item GROUP BY folder_id"""
_BURIED: Final = "SELECT folder_id, max(uid) AS last, max(modseq) AS modseq FROM tombstone GROUP BY folder_id"
_FOLDERS: Final = text(
    f"""
    SELECT f.id, f.owner_id, f.name, f.total, f.unseen, f.deleted, f.bytes, f.extra, f.copies, f.uidnext, f.modseq,
           coalesce(i.total, 0), coalesce(i.unseen, 0), coalesce(i.deleted, 0), coalesce(i.bytes, 0),
           coalesce(i.extra, 0), coalesce(i.copies, 0),
           coalesce(i.last, 0), coalesce(t.last, 0), coalesce(i.modseq, 0), coalesce(t.modseq, 0)
    FROM folder f LEFT JOIN ({_COUNTED}) i ON i.folder_id = f.id LEFT JOIN ({_BURIED}) t ON t.folder_id = f.id
    WHERE f.total <> coalesce(i.total, 0) OR f.unseen <> coalesce(i.unseen, 0)
       OR f.deleted <> coalesce(i.deleted, 0) OR f.bytes <> coalesce(i.bytes, 0) OR f.extra <> coalesce(i.extra, 0)
       OR f.copies <> coalesce(i.copies, 0)
       OR f.uidnext <= coalesce(i.last, 0) OR f.uidnext <= coalesce(t.last, 0)
       OR f.modseq < coalesce(i.modseq, 0) OR f.modseq < coalesce(t.modseq, 0)
    ORDER BY f.id"""  # noqa: S608
)
_RECOUNT: Final = text(
    """
    UPDATE folder SET
      total = (SELECT count(*) FROM item WHERE folder_id = :at),
      unseen = (SELECT count(*) FROM item WHERE folder_id = :at AND (flags & 1) = 0),
      deleted = (SELECT count(*) FROM item WHERE folder_id = :at AND (flags & 8) <> 0),
      bytes = (SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM item WHERE folder_id = :at),
      extra = (SELECT CAST(coalesce(sum(extra), 0) AS BIGINT) FROM item WHERE folder_id = :at),
      copies = (SELECT count(origin) FROM item WHERE folder_id = :at),
      uidnext = (SELECT max(n) FROM (SELECT uidnext AS n FROM folder WHERE id = :at
        UNION ALL SELECT max(uid) + 1 FROM item WHERE folder_id = :at
        UNION ALL SELECT max(uid) + 1 FROM tombstone WHERE folder_id = :at) AS uids),
      modseq = :modseq
    WHERE id = :at"""
)
_OWNERS: Final = text(
    """
    SELECT p.id, p.key, p.bytes, p.items, p.modseq, coalesce(f.bytes, 0) + coalesce(a.bytes, 0), coalesce(f.total, 0),
           coalesce(f.modseq, 0)
    FROM principal p LEFT JOIN (
      SELECT owner_id, CAST(sum(size) AS BIGINT) AS bytes FROM attachment GROUP BY owner_id
    ) a ON a.owner_id = p.id LEFT JOIN (
      SELECT owner_id, CAST(sum(b.bytes) AS BIGINT) AS bytes, CAST(sum(b.total) AS BIGINT) AS total,
             max(folder.modseq) AS modseq
      FROM folder LEFT JOIN (
        SELECT folder_id, sum(size) AS bytes, count(*) AS total FROM item GROUP BY folder_id
      ) b ON b.folder_id = folder.id GROUP BY owner_id
    ) f ON f.owner_id = p.id
    WHERE p.bytes <> coalesce(f.bytes, 0) + coalesce(a.bytes, 0) OR p.items <> coalesce(f.total, 0)
       OR p.modseq < coalesce(f.modseq, 0)
    ORDER BY p.id"""
)
_LOCK_OWNER: Final = text(
    "UPDATE principal SET modseq = CASE WHEN modseq < :least THEN :least ELSE modseq END WHERE id = :owner"
)
_NEWEST: Final = text(
    "SELECT coalesce(max(n), 0) FROM (SELECT max(modseq) AS n FROM folder WHERE owner_id = :owner"
    " UNION ALL SELECT max(i.modseq) FROM item i JOIN folder f ON f.id = i.folder_id WHERE f.owner_id = :owner"
    " UNION ALL SELECT max(t.modseq) FROM tombstone t JOIN folder f ON f.id = t.folder_id WHERE f.owner_id = :owner)"
    " AS modseqs"
)
_RECOUNT_OWNER: Final = text(
    """
    UPDATE principal SET
      bytes = (SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM item JOIN folder ON folder.id = item.folder_id
               WHERE folder.owner_id = :owner)
              + (SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM attachment WHERE owner_id = :owner),
      items = (SELECT count(*) FROM item JOIN folder ON folder.id = item.folder_id WHERE folder.owner_id = :owner)
    WHERE id = :owner"""
)


def folders(sql: Sql) -> Iterator[Fault]:
    """Counters, next UID and modseq of each folder."""
    names = ("total", "unseen", "deleted", "bytes", "extra", "copies")
    for row in sql.rows(_FOLDERS):
        wrong = [f"{name} {row[3 + n]}, not {row[11 + n]}" for n, name in enumerate(names) if row[3 + n] != row[11 + n]]
        if row[9] <= max(row[17], row[18]):
            wrong.append(f"next UID {row[9]} after UID {max(row[17], row[18])}")
        if row[10] < max(row[19], row[20]):
            wrong.append(f"modseq {row[10]} before {max(row[19], row[20])}")
        at, owner = FolderId(row[0]), AccountId(row[1])
        yield Fault("folder.counters", f"folder {row[2]} ({at}): {', '.join(wrong)}", partial(_recount, at, owner))


def _recount(at: FolderId, owner: AccountId, tx: Tx) -> None:
    lift(tx, owner)
    tx.sql.change(_RECOUNT, {"at": at, "modseq": tx.bump(owner)})
    tx.note_change("folder.repaired", owner, at, tx.bump(owner), {})


def lift(tx: Tx, owner: AccountId) -> None:
    """Locks the owner, whose modseq is then none that has been used."""
    tx.sql.change(_LOCK_OWNER, {"owner": owner, "least": 0})
    tx.sql.change(_LOCK_OWNER, {"owner": owner, "least": tx.sql.value(_NEWEST, {"owner": owner})})


def owners(sql: Sql) -> Iterator[Fault]:
    """What each owner's tree holds, as quotas count it."""
    for id, key, octets, items, modseq, real_octets, real_items, newest in sql.rows(_OWNERS):
        said = f"{key}: {octets} octets in {items} items at {modseq}, not {real_octets} in {real_items} at {newest}"
        yield Fault("owner.counters", said, partial(_recount_owner, AccountId(id)))


def _recount_owner(owner: AccountId, tx: Tx) -> None:
    lift(tx, owner)
    tx.sql.change(_RECOUNT_OWNER, {"owner": owner})


# --- references -----------------------------------------------------------------------------------------------------

_HELD: Final = """
    SELECT content_id, count(*) AS refs FROM (
      SELECT content_id FROM item
      UNION ALL SELECT content_id FROM tombstone WHERE content_id IS NOT NULL
      UNION ALL SELECT content_id FROM quarantine WHERE content_id IS NOT NULL
    ) AS holders GROUP BY content_id"""
_CONTENTS: Final = text(
    f"SELECT c.id, c.blob, c.refs, coalesce(h.refs, 0) FROM content c LEFT JOIN ({_HELD}) h ON h.content_id = c.id"  # noqa: S608
    " WHERE c.refs <> coalesce(h.refs, 0) ORDER BY c.id"
)
_REFER_CONTENT: Final = text(
    """
    UPDATE content SET refs =
      (SELECT count(*) FROM item WHERE content_id = :content)
      + (SELECT count(*) FROM tombstone WHERE content_id = :content)
      + (SELECT count(*) FROM quarantine WHERE content_id = :content)
    WHERE id = :content"""
)
_LOCK_CONTENT: Final = text("UPDATE content SET refs = refs WHERE id = :content")
_HOLDERS: Final = """
    SELECT blob, count(*) AS refs FROM (
      SELECT blob FROM content UNION ALL SELECT blob FROM queue_message UNION ALL SELECT blob FROM upload
      UNION ALL SELECT blob FROM attachment
    ) AS holders GROUP BY blob"""
_BLOBS: Final = text(
    f"SELECT b.hash, b.refs, coalesce(h.refs, 0) FROM blob b LEFT JOIN ({_HOLDERS}) h ON h.blob = b.hash"  # noqa: S608
    " WHERE b.refs <> coalesce(h.refs, 0) ORDER BY b.hash"
)
_REFER_BLOB: Final = text(
    "UPDATE blob SET refs = (SELECT count(*) FROM content WHERE blob = :blob)"
    " + (SELECT count(*) FROM queue_message WHERE blob = :blob)"
    " + (SELECT count(*) FROM upload WHERE blob = :blob)"
    " + (SELECT count(*) FROM attachment WHERE blob = :blob) WHERE hash = :blob"
)
_LOCK_BLOB: Final = text("UPDATE blob SET refs = refs WHERE hash = :blob")


def references(sql: Sql) -> Iterator[Fault]:
    """How often contents and bodies are referred to, by what is there."""
    for id, blob, refs, real in sql.rows(_CONTENTS):
        said = f"content {id} of body {blob}: {refs} references, not {real}"
        yield Fault("content.references", said, partial(_refer_content, id))
    for blob, refs, real in sql.rows(_BLOBS):
        said = f"body {blob}: {refs} references, not {real}"
        yield Fault("body.references", said, partial(_recount_blob, BlobId(blob)))


def _refer_content(content: int, tx: Tx) -> None:
    tx.sql.change(_LOCK_CONTENT, {"content": content})
    tx.sql.change(_REFER_CONTENT, {"content": content})
    contents.release(tx, content, 0)


def refer_blob(tx: Tx, blob: BlobId) -> None:
    """Counts the references to a body again."""
    tx.sql.change(_LOCK_BLOB, {"blob": blob})
    tx.sql.change(_REFER_BLOB, {"blob": blob})


def _recount_blob(blob: BlobId, tx: Tx) -> None:
    refer_blob(tx, blob)


# --- rows that nobody can reach -------------------------------------------------------------------------------------

GONE: Final = "NOT EXISTS (SELECT 1 FROM {0} WHERE {1})"
_ORPHANS: Final = (
    (
        "seen",
        "seen flags of items that are gone",
        GONE.format("item i", "i.folder_id = seen.folder_id AND i.uid = seen.uid"),
    ),
    (
        "personal",
        "alarms of one's own for items that are gone",
        GONE.format("item i", "i.folder_id = personal.folder_id AND i.uid = personal.uid"),
    ),
    ("search_text", "texts of contents that are gone", GONE.format("content c", "c.id = search_text.content_id")),
    (
        "header_text",
        "header lines of contents that are gone",
        GONE.format("content c", "c.id = header_text.content_id"),
    ),
    ("sort_key", "sort keys of contents that are gone", GONE.format("content c", "c.id = sort_key.content_id")),
    (
        "tombstone",
        "tombstones of items that are there",
        "EXISTS (SELECT 1 FROM item i WHERE i.folder_id = tombstone.folder_id AND i.uid = tombstone.uid)",
    ),
    (
        "queue_message",
        "queued messages without recipients",
        GONE.format("queue_recipient r", "r.queue_id = queue_message.id"),
    ),
)
_FIND_ORPHANS: Final = {each: text(f"SELECT count(*) FROM {each[0]} WHERE {each[2]}") for each in _ORPHANS}  # noqa: S608
_DROP_ORPHANS: Final = {each: text(f"DELETE FROM {each[0]} WHERE {each[2]}") for each in _ORPHANS}  # noqa: S608


def orphans(sql: Sql) -> Iterator[Fault]:
    """Rows that nobody can reach."""
    for each in _ORPHANS:
        count = sql.value(_FIND_ORPHANS[each])
        if count:
            yield Fault("rows.orphaned", f"{count} {each[1]}", partial(_drop_orphans, each))


def _drop_orphans(each: tuple[str, str, str], tx: Tx) -> None:
    tx.sql.change(_DROP_ORPHANS[each])
    if each[0] == "search_text":
        search.index_anew(tx)
    if each[0] == "header_text":
        header_texts.index_anew(tx.sql)


# --- items that cannot be served ------------------------------------------------------------------------------------

_BODILESS: Final = text(
    "SELECT DISTINCT blob FROM content WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.hash = content.blob)"
)
_CONTENTLESS: Final = text(
    "SELECT folder_id, uid FROM item WHERE NOT EXISTS (SELECT 1 FROM content c WHERE c.id = item.content_id)"
)
_USERS: Final = text(
    "SELECT i.folder_id, i.uid FROM item i JOIN content c ON c.id = i.content_id WHERE c.blob = :blob"
    " ORDER BY i.folder_id, i.uid"
)
_QUEUED: Final = text("SELECT id FROM queue_message WHERE blob = :blob ORDER BY id")
_ATTACHED: Final = text("SELECT key, name FROM attachment WHERE blob = :blob ORDER BY id")
_PAGE: Final = text("SELECT hash, size, body FROM blob WHERE hash > :after AND refs > 0 ORDER BY hash LIMIT :most")
_QUARANTINE: Final = insert(schema.quarantine).values(
    {
        name: bindparam(name)
        for name in ("at", "why", "place", "folder_id", "uid", "item_id", "content_id", "facts")
    }
)  # fmt: skip


def bodiless(sql: Sql) -> Sequence[BlobId]:
    """Bodies that contents refer to and that have no row."""
    return [BlobId(row[0]) for row in sql.rows(_BODILESS)]


def contentless(sql: Sql) -> Iterator[Fault]:
    """Items whose content is not there."""
    for folder, uid in sql.rows(_CONTENTLESS):
        yield Fault("item.content", f"item {uid} of {place(sql, folder)}: its content is not there",
                    partial(isolate, FolderId(folder), Uid(uid), "its content is not there", False))  # fmt: skip


def page_of_bodies(sql: Sql, after: str, most: int) -> Sequence[Row]:
    """(hash, size, body or None) of the next bodies that something refers to."""
    return sql.rows(_PAGE, {"after": after, "most": most})


def broken_body(sql: Sql, blob: BlobId, why: str) -> Iterator[Fault]:
    """A fault for each item, and each queued message, that needs this body."""
    for folder, uid in sql.rows(_USERS, {"blob": blob}):
        said = f"item {uid} of {place(sql, folder)}: body {blob}: {why}"
        yield Fault("body.lost", said, partial(isolate, FolderId(folder), Uid(uid), f"body {blob}: {why}", True))
    for key, name in sql.rows(_ATTACHED, {"blob": blob}):
        yield Fault("body.lost", f"attachment {key} ({name}): body {blob}: {why}")
    for (queue,) in sql.rows(_QUEUED, {"blob": blob}):
        yield Fault("body.lost", f"queued message {queue}: body {blob}: {why}", queue=QueueId(queue))


_PLACE: Final = text(
    "SELECT f.name, f.parent_id, coalesce(p.key, 'nobody') FROM folder f LEFT JOIN principal p ON p.id = f.owner_id"
    " WHERE f.id = :at"
)


def place(sql: Sql, at: int) -> str:
    """Owner and path of a folder, in words."""
    names: list[str] = []
    owner, up, steps = "nobody", at, 0
    while up is not None and steps < 100:
        row = sql.row(_PLACE, {"at": up})
        if row is None:
            break
        names.insert(0, row[0])
        owner, up, steps = row[2], row[1], steps + 1
    if not steps:
        return f"folder {at}, which is not there"
    return f"{owner}: {'/'.join(filter(None, names)) or '(the root)'}"


def isolate(at: FolderId, uid: Uid, why: str, keeps: bool, tx: Tx) -> None:
    """Takes one item out of its folder into quarantine, with all that is known of it. `keeps`: its content is there."""
    try:
        here = tx.open(at, Right.ADMIN)
    except NotFound:
        return
    rows = item_changes.whole(tx, here, [(uid, uid)])
    if not rows:
        return
    [row] = rows
    size = row[5]
    modseq = tx.bump(here.owner, -size, -1)
    item_changes.leave(tx, here, rows, modseq)
    tombstones.bury(tx, here, rows, modseq, keep=False)
    personal.drop(tx, here, [uid])
    set_aside(tx, at, row, why, keeps)
    tx.journal_row("item.quarantined", here, modseq, {"uid": uid, "why": why})


def set_aside(tx: Tx, at: FolderId, row: Row, why: str, keeps: bool) -> None:
    """Writes down what is known of an item that is taken out of its folder. `keeps`: its content is there."""
    uid, _, flags, keywords, item, size, saved, content, name, author, arrived, extra, _, origin = row
    facts = {
        "flags": flags,
        "keywords": keywords,
        "size": size,
        "saved": saved,
        "arrived": arrived,
        "name": name,
        "author": author,
        "extra": extra,
        "origin": origin,
    }
    tx.sql.change(
        _QUARANTINE,
        {
            "at": now_micros(),
            "why": why,
            "place": place(tx.sql, at),
            "folder_id": at,
            "uid": uid,
            "item_id": item,
            "content_id": content if keeps else None,
            "facts": json.dumps(facts),
        },
    )


RULES: Final[Sequence[Rule]] = (contentless, references, folders, owners, orphans)
