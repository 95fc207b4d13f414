"""CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from groupware.model.folder import Role
from groupware.model.item import Kind
from mailcore.imap.grammar import Cursor
from mailcore.imap.objectids import mailbox_id
from mailcore.imap.reply import Reply, no, ok
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command

USES: Final = {
    b"\\ARCHIVE": Role.ARCHIVE,
    b"\\DRAFTS": Role.DRAFTS,
    b"\\JUNK": Role.JUNK,
    b"\\SENT": Role.SENT,
    b"\\TRASH": Role.TRASH,
}
"""The special uses of RFC 6154 that a folder can have here; \\All and \\Flagged are no folders."""


def parse_mailbox(cursor: Cursor) -> str:
    """One mailbox name."""
    cursor.sp()
    return cursor.mailbox()


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """CREATE's arguments; `use` None: none was asked for, "" one that cannot be."""

    path: str
    use: str | None = None


def parse_create(cursor: Cursor) -> NewMailbox:
    """A mailbox name, and with CREATE-SPECIAL-USE what it is for. RFC 6154 §3."""
    path = parse_mailbox(cursor)
    if not cursor.take(b" ("):
        return NewMailbox(path)
    if cursor.word() != b"USE":
        cursor.fail("USE")
    cursor.sp()
    uses = cursor.listed(lambda: _use(cursor))
    cursor.sign(b")")
    known = [USES[use] for use in uses if use in USES]
    return NewMailbox(path, known[0] if len(known) == 1 == len(uses) else "" if uses else None)


def _use(cursor: Cursor) -> bytes:
    cursor.sign(b"\\")
    return b"\\" + cursor.word()


@command("CREATE", state=KNOWN, parse=parse_create)
async def create(session: Session, given: NewMailbox) -> Reply:
    """A new mailbox. RFC 3501 §6.3.3."""
    if given.use == "":
        return no("A mailbox can have one of the uses \\Archive \\Drafts \\Junk \\Sent \\Trash", b"USEATTR")
    made = await session.write(lambda tx: tx.create_folder(given.path, Kind.MAIL, given.use))
    return ok("Created", b"MAILBOXID (%b)" % mailbox_id(made))


@command("DELETE", state=KNOWN, parse=parse_mailbox)
async def delete(session: Session, path: str) -> Reply:
    """Take a mailbox away. RFC 3501 §6.3.4."""
    await session.write(lambda tx: tx.delete_folder(session.folder(tx, path).id))
    return ok("Deleted")


@dataclass(frozen=True, slots=True)
class Renaming:
    """RENAME's arguments."""

    path: str
    to: str


def parse_rename(cursor: Cursor) -> Renaming:
    """The old name and the new one."""
    path = parse_mailbox(cursor)
    return Renaming(path, parse_mailbox(cursor))


@command("RENAME", state=KNOWN, parse=parse_rename, looks=True)
async def rename(session: Session, given: Renaming) -> Reply:
    """Give a mailbox another name; of INBOX only the messages move. RFC 3501 §6.3.5."""
    await session.write(lambda tx: tx.rename_folder(session.folder(tx, given.path).id, given.to) and None)
    return ok("Renamed")


@command("SUBSCRIBE", state=KNOWN, parse=parse_mailbox)
async def subscribe(session: Session, path: str) -> Reply:
    """Add a name to the user's subscriptions. RFC 3501 §6.3.6."""
    await session.write(lambda tx: tx.subscribe(session.folder(tx, path).path, True))
    return ok("Subscribed")


@command("UNSUBSCRIBE", state=KNOWN, parse=parse_mailbox)
async def unsubscribe(session: Session, path: str) -> Reply:
    """Take a name off, whether or not something is there. RFC 3501 §6.3.7."""
    await session.write(lambda tx: tx.subscribe(path, False))
    return ok("Unsubscribed")
