"""How many emails and threads a mailbox has, where some of its messages are the same email as others (decision 387)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from groupware.mime.threads import Threads
from groupware.model.flags import Flags
from groupware.model.folder import Folder
from groupware.model.ids import EVERY, AccountId, FolderId, ItemId, ModSeq, Uid
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from web.jmap.instances import instances_of, marks_of, twins_in

_SEEN: Final = Flags.SEEN.value
_UNREAD: Final = Flags.SEEN.value | Flags.DRAFT.value
_KEPT: Final = 10_000
_lock = threading.Lock()
Kept = OrderedDict[tuple[AccountId, FolderId, ModSeq], tuple[int, int]]
"""Threads and unread threads of a folder at a modseq, which never become others."""
_of_stores: WeakKeyDictionary[Threads, Kept] = WeakKeyDictionary()


class Twin(NamedTuple):
    """A message of an email that is several messages: its flags, and those of the email."""

    email: ItemId
    own: int
    bits: int


Twins = Mapping[FolderId, Mapping[Uid, Twin]]


def twins_of(tx: ReadTx, folders: Sequence[Folder]) -> Twins:
    """Those in the folders that may be read."""
    found: dict[FolderId, dict[Uid, Twin]] = {}
    for email, some in twins_in(tx, _readable(folders)).items():
        bits, _ = marks_of(some)
        for each in some:
            found.setdefault(each.folder, {})[each.uid] = Twin(email, each.bits, bits)
    return found


def _readable(folders: Sequence[Folder]) -> dict[FolderId, Folder]:
    return {each.id: each for each in folders if Right.READ in each.rights}


def total(at: Folder, twins: Twins) -> int:
    """How many emails are in it."""
    here = twins.get(at.id, {})
    return at.total - len(here) + len({each.email for each in here.values()})


def unread(at: Folder, twins: Twins) -> int:
    """How many of them have not been read."""
    here = twins.get(at.id, {}).values()
    return at.unseen - sum(not each.own & _SEEN for each in here) + len({e.email for e in here if not e.bits & _SEEN})


def threads(tx: ReadTx, at: Folder, counted: Threads, twins: Twins) -> tuple[int, int]:
    """How many threads have an email in the mailbox, and how many an unread one that is there."""
    if Right.READ not in at.rights:
        return 0, 0
    here = twins.get(at.id)
    if here:
        return _counted(tx, at, counted, here)
    key = (tx.who.account, at.id, at.modseq)
    with _lock:
        kept = _of_stores.setdefault(counted, OrderedDict())
        known = kept.get(key)
    if known is None:
        known = _counted(tx, at, counted, {})
        with _lock:
            kept[key] = known
            if len(kept) > _KEPT:
                kept.popitem(last=False)
    return known


def _counted(tx: ReadTx, at: Folder, counted: Threads, here: Mapping[Uid, Twin]) -> tuple[int, int]:
    emails, every, some = counted.placed_in(tx, at.id), set(), set()
    for uid, bits in tx.columns(at.id, ("bits",), EVERY):
        if uid in emails:
            every.add(emails[uid].thread)
            if not (here[uid].bits if uid in here else bits) & _UNREAD:
                some.add(emails[uid].thread)
    return len(every), len(some)


def others_counted(tx: ReadTx, folders: Sequence[Folder], since: ModSeq) -> set[FolderId]:
    """The mailboxes whose numbers may be others since a moment for what happened to the same emails elsewhere."""
    readable = _readable(folders)
    emails: set[ItemId] = set()
    copied = any(each.copies for each in readable.values())
    for at, folder in readable.items():
        if folder.modseq > since:
            found = tx.email_turnover(at, since)
            if found is None:
                return set(readable)
            emails.update(each.email for each in (*found.changed, *found.gone))
            copied = copied or any(each.email != each.item for each in found.gone)
    there = instances_of(tx, readable, sorted(emails)) if copied and emails else {}
    return {each.folder for some in there.values() for each in some}
