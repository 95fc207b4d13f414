"""What a folder's script wants, done in the one write that settles its message. RFC 6785 §3.

A message that is not kept is moved into the last folder that it was filed into, or else marked as deleted: whoever
uses the mailbox decides when it goes. What cannot be done leaves all of it undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from groupware.model.errors import NotFound
from groupware.model.event import Event
from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Role
from groupware.model.ids import FolderId, Uid
from groupware.model.item import Item, NewItem
from groupware.model.memory import Memory
from groupware.store.api import WriteTx
from mailcore.queue.trace import Trail
from mailcore.sieve.changes.desk import Case, Runner
from mailcore.sieve.changes.wanted import Filed, FlagsAndWords, Wanted
from mailcore.sieve.delivery.filter import TOLD_SECONDS
from mailcore.sieve.delivery.scripts import version

BY: Final = "imapsieve"
"""What the trace calls it."""


class Taken(Exception):
    """Another process has settled it."""


def carry(tx: WriteTx, runner: Runner, case: Case, wanted: Wanted) -> Sequence[Event]:
    """Does it all, or raises and nothing is done. `Taken`; `NotFound`, `NoRight`, `Refused`, `OverQuota` of folders."""
    _settle(tx, case)
    trail = Trail(case.message, runner.active.account)
    events = [
        trail.filtered(runner.active.address, BY, each.did, each.script or runner.active.name, each.line)
        for each in wanted.said
    ]
    there = tx.items(case.which.folder, ((case.item.uid, case.item.uid),))
    if there and there[0].id == case.item.id:
        _place(tx, runner, case, wanted, there[0])
    for each in wanted.sent:
        queue = tx.enqueue(each.envelope)
        to = [one.address for one in each.envelope.recipients]
        own = Trail(each.envelope.message, runner.active.account)
        events += [
            trail.redirected(queue, to)
            if each.kind == "redirect"
            else trail.answered(each.kind, to, each.envelope.message),
            own.received(each.envelope.sender, each.envelope.size, len(to)),
            own.queued(queue, to),
        ]
        if each.copy is not None and each.copy.edited is not None:
            tx.append(_folder(tx, runner, each.copy), [each.copy.edited])
    for memory in wanted.memories:
        tx.remember(runner.active.account, memory)
    for event in events:
        tx.note(event)
    return events


def give_up(tx: WriteTx, runner: Runner, case: Case, letter: NewItem, why: str) -> Sequence[Event]:
    """Leaves the message as it is, and tells the owner unless that was done for this version of the script. `Taken`."""
    _settle(tx, case)
    account = runner.active.account
    if tx.remember(account, Memory("told", version(runner.active.octets + BY.encode()), TOLD_SECONDS)):
        tx.append(tx.role(account, Role.INBOX).id, [letter])
    event = Trail(case.message, account).filtered(runner.active.address, BY, f"stopped: {why}", runner.active.name)
    tx.note(event)
    return [event]


def _settle(tx: WriteTx, case: Case) -> None:
    if not tx.settle_occasion(case.which, case.item.uid):
        raise Taken


def _place(tx: WriteTx, runner: Runner, case: Case, wanted: Wanted, there: Item) -> None:
    """Files and flags the message, and has it stay or go."""
    at, uid = case.which.folder, case.item.uid
    keeps, marks, gone = wanted.keeps, wanted.marks, False
    elsewhere: list[tuple[FolderId, Filed]] = []
    for each in wanted.filed:
        to = _folder(tx, runner, each)
        if to == at and each.edited is None:  # it is there already
            keeps, marks = True, each.marks
        else:
            elsewhere.append((to, each))
    for to, each in elsewhere:
        if each.edited is not None:
            tx.append(to, [each.edited])
        elif keeps or gone or (to, each) != elsewhere[-1]:
            _mark(tx, to, tx.copy(at, ((uid, uid),), to), each.marks)
        else:
            _mark(tx, to, tx.move(at, ((uid, uid),), to), each.marks)
            gone = True
    if gone:
        return
    if not keeps:
        tx.update_flags(at, ((uid, uid),), FlagChange(add=Flags.DELETED))
    elif wanted.edited is not None:
        tx.append(at, [replace(wanted.edited, flags=wanted.edited.flags & ~Flags.DELETED)])
        tx.expunge(at, ((uid, uid),), deleted_only=False)
    elif marks is not None:
        _change(tx, at, uid, (case.item.flags, case.item.keywords), marks)


def _mark(tx: WriteTx, at: FolderId, pairs: Sequence[tuple[Uid, Uid]], marks: FlagsAndWords) -> None:
    """Gives what has just been filed the flags that the script wants."""
    for _, uid in pairs:
        (there,) = tx.items(at, ((uid, uid),))
        _change(tx, at, uid, (there.flags, there.keywords), marks)


def _change(tx: WriteTx, at: FolderId, uid: Uid, old: FlagsAndWords, new: FlagsAndWords) -> None:
    """Only what the script has changed: whatever else was set meanwhile stays."""
    change = FlagChange(new[0] & ~old[0], old[0] & ~new[0], new[1] - old[1], old[1] - new[1])
    if any((change.add, change.remove, change.add_words, change.remove_words)):
        tx.update_flags(at, ((uid, uid),), change)


def _folder(tx: WriteTx, runner: Runner, filed: Filed) -> FolderId:
    account, to = runner.active.account, filed.to
    try:
        return tx.destination(account, to)
    except NotFound:
        if not to.create or not to.path:
            raise
        return tx.make_destination(account, to.path)
