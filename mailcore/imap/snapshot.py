"""A folder as its reader last had it, so that SELECT reads what has changed since and no more.

Nothing here says who may read what: a snapshot is brought up to date in the transaction that opens the folder, and
each belongs to one account.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

from groupware.model.flags import words_in
from groupware.model.folder import Folder
from groupware.model.ids import BEGINNING, AccountId, FolderId, ModSeq
from groupware.model.item import Changes
from groupware.model.rights import Right
from groupware.store.api import ReadTx

MOST_MESSAGES: Final = 1_000_000  # that are remembered: about 13 octets each
OF_A_FOLDER: Final = 50  # messages that the rest of a snapshot is worth
AT_HAND: Final = 100  # rows or changes that are read without waking a thread
FEW: Final = 200  # taken out one by one; more by building anew

Columns = tuple["array[int]", "array[int]", bytearray]
"""UIDs, modseqs and flags."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The messages of a folder, in UID order. It never changes; whoever wants to change it copies it."""

    uidvalidity: int
    modseq: ModSeq
    uids: array[int]
    modseqs: array[int]
    flags: bytearray
    words: Mapping[int, frozenset[str]]
    """Keywords, by UID, of those that have any."""


def snapshot(uidvalidity: int, changes: Changes) -> Snapshot:
    """Of all that there is."""
    uids, modseqs, flags, words = zip(*changes.changed, strict=True) if changes.changed else ((), (), (), ())
    kept = {uid: words_in(each) for uid, each in zip(uids, words, strict=True) if each} if any(words) else {}
    return Snapshot(uidvalidity, changes.modseq, array("I", uids), array("Q", modseqs), bytearray(flags), kept)


def later(known: Snapshot, changes: Changes) -> Snapshot:
    """The folder after these changes."""
    if changes.reset:
        return snapshot(known.uidvalidity, changes)
    if not changes.changed and not changes.vanished:
        return Snapshot(known.uidvalidity, changes.modseq, known.uids, known.modseqs, known.flags, known.words)
    uids, modseqs, flags, words = known.uids[:], known.modseqs[:], known.flags[:], dict(known.words)
    for entry in changes.changed:
        at = bisect_left(uids, entry.uid)
        if at == len(uids):
            uids.append(entry.uid)
            modseqs.append(entry.modseq)
            flags.append(entry.bits)
        elif uids[at] == entry.uid:
            modseqs[at], flags[at] = entry.modseq, entry.bits
        if entry.words:
            words[entry.uid] = entry.keywords
        else:
            words.pop(entry.uid, None)
    gone = [at for at in (bisect_left(uids, uid) for uid in changes.vanished) if at < len(uids)]
    places = [at for at, uid in zip(gone, changes.vanished, strict=False) if uids[at] == uid]
    for at in places:
        words.pop(uids[at], None)
    uids, modseqs, flags = without((uids, modseqs, flags), places)
    return Snapshot(known.uidvalidity, changes.modseq, uids, modseqs, flags, words)


def without(columns: Columns, places: Sequence[int]) -> Columns:
    """The columns without what stands in these places, which are in order; the columns given may change."""
    uids, modseqs, flags = columns
    if len(places) <= FEW:
        for at in reversed(places):
            del uids[at], modseqs[at], flags[at]
        return columns
    keep = bytearray(b"\1") * len(uids)
    for at in places:
        keep[at] = 0
    return array("I", compress(uids, keep)), array("Q", compress(modseqs, keep)), bytearray(compress(flags, keep))


_Key = tuple[AccountId, FolderId, bool]
"""Whose, of which folder, and whether private items are in it."""


def _key(account: AccountId, folder: Folder) -> _Key:
    """Who comes to see private items, or no longer does, sees another folder, though nothing in it changes."""
    return account, folder.id, Right.PRIVATE in folder.rights


def long_since(folder: Folder, since: ModSeq) -> bool:
    """Whether what has changed since is more than a few rows."""
    return folder.modseq - since > AT_HAND


class Snapshots:
    """Those of the folders that were selected last."""

    __slots__ = ("_kept", "_messages", "_most")

    def __init__(self, most: int = MOST_MESSAGES) -> None:
        self._kept: OrderedDict[_Key, Snapshot] = OrderedDict()
        self._messages = 0
        self._most = most

    def read(self, tx: ReadTx, folder: Folder, missed: tuple[ModSeq, Changes] | None = None) -> Snapshot:
        """The folder as it is now. `missed`: what has changed since a modseq, if that has been read. Takes `r`."""
        known = self._known(tx, folder)
        if known is None:
            return snapshot(folder.uidvalidity, tx.changes(folder.id, BEGINNING))
        if missed is not None and missed[0] <= known.modseq and not missed[1].reset:
            return later(known, missed[1])  # more than the snapshot lacks, which does no harm
        return later(known, tx.changes(folder.id, known.modseq))

    def at_hand(self, tx: ReadTx, folder: Folder) -> bool:
        """Whether that is a matter of a few rows."""
        known = self._known(tx, folder)
        return folder.total <= AT_HAND or (known is not None and not long_since(folder, known.modseq))

    def _known(self, tx: ReadTx, folder: Folder) -> Snapshot | None:
        known = self._kept.get(_key(tx.who.account, folder))
        return known if known is not None and known.uidvalidity == folder.uidvalidity else None

    def keep(self, account: AccountId, folder: Folder, new: Snapshot) -> None:
        """Remember it for the next time."""
        former = self._kept.pop(_key(account, folder), None)
        if former is not None:
            self._messages -= len(former.uids) + OF_A_FOLDER
        if former is not None and former.modseq > new.modseq:
            new = former
        self._kept[_key(account, folder)] = new
        self._messages += len(new.uids) + OF_A_FOLDER
        while self._messages > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._messages -= len(oldest.uids) + OF_A_FOLDER
