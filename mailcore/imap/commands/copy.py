"""COPY and MOVE, by number and by UID. RFC 3501 §6.4.7, RFC 6851, RFC 4315 §3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from groupware.model.errors import Refused
from groupware.model.ids import Uid, Uids, ranges
from groupware.store.api import ReadTx, WriteTx
from mailcore.imap.bodies import has_withheld
from mailcore.imap.grammar import Cursor, Numbers
from mailcore.imap.reply import Reply, no, number_set, ok, ok_at_modseq, status_line
from mailcore.imap.session import Absent, Session
from mailcore.imap.table import SELECTED, command

NOT_YOURS: Final = "Some of these have alarms of their owner's; take them along with a calendar program"
Pairs = Sequence[tuple[Uid, Uid]]


@dataclass(frozen=True, slots=True)
class Transfer:
    """Which messages, and where to."""

    numbers: Numbers
    uid: bool
    to: str


def parse_transfer(cursor: Cursor, *, uid: bool) -> Transfer:
    """A sequence set and a mailbox name."""
    cursor.sp()
    numbers = cursor.numbers()
    cursor.sp()
    return Transfer(numbers, uid, cursor.mailbox())


@command("COPY", state=SELECTED, parse=partial(parse_transfer, uid=False), looks=True)
@command("UID COPY", state=SELECTED, parse=partial(parse_transfer, uid=True), looks=True)
async def copy(session: Session, given: Transfer) -> Reply:
    """Put copies into another mailbox, all or none."""
    view = session.selected
    uids = view.uid_ranges(given.numbers, uid=given.uid)
    if 0 < view.limit < len(view.places(uids)):  # all or none, so none: RFC 9738 §3.1
        return no(f"At most {view.limit} messages are copied at once", b"MESSAGELIMIT %d" % view.limit)
    if not uids:
        return ok("There is nothing to copy")
    if await has_withheld(session, uids):
        return no(NOT_YOURS, b"CANNOT")
    try:
        pairs, validity = await session.write(lambda tx: _copied(session, tx, given.to, uids))
    except Absent as error:
        return no(str(error), b"TRYCREATE")
    if not pairs and not given.uid:  # RFC 2180 §4.4.1; a UID that is not there is no error, RFC 9051 §6.4.9
        return no("These messages are gone; nothing was copied", b"EXPUNGEISSUED")
    return ok("Copied", _code(validity, pairs))


def _copied(session: Session, tx: WriteTx, path: str, uids: Uids) -> tuple[Pairs, int]:
    to = session.folder(tx, path)
    return tx.copy(session.selected.folder, uids, to.id), to.uidvalidity


@command("MOVE", state=SELECTED, parse=partial(parse_transfer, uid=False), looks=True)
@command("UID MOVE", state=SELECTED, parse=partial(parse_transfer, uid=True), looks=True)
async def move(session: Session, given: Transfer) -> Reply:
    """Put messages into another mailbox and take them away here, in one."""
    view = session.selected
    if view.read_only:
        raise Refused("the mailbox is open for reading only")
    uids = view.chosen(given.numbers, uid=given.uid)
    if not uids:
        return ok("There is nothing to move")
    try:
        if view.withheld and await _leaves(session, given.to) and await has_withheld(session, uids):
            return no(NOT_YOURS, b"CANNOT")
        pairs, validity = await session.write(lambda tx: _moved(session, tx, given.to, uids))
    except Absent as error:
        return no(str(error), b"TRYCREATE")
    view.lost(uid for uid, _ in pairs)
    lines = [status_line(b"*", ok("Moved", _code(validity, pairs)))] if pairs else []
    return ok_at_modseq("Done", lines) if pairs else ok("Done")


async def _leaves(session: Session, path: str) -> bool:
    """Whether the mailbox there is another person's than the selected one."""

    def work(tx: ReadTx) -> bool:
        return session.folder(tx, path).owner != tx.folder(session.selected.folder).owner

    return await session.glance(work)


def _moved(session: Session, tx: WriteTx, path: str, uids: Uids) -> tuple[Pairs, int]:
    to, at = session.folder(tx, path), session.selected.folder
    if to.id != at:
        return tx.move(at, uids, to.id), to.uidvalidity
    pairs = tx.copy(at, uids, at)  # as COPY may, so may MOVE: RFC 6851 §3.3
    tx.expunge(at, ranges(uid for uid, _ in pairs), deleted_only=False)
    return pairs, to.uidvalidity


def _code(validity: int, pairs: Pairs) -> bytes:
    """COPYUID: the UIDs there, in the order of those here."""
    if not pairs:
        return b""
    here, there = (number_set([pair[side] for pair in pairs]) for side in (0, 1))
    return b"COPYUID %d %b %b" % (validity, here, there)
