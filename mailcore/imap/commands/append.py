"""APPEND, of one message or several (MULTIAPPEND). RFC 3501 §6.3.11, 3502, 4315 §3, 4469, 3516 §4.4, 9738."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from groupware.model.ids import Uid
from groupware.model.item import NewItem
from groupware.store.api import WriteTx
from mailcore.imap.commands.append_data import NewMessage, Unfit, new_items, parse_message, takes_long
from mailcore.imap.commands.folders import parse_mailbox
from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply, no, number_set, ok
from mailcore.imap.session import Absent, Session
from mailcore.imap.table import KNOWN, command


@dataclass(frozen=True, slots=True)
class Appending:
    """APPEND's arguments."""

    path: str
    messages: tuple[NewMessage, ...]


def parse_append(cursor: Cursor) -> Appending:
    """A mailbox name, then the messages."""
    path = parse_mailbox(cursor)
    messages = [parse_message(cursor)]
    while cursor.peek(b" "):
        messages.append(parse_message(cursor))
    return Appending(path, tuple(messages))


@command("APPEND", state=KNOWN, parse=parse_append, looks=True)
async def append(session: Session, given: Appending) -> Reply:
    """Put messages into a mailbox, all or none."""
    most = session.shared.section.message_limit
    if 0 < most < len(given.messages):
        return no(f"At most {most} messages are put in at once", b"MESSAGELIMIT %d" % most)
    try:
        if takes_long(given.messages):
            await session.glance(lambda tx: session.folder(tx, given.path) and None)
        new = await new_items(session, given.messages)
        uids, validity = await session.write(lambda tx: _appended(session, tx, given.path, new))
    except Absent as error:
        return no(str(error), b"TRYCREATE")
    except Unfit as error:
        return error.reply
    count(session, new)
    return ok("Stored", b"APPENDUID %d %b" % (validity, number_set(uids)))


def count(session: Session, new: Sequence[NewItem]) -> None:
    """Move the counters of what was put in."""
    session.count("IMAP_AppendRequest", len(new))
    session.count("IMAP_AppendBytes", sum(item.size for item in new))


def _appended(session: Session, tx: WriteTx, path: str, new: Sequence[NewItem]) -> tuple[list[Uid], int]:
    folder = session.folder(tx, path)
    return [item.uid for item in tx.append(folder.id, new)], folder.uidvalidity
