"""STATUS, also as LIST returns it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.folder import Folder
from groupware.model.rights import Right
from mailcore.imap.grammar import Cursor
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
    folder = await session.read(lambda tx: session.folder(tx, given.path, Right.READ))
    return ok("That is how it stands", lines=[status_response(session.shared, folder, given.items)])


def status_response(shared: Shared, folder: Folder, items: Sequence[bytes]) -> bytes:
    """The untagged STATUS response."""
    first_recent = shared.recent.get(folder.id, folder.uidnext)
    values = {
        b"MESSAGES": folder.total,
        b"RECENT": min(folder.uidnext - first_recent, folder.total),
        b"UIDNEXT": folder.uidnext,
        b"UIDVALIDITY": folder.uidvalidity,
        b"UNSEEN": folder.unseen,
        b"DELETED": folder.deleted,
        b"HIGHESTMODSEQ": folder.modseq,
        b"APPENDLIMIT": shared.section.max_message_size * 1024,
    }
    told = b" ".join([b"%b %d" % (item, values[item]) for item in items])
    return b"* STATUS %b (%b)\r\n" % (mailbox(folder.path), told)
