"""STATUS, also as LIST returns it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from groupware.model.folder import Folder
from groupware.model.ids import FolderId
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.imap import recent
from mailcore.imap.grammar import Cursor
from mailcore.imap.objectids import mailbox_id
from mailcore.imap.reply import Reply, mailbox, ok
from mailcore.imap.session import Session
from mailcore.imap.shared import Shared
from mailcore.imap.table import KNOWN, command

ITEMS: Final = (
    b"MESSAGES",
    b"RECENT",
    b"UIDNEXT",
    b"UIDVALIDITY",
    b"UNSEEN",
    b"DELETED",
    b"HIGHESTMODSEQ",
    b"APPENDLIMIT",
    b"SIZE",
    b"MAILBOXID",
    b"DELETED-STORAGE",
)


@dataclass(frozen=True, slots=True)
class StatusOf:
    """STATUS' arguments."""

    path: str
    items: tuple[bytes, ...]


def parse_status(cursor: Cursor) -> StatusOf:
    """A mailbox name and what is asked about it."""
    cursor.sp()
    path = cursor.mailbox()
    cursor.sp()
    return StatusOf(path, status_items(cursor))


def status_items(cursor: Cursor) -> tuple[bytes, ...]:
    """The list of status items."""
    items = cursor.listed(cursor.word)
    if not items or any(item not in ITEMS for item in items):
        cursor.fail("some of " + b" ".join(ITEMS).decode())
    return tuple(items)


@command("STATUS", state=KNOWN, parse=parse_status)
async def status(session: Session, given: StatusOf) -> Reply:
    """How a mailbox stands, without going into it. RFC 3501 §6.3.10."""
    if b"HIGHESTMODSEQ" in given.items:
        session.use_condstore()

    def work(tx: ReadTx) -> tuple[Folder, Counted]:
        folder = session.folder(tx, given.path, Right.READ)
        return folder, counted(session.shared, tx, [folder], given.items)

    look = session.read if b"RECENT" in given.items else session.glance  # those may be many
    folder, counts = await look(work)
    return ok("That is how it stands", lines=[status_response(session.shared, folder, given.items, counts)])


@dataclass(frozen=True, slots=True)
class Counted:
    """By folder, what is asked for and has to be counted."""

    recent: Mapping[FolderId, int] = field(default_factory=dict)
    freed: Mapping[FolderId, int] = field(default_factory=dict)
    """What EXPUNGE would free. RFC 9208 §4.1.4."""


def counted(shared: Shared, tx: ReadTx, folders: Iterable[Folder], items: Sequence[bytes]) -> Counted:
    """What has to be counted of these folders, where that is asked for."""
    found = [each for each in folders if each.total and each.exists and Right.READ in each.rights]
    claims = shared.parts.claims
    recents = {each.id: recent.count(claims, tx, each) for each in found} if b"RECENT" in items else {}
    marked = [each.id for each in found if each.deleted]
    return Counted(recents, tx.reclaimable(marked) if b"DELETED-STORAGE" in items else {})


def status_response(shared: Shared, folder: Folder, items: Sequence[bytes], counts: Counted) -> bytes:
    """The untagged STATUS response; `counts` is what `counted` found."""
    values: dict[bytes, int | bytes] = {
        b"MESSAGES": folder.total,
        b"RECENT": counts.recent.get(folder.id, 0),
        b"UIDNEXT": folder.uidnext,
        b"UIDVALIDITY": folder.uidvalidity,
        b"UNSEEN": folder.unseen,
        b"DELETED": folder.deleted,
        b"HIGHESTMODSEQ": folder.modseq,
        b"APPENDLIMIT": shared.section.max_message_size * 1024,
        b"SIZE": folder.bytes + folder.extra,
        b"MAILBOXID": b"(%b)" % mailbox_id(folder),
        b"DELETED-STORAGE": counts.freed.get(folder.id, 0),
    }
    told = b" ".join([b"%b %b" % (item, _told(values[item])) for item in items])
    return b"* STATUS %b (%b)\r\n" % (mailbox(folder.path), told)


def _told(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b"%d" % value
