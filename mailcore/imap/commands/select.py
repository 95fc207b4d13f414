"""SELECT, EXAMINE, CLOSE, UNSELECT, EXPUNGE."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from groupware.model.errors import NoRight, Refused
from groupware.model.flags import Flags, permitted_mask
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, Uid, Uids
from groupware.model.item import Changes
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.imap.bodies import withholds
from mailcore.imap.commands.listing import list_line
from mailcore.imap.commands.resync import Resync, missed, parse_resync
from mailcore.imap.grammar import BadSyntax, Cursor, Numbers, nothing
from mailcore.imap.objectids import mailbox_id
from mailcore.imap.recent import unclaimed
from mailcore.imap.reply import ALL_FLAGS, Reply, flag_words, ok, ok_at_modseq, status_line
from mailcore.imap.selected import claim, enter
from mailcore.imap.session import Session
from mailcore.imap.snapshot import Snapshot, long_since
from mailcore.imap.table import KNOWN, SELECTED, command
from mailcore.imap.view import NeedsUid, View

MOST_TOLD: Final = 1000  # keywords
_CHANGES: Final = Right.INSERT | Right.EXPUNGE | Right.SEEN | Right.WRITE | Right.TRASH
"""With any of these a mailbox is READ-WRITE (RFC 4314 §5.2)."""
_SEEN: Final = bytes([bits & Flags.SEEN.value for bits in range(256)])


_Found = tuple[FolderId, Folder, bool, Snapshot, Changes | None, int]


@dataclass(frozen=True, slots=True)
class Opening:
    """SELECT's and EXAMINE's arguments."""

    path: str
    read_only: bool
    condstore: bool = False
    resync: Resync | None = None


def parse_opening(cursor: Cursor, *, read_only: bool) -> Opening:
    """A mailbox name, and perhaps (CONDSTORE) or (QRESYNC (...)). RFC 7162 §3.1.8, §3.2.5."""
    cursor.sp()
    path = cursor.mailbox()
    given = cursor.listed(lambda: _parameter(cursor)) if cursor.take(b" ") else []
    resync = next((each for each in given if each is not None), None)
    return Opening(path, read_only, bool(given), resync)


def _parameter(cursor: Cursor) -> Resync | None:
    word = cursor.word()
    if word == b"QRESYNC":
        cursor.sp()
        return parse_resync(cursor)
    return None if word == b"CONDSTORE" else cursor.fail("CONDSTORE or QRESYNC")


@command("SELECT", state=KNOWN, parse=lambda cursor: parse_opening(cursor, read_only=False))
async def select(session: Session, given: Opening) -> Reply:
    """Go into a mailbox. RFC 3501 §6.3.1."""
    return await _open(session, given)


@command("EXAMINE", state=KNOWN, parse=lambda cursor: parse_opening(cursor, read_only=True))
async def examine(session: Session, given: Opening) -> Reply:
    """Go into a mailbox to read alone. RFC 3501 §6.3.2."""
    return await _open(session, given)


async def _open(session: Session, given: Opening) -> Reply:
    if given.resync is not None and not session.modes.qresync:
        raise BadSyntax("QRESYNC has to be enabled first")
    if given.resync is not None and given.resync.matched[0] and session.modes.uidonly:  # RFC 9586 §3.7
        raise NeedsUid("message numbers are given up; leave out what belonged to them")
    if session.view is not None:
        session.leave_folder()
        session.send(status_line(b"*", ok("The former mailbox is closed", b"CLOSED")))
    if given.condstore:
        session.use_condstore()

    resync = given.resync

    def work(tx: ReadTx, *, anyhow: bool = True) -> _Found | None:
        folder = session.folder(tx, given.path, Right.READ)
        same = resync is not None and resync.uidvalidity == folder.uidvalidity
        missed_many = resync is not None and same and long_since(folder, resync.since)
        if not anyhow and (missed_many or not session.shared.snapshots.at_hand(tx, folder)):
            return None
        missed = (resync.since, tx.changes(folder.id, resync.since)) if resync is not None and same else None
        now = session.shared.snapshots.read(tx, folder, missed)
        home = session.home or tx.home()
        first = unclaimed(session.shared.parts.claims, tx, folder) if not session.modes.rev2 else folder.uidnext
        since = missed[1] if missed is not None else None
        return home, folder, withholds(tx, folder), now, since, first

    news, version = session.shared.parts.bus.news, session.shared.parts.store.version()
    found = await session.glance(partial(work, anyhow=False)) or await session.read(work)
    assert found is not None
    session.home, folder, withheld, now, since, first = found
    session.shared.snapshots.keep(session.user.account, folder, now)
    read_only = given.read_only or not folder.rights & _CHANGES
    view = View(folder, now, session.modes, read_only=read_only)
    view.withheld, view.unclaimed, view.version = withheld, first, version
    claim(session, view, folder.uidnext)
    enter(session, view, news=news)
    lines = _described(view, folder)
    if resync is not None and since is not None:
        lines += missed(view, resync, since, folder.uidnext)
    return ok("Here you are", b"READ-ONLY" if read_only else b"READ-WRITE", lines)


def _described(view: View, folder: Folder) -> list[bytes]:
    """The untagged responses to SELECT. RFC 3501 §6.3.1, RFC 9051 §6.3.2, RFC 7162 §3.1.2.1."""
    mask, words = permitted_mask(view.rights)
    permanent = b"" if view.read_only else flag_words(mask.value)
    if words and not view.read_only:
        permanent += b" \\*"
    keywords = b"".join([b" " + word.encode("ascii", "replace") for word in view.keywords()[:MOST_TOLD]])
    lines = [
        b"* FLAGS (%b%b)\r\n" % (ALL_FLAGS, keywords),
        view.exists(),
        status_line(b"*", ok("Those stay", b"PERMANENTFLAGS (%b)" % permanent.strip())),
        status_line(b"*", ok("UIDs hold", b"UIDVALIDITY %d" % folder.uidvalidity)),
        status_line(b"*", ok("The next UID", b"UIDNEXT %d" % folder.uidnext)),
        status_line(b"*", ok("Its id", b"MAILBOXID (%b)" % mailbox_id(folder))),
        status_line(b"*", ok("Highest", b"HIGHESTMODSEQ %d" % folder.modseq)),
    ]
    if view.modes.rev2:
        return [*lines, list_line(folder)]
    unseen = view.flags.translate(_SEEN).find(0)
    if unseen >= 0 and not view.modes.uidonly:
        lines.insert(2, status_line(b"*", ok("The first unseen", b"UNSEEN %d" % (unseen + 1))))
    return lines


@command("UNSELECT", state=SELECTED, parse=nothing)
async def unselect(session: Session, _: None) -> Reply:
    """Leave the mailbox as it is. RFC 3691."""
    session.leave_folder()
    return ok("Left")


@command("CLOSE", state=SELECTED, parse=nothing)
async def close(session: Session, _: None) -> Reply:
    """Expunge without a word, where one may, and leave the mailbox. RFC 3501 §6.4.2.

    The client does not hear the MODSEQ that this comes to, for it does not hear what is gone either: RFC 7162 §3.2.8.
    """
    view = session.selected
    if not view.read_only and view.uids:
        with suppress(NoRight):  # RFC 4314 §4: then the mailbox is closed all the same
            await _expunge(session, view, ((Uid(1), Uid(view.last)),))
    session.leave_folder()
    return ok("Closed")


@command("EXPUNGE", state=SELECTED, parse=nothing, looks=True)
async def expunge(session: Session, _: None) -> Reply:
    """Take away every message with \\Deleted. RFC 3501 §6.4.3."""
    return await _expunged(session, ((Uid(1), Uid(session.selected.last)),) if session.selected.uids else ())


def parse_uids(cursor: Cursor) -> Numbers:
    """A set of UIDs."""
    cursor.sp()
    return cursor.numbers()


@command("UID EXPUNGE", state=SELECTED, parse=parse_uids, looks=True)
async def uid_expunge(session: Session, numbers: Numbers) -> Reply:
    """Take away those with \\Deleted among these. RFC 4315 §2.1."""
    return await _expunged(session, session.selected.chosen(numbers, uid=True))


async def _expunged(session: Session, uids: Uids) -> Reply:
    view = session.selected
    if view.read_only:
        raise Refused("the mailbox is open for reading only")
    gone = await _expunge(session, view, uids) if uids else ()
    view.lost(gone)
    return ok_at_modseq("Expunged") if gone else ok("Expunged")


async def _expunge(session: Session, view: View, uids: Uids) -> Sequence[Uid]:
    gone = await session.write(lambda tx: tx.expunge(view.folder, uids))
    session.count("IMAP_ExpungedMessage", len(gone))
    return gone
