"""A session's own view of the folder that it has selected.

Invariants
1. A sequence number means the same message from one EXPUNGE response to the next: what vanishes stays in its place
   until the client is told. What is new stands at the end, and only behind what was announced before.
   A client that knows no numbers (RFC 9586) is told UIDs in their stead; places are the same.
2. The view knows everything up to `modseq`. Whoever changes something himself says so with `saw`, so that the
   difference that comes later is not told to the client again.
3. Nothing here asks the store: it is given entries and deltas.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, Protocol

from groupware.model.flags import FLAGS, FlagChange, apply
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ModSeq, Uid, Uids, ranges
from groupware.model.item import Changes, Entry
from groupware.model.rights import ALL
from mailcore.imap.grammar import SAVED, STAR, Numbers
from mailcore.imap.modes import Modes
from mailcore.imap.reply import flag_words, number_set
from mailcore.imap.snapshot import Snapshot, without

MANY: Final = 20  # messages that are worth a look at how they stand
NO_WORDS: Final = frozenset[str]()


class NoSuchMessage(Exception):
    """A sequence number beyond the last message: the client does not know its own view."""


class NeedsUid(Exception):
    """A sequence number from a client that has given them up. RFC 9586 §3."""


class Follower(Protocol):
    """A search in the folder whose results are kept up to date for the client."""

    def parting(self) -> list[bytes]:
        """What is to be told before the view lets go of what vanished."""
        ...

    async def news(self) -> list[bytes]:
        """What is to be told of what changed, when the client knows of it."""
        ...


class View:
    """What the client has been told, and what it has yet to be told."""

    __slots__ = (
        "_cut",
        "_gone",
        "_new",
        "_told",
        "_touched",
        "contexts",
        "flags",
        "folder",
        "limit",
        "modes",
        "modseq",
        "modseqs",
        "read_only",
        "recents",
        "rights",
        "saved",
        "stirred",
        "uids",
        "unclaimed",
        "until",
        "version",
        "withheld",
        "words",
    )

    def __init__(self, folder: Folder, now: Snapshot, modes: Modes, *, read_only: bool) -> None:
        self.folder: FolderId = folder.id
        self.rights = folder.rights
        self.withheld = False
        """The alarms of what is in it are its owner's, and not told."""
        self.until = folder.until
        """When the user may do something else here than now: microseconds since 1970."""
        self.modseq: ModSeq = now.modseq
        self.version: Hashable = None
        """What the store's version was when one looked last at how the folder stands."""
        self.read_only = read_only
        self.modes = modes
        self.recents: set[int] = set()
        """UIDs of the messages that are recent in this session."""
        self.unclaimed = int(folder.uidnext)
        """From which UID on nobody had been told of the messages when the folder was selected."""
        self.uids, self.modseqs, self.flags = now.uids[:], now.modseqs[:], now.flags[:]
        self.words: dict[int, frozenset[str]] = dict(now.words)
        self.saved = array("I")
        """UIDs that SEARCH has kept: $."""
        self.contexts: dict[bytes, Follower] = {}
        """Searches that are followed, by the tag of their command."""
        self.stirred = 0
        """Goes up with whatever the view learns of a message."""
        self.limit = 0
        """Messages that one command works on; 0: any number. RFC 9738."""
        self._cut = 0  # the lowest UID that this command works on, when others were left out
        self._new = 0  # the first UID of those whose being recent is not settled
        self._told = len(self.uids)  # how many the client knows of
        self._gone: set[int] = set()  # UIDs that vanished and are still in their place
        self._touched: set[int] = set()  # UIDs whose flags changed and are yet to be told

    # --- numbers

    @property
    def last(self) -> int:
        """The highest UID that the client may know of; 0 in an empty folder."""
        return self.uids[-1] if self.uids else 0

    @property
    def last_told(self) -> int:
        """The highest UID that the client has been told of; 0 for none."""
        return self.uids[self._told - 1] if self._told else 0

    @property
    def told_count(self) -> int:
        """How many messages the client knows of: what is new stands behind them."""
        return self._told

    def place(self, uid: int) -> int:
        """Where the message of that UID stands, from 0; -1 when it does not."""
        at = bisect_left(self.uids, uid)
        return at if at < len(self.uids) and self.uids[at] == uid else -1

    def uid_ranges(self, numbers: Numbers, *, uid: bool) -> list[tuple[Uid, Uid]]:
        """The closed UID ranges that a sequence set means, sorted and apart, none beyond the view.

        `NoSuchMessage`, `NeedsUid`.
        """
        if numbers == SAVED:
            return ranges([uid for uid in self.saved if self.place(uid) >= 0])
        if self.modes.uidonly and not uid:
            raise NeedsUid("message numbers are given up; use UIDs")
        found = sorted(self._by_uid(numbers) if uid else self._by_number(numbers))
        merged: list[tuple[Uid, Uid]] = []
        for first, last in found:
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], Uid(max(merged[-1][1], last)))
            else:
                merged.append((Uid(first), Uid(last)))
        return merged

    def chosen(self, numbers: Numbers, *, uid: bool) -> list[tuple[Uid, Uid]]:
        """The same for a command that works on these messages: the newest of them, as many as it may."""
        found = self.uid_ranges(numbers, uid=uid)
        if not self.limit:
            return found
        places = self.newest(self.places(found))
        return found if not self._cut else ranges([self.uids[at] for at in places])

    def newest(self, places: Sequence[int]) -> Sequence[int]:
        """The last of these places, as many as one command may work on."""
        if not 0 < self.limit < len(places):
            return places
        kept = places[-self.limit :]
        self._cut = self.uids[kept[0]]
        return kept

    def take_cut(self) -> int:
        """The lowest UID that this command worked on, if it left any out; else 0."""
        cut, self._cut = self._cut, 0
        return cut

    def _by_uid(self, numbers: Numbers) -> Iterable[tuple[int, int]]:
        top = self.last
        for one, other in numbers:
            first, last = sorted((one or top, other or top))
            if first <= top and last:
                yield max(first, 1), min(last, top)

    def _by_number(self, numbers: Numbers) -> Iterable[tuple[int, int]]:
        count = len(self.uids)
        for one, other in numbers:
            if not count and STAR in (one, other):
                continue
            first, last = sorted((one or count, other or count))
            if last > count:
                raise NoSuchMessage(f"there are {count} messages, so no number {last}")
            yield self.uids[first - 1], self.uids[last - 1]

    def count(self, ranges: Uids) -> int:
        """How many messages stand in these UID ranges."""
        return sum(bisect_left(self.uids, last + 1) - bisect_left(self.uids, first) for first, last in ranges)

    def places(self, ranges: Uids) -> list[int]:
        """Where the messages in these UID ranges stand, in order."""
        found: list[int] = []
        for first, last in ranges:
            found.extend(range(bisect_left(self.uids, first), bisect_left(self.uids, last + 1)))
        return found

    def number(self, at: int) -> int:
        """What the client calls the message in that place: its sequence number, or its UID where there are none."""
        return self.uids[at] if self.modes.uidonly else at + 1

    @property
    def lead(self) -> bytes:
        """How a response about one message begins; %d stands for its `number`. RFC 9586 §3.3."""
        return b"* %d UIDFETCH (" if self.modes.uidonly else b"* %d FETCH ("

    # --- what one knows

    @property
    def condstore(self) -> bool:
        """Whether the client knows of MODSEQ."""
        return self.modes.condstore

    def keywords(self) -> list[str]:
        """All keywords that messages carry here."""
        return sorted(set().union(*self.words.values()))

    def words_at(self, at: int) -> frozenset[str]:
        """The keywords of the message in that place."""
        return self.words.get(self.uids[at], NO_WORDS)

    def recent(self) -> int:
        """How many messages are recent in this session."""
        return len(self.recents)

    def claim(self, first: int) -> None:
        """Of the messages that are new here, those from this UID on are recent in this session."""
        start = bisect_left(self.uids, max(first, self._new))
        self.recents.update(self.uids[start:])
        self._new = self.last + 1

    def flags_at(self, at: int) -> bytes:
        """FLAGS of the message in that place, without parentheses."""
        uid = self.uids[at]
        return flag_words(self.flags[at], self.words.get(uid, NO_WORDS), recent=uid in self.recents)

    def fetch(self, at: int, *, uid: bool) -> bytes:
        """The FETCH line that tells the flags of the message in that place."""
        more = self._uid(at, asked=uid)
        modseq = b" MODSEQ (%d)" % self.modseqs[at] if self.condstore else b""
        return (self.lead + b"FLAGS (%b)%b%b)\r\n") % (self.number(at), self.flags_at(at), more, modseq)

    def fetch_modseq(self, at: int, *, uid: bool) -> bytes:
        """The FETCH line that tells only the MODSEQ of the message in that place."""
        more = self._uid(at, asked=uid)
        return (self.lead + b"MODSEQ (%d)%b)\r\n") % (self.number(at), self.modseqs[at], more)

    def _uid(self, at: int, *, asked: bool) -> bytes:
        """UID, where the client wants it with every response and has not got it.

        RFC 7162 §3.2.4, RFC 9051 §7.5.2, RFC 5465 §5.1.
        """
        modes = self.modes
        wanted = (asked or modes.qresync or modes.rev2 or modes.notified) and not modes.uidonly
        return b" UID %d" % self.uids[at] if wanted else b""

    @property
    def pending(self) -> bool:
        """Whether the client is yet to be told of something."""
        return bool(self._gone or self._touched) or len(self.uids) > self._told

    def there(self, at: int) -> bool:
        """Whether the message in that place still exists, as far as the view knows."""
        return self.uids[at] not in self._gone

    # --- what one learns

    def saw(self, changed: Sequence[Entry]) -> Sequence[int]:
        """Take over what the session changed or read itself; gives back the places. It is told by whoever calls."""
        side = self._side_by_side(changed)
        if side is not None:
            self.stirred += 1
            self.flags[side] = bytes([entry.bits for entry in changed])
            self.modseqs[side] = array("Q", map(max, [entry.modseq for entry in changed], self.modseqs[side]))
            if self._touched:
                self._touched.difference_update([entry.uid for entry in changed])
            return range(side.start, side.stop)
        places = []
        for entry in changed:
            at = self.place(entry.uid)
            if at >= 0:
                self._put(at, entry)
                self._touched.discard(entry.uid)
                places.append(at)
        return places

    def _side_by_side(self, changed: Sequence[Entry]) -> slice | None:
        """The places of these messages when they stand side by side, and neither they nor any here have keywords."""
        if len(changed) < MANY or self.words or any(entry.words for entry in changed):
            return None
        first = self.place(changed[0].uid)
        side = slice(first, first + len(changed))
        same = first >= 0 and self.uids[side] == array("I", [entry.uid for entry in changed])
        return side if same else None

    def surprising(self, changed: Sequence[Entry], change: FlagChange) -> Sequence[int]:
        """UIDs of those entries that are not what the client makes of this change and what it has been told."""
        side = self._side_by_side(changed) if not self._touched and not change.add_words else None
        if side is not None:
            made = bytes([apply(change, ALL, flags, NO_WORDS)[0].value for flags in FLAGS])
            if self.flags[side].translate(made.ljust(256, b"\0")) == bytes([entry.bits for entry in changed]):
                return ()
        return self._surprising(changed, change)

    def _surprising(self, changed: Sequence[Entry], change: FlagChange) -> Sequence[int]:
        made: dict[tuple[int, frozenset[str]], tuple[int, frozenset[str]]] = {}
        found: list[int] = []
        for entry in changed:
            at = self.place(entry.uid)
            if at < 0:
                continue
            before = (self.flags[at], self.words_at(at))
            after = made.get(before)
            if after is None:
                flags, words = apply(change, ALL, FLAGS[before[0]], before[1])
                after = made[before] = (flags.value, words)
            if after != (entry.bits, entry.keywords) or entry.uid in self._touched:
                found.append(entry.uid)
        return found

    def touch(self, uids: Iterable[int]) -> None:
        """The flags of these messages are yet to be told."""
        self._touched.update(uids)

    def told(self, places: Iterable[int]) -> None:
        """The client has just been told the flags of the messages in these places."""
        if self._touched:
            self._touched -= {self.uids[at] for at in places}

    def leaving(self) -> list[int]:
        """UIDs of what vanished and is still in its place, in order."""
        return sorted(self._gone)

    def lost(self, uids: Iterable[int]) -> None:
        """These messages are gone; the client is told when it may be."""
        self._gone.update(uid for uid in uids if self.place(uid) >= 0)

    def learn(self, changes: Changes) -> None:
        """Take over what changed since `modseq`."""
        if changes.reset:
            there = {entry.uid for entry in changes.changed}
            self.lost(uid for uid in self.uids if uid not in there)
        for entry in changes.changed:
            self._learn(entry, anew=changes.reset)
        self.lost(changes.vanished)
        self.modseq = max(self.modseq, changes.modseq)

    def _learn(self, entry: Entry, *, anew: bool) -> None:
        """`anew`: what was known of it may be wrong though nothing was counted, as when \\Seen becomes everybody's."""
        self.stirred += 1
        if not self.uids or entry.uid > self.uids[-1]:
            self.uids.append(entry.uid)
            self.modseqs.append(entry.modseq)
            self.flags.append(entry.bits)
            if entry.words:
                self.words[entry.uid] = entry.keywords
            return
        at = self.place(entry.uid)
        if at < 0:
            return
        newer = self.modseqs[at] < entry.modseq
        if newer or anew:
            if self._differs(at, entry, newer=newer):
                self._touched.add(entry.uid)
            self._put(at, entry)

    def _differs(self, at: int, entry: Entry, *, newer: bool) -> bool:
        if self.condstore and newer:
            return True
        return self.flags[at] != entry.bits or self.words_at(at) != entry.keywords

    def _put(self, at: int, entry: Entry) -> None:
        self.stirred += 1
        self.modseqs[at] = max(self.modseqs[at], entry.modseq)
        self.flags[at] = entry.bits
        if entry.words:
            self.words[entry.uid] = entry.keywords
        else:
            self.words.pop(entry.uid, None)

    # --- what the client is told

    def announce(self, *, expunges: bool, flags: bool = True) -> list[bytes]:
        """The untagged responses that are due; EXPUNGE only where the command allows it (RFC 3501 §7.4.1)."""
        lines: list[bytes] = []
        if self._gone and expunges:
            lines += self._expunge()
        if len(self.uids) > self._told:
            self._told = len(self.uids)
            lines.append(self.exists())
        if self._touched and flags:
            touched, self._touched = sorted(self._touched - self._gone), self._touched & self._gone
            places = [self.place(uid) for uid in touched]
            lines += [self.fetch(at, uid=False) for at in places if at >= 0]
        return lines

    def exists(self) -> bytes:
        """How many messages there are, and how many of them are recent."""
        recent = b"" if self.modes.rev2 else b"* %d RECENT\r\n" % self.recent()
        return b"* %d EXISTS\r\n%b" % (len(self.uids), recent)

    def _expunge(self) -> list[bytes]:
        """Takes what vanished out of the view, and says so in ascending order, each number as it is by then."""
        gone = [at for at in (self.place(uid) for uid in sorted(self._gone)) if at >= 0]
        told = [at for at in gone if at < self._told]
        if self.modes.vanishes:
            lines = [b"* VANISHED %b\r\n" % number_set([self.uids[at] for at in told])] if told else []
        else:
            lines = [b"* %d EXPUNGE\r\n" % (at + 1 - before) for before, at in enumerate(told)]
        for at in gone:
            self.words.pop(self.uids[at], None)
            self.recents.discard(self.uids[at])
        self.uids, self.modseqs, self.flags = without((self.uids, self.modseqs, self.flags), gone)
        self._touched -= self._gone
        self._gone = set()
        self._told -= len(told)
        return lines
