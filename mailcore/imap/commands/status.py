"""STATUS, also as LIST returns it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.folder import Folder
from groupware.model.ids import FolderId
from groupware.model.rights import Right
from groupware.store.api import ReadTx
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

    def work(tx: ReadTx) -> tuple[Folder, Mapping[FolderId, int]]:
        folder = session.folder(tx, given.path, Right.READ)
        return folder, reclaimable(tx, [folder], given.items)

    folder, freed = await session.glance(work)
    return ok("That is how it stands", lines=[status_response(session.shared, folder, given.items, freed)])


def reclaimable(tx: ReadTx, folders: Iterable[Folder], items: Sequence[bytes]) -> Mapping[FolderId, int]:
    """What EXPUNGE would free in these folders, where that is asked for. RFC 9208 §4.1.4."""
    if b"DELETED-STORAGE" not in items:
        return {}
    return tx.reclaimable([each.id for each in folders if each.deleted and Right.READ in each.rights])


def status_response(shared: Shared, folder: Folder, items: Sequence[bytes], freed: Mapping[FolderId, int]) -> bytes:
    """The untagged STATUS response; `freed` has what `reclaimable` found."""
    first_recent = shared.recent(folder.id) or folder.uidnext
    values: dict[bytes, int | bytes] = {
        b"MESSAGES": folder.total,
        b"RECENT": max(0, min(folder.uidnext - first_recent, folder.total)),
        b"UIDNEXT": folder.uidnext,
        b"UIDVALIDITY": folder.uidvalidity,
        b"UNSEEN": folder.unseen,
        b"DELETED": folder.deleted,
        b"HIGHESTMODSEQ": folder.modseq,
        b"APPENDLIMIT": shared.section.max_message_size * 1024,
        b"SIZE": folder.bytes + folder.extra,
        b"MAILBOXID": b"(%b)" % mailbox_id(folder),
        b"DELETED-STORAGE": freed.get(folder.id, 0),
    }
    told = b" ".join([b"%b %b" % (item, _told(values[item])) for item in items])
    return b"* STATUS %b (%b)\r\n" % (mailbox(folder.path), told)


def _told(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else b"%d" % value
