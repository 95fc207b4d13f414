"""REPLACE and UID REPLACE: a message put in and another taken away, in one. RFC 8508."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from groupware.model.errors import NotFound, Refused
from groupware.model.ids import Uid
from groupware.model.item import NewItem
from groupware.store.api import WriteTx
from mailcore.imap.commands.append import count
from mailcore.imap.commands.append_data import NewMessage, Unfit, new_items, parse_message
from mailcore.imap.commands.folders import parse_mailbox
from mailcore.imap.grammar import STAR, Cursor, Numbers
from mailcore.imap.reply import Reply, no, ok, ok_at_modseq, status_line
from mailcore.imap.session import Absent, Session
from mailcore.imap.table import SELECTED, command


@dataclass(frozen=True, slots=True)
class Replacing:
    """Which message goes, where the new one comes to, and what it is."""

    numbers: Numbers
    uid: bool
    path: str
    message: NewMessage


def parse_replace(cursor: Cursor, *, uid: bool) -> Replacing:
    """One number, a mailbox name, and one message as APPEND has it."""
    cursor.sp()
    number = STAR if cursor.take(b"*") else cursor.number() or cursor.fail("the number of a message")
    return Replacing(((number, number),), uid, parse_mailbox(cursor), parse_message(cursor))


@command("REPLACE", state=SELECTED, parse=partial(parse_replace, uid=False), looks=True)
@command("UID REPLACE", state=SELECTED, parse=partial(parse_replace, uid=True), looks=True)
async def replace(session: Session, given: Replacing) -> Reply:
    """The new message in, the old one gone; or neither. RFC 8508 §3."""
    view = session.selected
    if view.read_only:
        raise Refused("the mailbox is open for reading only")
    uids = view.uid_ranges(given.numbers, uid=given.uid)
    if not uids:
        raise NotFound("there is no message with this number")
    try:
        await session.glance(lambda tx: session.folder(tx, given.path) and None)
        new = await new_items(session, [given.message])
        old = uids[0][0]
        uid, validity = await session.write(lambda tx: _replaced(session, tx, old, given.path, new[0]))
    except Absent as error:
        return no(str(error), b"TRYCREATE")
    except Unfit as error:
        return error.reply
    count(session, new)
    view.lost([old])
    # RFC 8508 §4.5: for whoever knows of MODSEQ it is as a UID EXPUNGE of the old one
    return ok_at_modseq("Replaced", [status_line(b"*", ok("Stored", b"APPENDUID %d %d" % (validity, uid)))])


def _replaced(session: Session, tx: WriteTx, old: Uid, path: str, new: NewItem) -> tuple[Uid, int]:
    """The old one goes first, so that what it took of the quota is free for the new one."""
    folder = session.folder(tx, path)
    if not tx.expunge(session.selected.folder, [(old, old)], deleted_only=False):
        raise NotFound("the message is no longer there, or not yours to take away")
    return tx.append(folder.id, [new])[0].uid, folder.uidvalidity
