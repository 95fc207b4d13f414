"""CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from groupware.model.errors import HasChildren
from groupware.model.folder import INBOX, Folder, Role
from groupware.model.item import Kind
from groupware.store.api import WriteTx
from mailcore.imap.grammar import Cursor
from mailcore.imap.names import canonical
from mailcore.imap.objectids import mailbox_id
from mailcore.imap.reply import Reply, mailbox, no, ok, sentence, status_line
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command

USES: Final = {
    b"\\ARCHIVE": Role.ARCHIVE,
    b"\\DRAFTS": Role.DRAFTS,
    b"\\JUNK": Role.JUNK,
    b"\\SNOOZED": Role.SNOOZED,
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

    given: str
    """The name as the client spells it."""
    use: str | None = None


def parse_create(cursor: Cursor) -> NewMailbox:
    """A mailbox name, and with CREATE-SPECIAL-USE what it is for. RFC 6154 §3."""
    cursor.sp()
    given = cursor.mailbox_as_given()
    if not cursor.take(b" ("):
        return NewMailbox(given)
    if cursor.word() != b"USE":
        cursor.fail("USE")
    cursor.sp()
    uses = cursor.listed(lambda: _use(cursor))
    cursor.sign(b")")
    known = [USES[use] for use in uses if use in USES]
    return NewMailbox(given, known[0] if len(known) == 1 == len(uses) else "" if uses else None)


def _use(cursor: Cursor) -> bytes:
    cursor.sign(b"\\")
    return b"\\" + cursor.word()


@command("CREATE", state=KNOWN, parse=parse_create)
async def create(session: Session, given: NewMailbox) -> Reply:
    """A new mailbox. RFC 3501 §6.3.3.

    In IMAP4rev2 a name that is stored in another form is told with the one given. RFC 9051 §6.3.4.
    """
    if given.use == "":
        return no("A mailbox can have one of the uses \\Archive \\Drafts \\Junk \\Sent \\Snoozed \\Trash", b"USEATTR")
    path = canonical(given.given)
    made = await session.write(lambda tx: tx.create_folder(path, Kind.MAIL, given.use))
    lines = [renamed_line(made.path, given.given)] if session.modes.rev2 and made.path != given.given else []
    return ok("Created", b"MAILBOXID (%b)" % mailbox_id(made), lines)


@command("DELETE", state=KNOWN, parse=parse_mailbox)
async def delete(session: Session, path: str) -> Reply:
    """Take a mailbox away. RFC 3501 §6.3.4; with mailboxes below it, [HASCHILDREN], RFC 9051 §6.3.5.

    Whoever takes away the mailbox that is selected is in none behind it: others have to go (RFC 2180 §3.3).
    """

    def work(tx: WriteTx) -> str:
        folder = session.folder(tx, path)
        try:
            tx.delete_folder(folder.id)
        except HasChildren as error:
            return str(error)
        return ""

    here = await session.read(lambda tx: session.folder(tx, path))
    if here.kind == Kind.CALENDAR and not here.children:
        from groupware.calendar.clearing import called_off  # only where somebody sees calendars as mailboxes

        parts = session.shared.parts
        await called_off(parts.store, parts.blobs, session.user, here.id)
    refused = await session.write(work)
    if refused:
        return no(sentence(refused), b"HASCHILDREN")
    closed = session.view is not None and session.view.folder == here.id
    if closed:
        session.leave_folder()
    return ok("Deleted", lines=[status_line(b"*", ok("It was selected", b"CLOSED"))] if closed else [])


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
    """Give a mailbox another name; of INBOX only the messages move. RFC 3501 §6.3.5.

    In IMAP4rev2 the new name is told with the old one. RFC 9051 §6.3.6.
    """

    def work(tx: WriteTx) -> Folder:
        return tx.rename_folder(session.folder(tx, given.path).id, given.to)

    renamed = await session.write(work)
    lines = [renamed_line(renamed.path, given.path)] if session.modes.rev2 and given.path != INBOX else []
    return ok("Renamed", lines=lines)


def renamed_line(path: str, old: str) -> bytes:
    """The LIST response that tells of another name. RFC 9051 §6.3.9.7, RFC 5465 §5.4."""
    return b'* LIST () "/" %b ("OLDNAME" (%b))\r\n' % (mailbox(path), mailbox(old))


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
