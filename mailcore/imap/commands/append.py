"""APPEND, of one message or several (MULTIAPPEND). RFC 3501 §6.3.11, RFC 3502, RFC 4315 §3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from groupware.mime.item import Marks, read_item
from groupware.model.ids import Uid
from groupware.model.item import NewItem
from groupware.store.api import WriteTx
from mailcore.imap.commands.folders import parse_mailbox
from mailcore.imap.grammar import Cursor, FlagList
from mailcore.imap.reply import Reply, no, number_set, ok
from mailcore.imap.session import Absent, Session
from mailcore.imap.table import KNOWN, command


@dataclass(frozen=True, slots=True)
class NewMessage:
    """One message as given."""

    octets: bytes = field(repr=False)
    flags: FlagList
    saved: datetime | None


@dataclass(frozen=True, slots=True)
class Appending:
    """APPEND's arguments."""

    path: str
    messages: tuple[NewMessage, ...]


def parse_append(cursor: Cursor) -> Appending:
    """A mailbox name, then for each message perhaps flags, perhaps a date, and a literal."""
    path = parse_mailbox(cursor)
    messages: list[NewMessage] = []
    while not messages or cursor.peek(b" "):
        cursor.sp()
        flags, saved = FlagList(), None
        if cursor.peek(b"("):
            flags = cursor.flags()
            cursor.sp()
        if cursor.peek(b'"'):
            saved = cursor.date_time()
            cursor.sp()
        messages.append(NewMessage(cursor.literal(), flags, saved))
    return Appending(path, tuple(messages))


@command("APPEND", state=KNOWN, parse=parse_append, looks=True)
async def append(session: Session, given: Appending) -> Reply:
    """Put messages into a mailbox, all or none."""
    if any(not message.octets for message in given.messages):
        return no("An empty message cannot be stored")  # RFC 3502 §5: so one gives up
    try:
        await session.read(lambda tx: session.folder(tx, given.path) and None)
        new = [await _item(session, message) for message in given.messages]
        uids, validity = await session.write(lambda tx: _appended(session, tx, given.path, new))
    except Absent as error:
        return no(str(error), b"TRYCREATE")
    session.count("IMAP_AppendRequest", len(new))
    session.count("IMAP_AppendBytes", sum(item.size for item in new))
    return ok("Stored", b"APPENDUID %d %b" % (validity, number_set(uids)))


async def _item(session: Session, message: NewMessage) -> NewItem:
    marks = Marks(message.flags.flags, message.flags.words, message.saved)
    return await read_item(message.octets, session.shared.parts.blobs, marks)


def _appended(session: Session, tx: WriteTx, path: str, new: Sequence[NewItem]) -> tuple[list[Uid], int]:
    folder = session.folder(tx, path)
    return [item.uid for item in tx.append(folder.id, new)], folder.uidvalidity
