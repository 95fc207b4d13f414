"""STORE, by number and by UID. RFC 3501 §6.4.6, RFC 7162 §3.1.3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from groupware.model.errors import Refused
from groupware.model.flags import FlagChange
from groupware.model.ids import ModSeq, Uid, Uids
from groupware.model.item import Entry
from groupware.store.api import WriteTx
from mailcore.imap.grammar import MOST_MODSEQ, Cursor, FlagList, Numbers, collected
from mailcore.imap.reply import Reply, number_set, ok
from mailcore.imap.session import Session
from mailcore.imap.table import SELECTED, command
from mailcore.imap.view import View


@dataclass(frozen=True, slots=True)
class StoreFlags:
    """STORE's arguments."""

    numbers: Numbers
    uid: bool
    change: FlagChange
    silent: bool


def parse_store(cursor: Cursor, *, uid: bool) -> StoreFlags:
    """A sequence set, perhaps (UNCHANGEDSINCE n), what to do, and flags with or without parentheses."""
    cursor.sp()
    numbers = cursor.numbers()
    cursor.sp()
    since = None
    if cursor.take(b"("):
        if cursor.word() != b"UNCHANGEDSINCE":
            cursor.fail("UNCHANGEDSINCE")
        cursor.sp()
        since = ModSeq(cursor.number(MOST_MODSEQ))
        cursor.sign(b")")
        cursor.sp()
    mode = cursor.word()
    how = mode.removesuffix(b".SILENT")
    if how not in (b"FLAGS", b"+FLAGS", b"-FLAGS"):
        cursor.fail("FLAGS, +FLAGS or -FLAGS, perhaps with .SILENT")
    cursor.sp()
    return StoreFlags(numbers, uid, _change(how, _flags(cursor), since), mode != how)


def _flags(cursor: Cursor) -> FlagList:
    if cursor.peek(b"("):
        return cursor.flags()
    found = [cursor.flag()]
    while cursor.take(b" "):
        found.append(cursor.flag())
    return collected(found)


def _change(how: bytes, flags: FlagList, since: ModSeq | None) -> FlagChange:
    if how == b"-FLAGS":
        return FlagChange(remove=flags.flags, remove_words=flags.words, unchanged_since=since)
    return FlagChange(add=flags.flags, add_words=flags.words, replace=how == b"FLAGS", unchanged_since=since)


@command("STORE", state=SELECTED, parse=partial(parse_store, uid=False), numbers=True)
@command("UID STORE", state=SELECTED, parse=partial(parse_store, uid=True))
async def store(session: Session, given: StoreFlags) -> Reply:
    """Change flags, and show the new ones unless the client said .SILENT.

    With UNCHANGEDSINCE those that changed since stay as they are and are named in MODIFIED.
    """
    view = session.selected
    if view.read_only:
        raise Refused("the mailbox is open for reading only")
    if given.change.unchanged_since is not None:
        session.use_condstore()
    uids = view.chosen(given.numbers, uid=given.uid)
    if not uids:
        return ok("There is nothing to change")
    changed, stale = await change_flags(session, view, uids, given.change)
    others = view.surprising(changed, given.change) if given.silent else []
    places = view.saw(changed)
    view.touch(others)  # RFC 3501 §6.4.6: what others changed is told in spite of .SILENT
    return _answer(view, given, uids, places, stale)


async def change_flags(
    session: Session, view: View, uids: Uids, change: FlagChange
) -> tuple[Sequence[Entry], Sequence[Uid]]:
    """The entries that changed and the UIDs that were too new, with the view brought up to date as far as that goes.

    When nobody else had changed anything in the folder, the view need not look for what changed: it was this.
    """

    def work(tx: WriteTx) -> tuple[ModSeq, Sequence[Entry], Sequence[Uid]]:
        before, _ = tx.state(view.folder)
        changed, stale = tx.update_flags(view.folder, uids, change)
        return before, changed, stale

    before, changed, stale = await session.write(work)
    if changed and before <= view.modseq:
        view.modseq = max(view.modseq, max(entry.modseq for entry in changed))
    return changed, stale


def _answer(view: View, given: StoreFlags, uids: Uids, changed: Sequence[int], stale: Sequence[Uid]) -> Reply:
    too_new = set(stale)
    if given.silent:  # .SILENT still owes the MODSEQ, RFC 7162 §3.1.3
        lines = [view.fetch_modseq(at, uid=given.uid) for at in changed] if view.condstore else []
    else:
        places = [at for at in view.places(uids) if view.uids[at] not in too_new and view.there(at)]
        lines = [view.fetch(at, uid=given.uid) for at in places]
    if not too_new and not all(map(view.there, view.places(uids))):
        return ok("Some of the messages are no longer there", b"EXPUNGEISSUED", lines)
    if not too_new:
        return ok("Done", lines=lines)
    named = sorted(too_new) if given.uid else [view.place(uid) + 1 for uid in sorted(too_new) if view.place(uid) >= 0]
    return ok("Some have changed since", b"MODIFIED " + number_set(named), lines)
