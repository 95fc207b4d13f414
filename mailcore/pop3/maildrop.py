"""INBOX as it was when the session opened it. RFC 1939 §5; reference 3.2.4.

Invariants
1. Message n is the same message for the whole session; what others remove keeps its number, with size 0.
2. Nothing is removed before `update`, and then in one write.
3. What is read ahead was asked for by commands that have come: at most `AHEAD` messages and `AHEAD_OCTETS` octets.
   Where they ask for one behind the other, the next are read as well: `GUESSED_OCTETS`, for `GUESSED_SECONDS`.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from groupware.mime.lines import Crlf, crlf
from groupware.model.errors import NotFound
from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Folder, Role
from groupware.model.ids import BlobId, FolderId, Uid, ranges
from groupware.model.item import Item
from groupware.model.octets import PIECE
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.api import Blobs, ReadTx, Store, WriteTx
from mailcore.pop3.reply import Unreadable
from mailcore.pop3.sizes import Sizes
from mailcore.pop3.snapshots import Snapshot, Snapshots

AHEAD: Final = 64  # messages
AHEAD_OCTETS: Final = 1024 * 1024
GUESSED_OCTETS: Final = 256 * 1024
GUESSED_SECONDS: Final = 10.0
SMALL: Final = 128 * 1024  # octets; a larger message is read when its turn comes, and by TOP only as far as this
LARGE: Final = 1 << 20  # octets; such a message is told as it is read
MEASURED_AT_ONCE: Final = 500
SEEN: Final = FlagChange(add=Flags.SEEN)


@dataclass(frozen=True, slots=True)
class Large:
    """A message that is told as it is read: its octets with CRLF line ends, and how many these are."""

    size: int
    pieces: AsyncIterator[bytes]


class Maildrop:
    """One session's view of INBOX. `read`s and `write`s are in the name of `who`."""

    __slots__ = (
        "_ahead",
        "_blobs",
        "_folder",
        "_forgetting",
        "_gone",
        "_known",
        "_last",
        "_modseq",
        "_sizes",
        "_snapshot",
        "_snapshots",
        "_store",
        "_uids",
        "_uidvalidity",
        "_unseen",
        "_who",
        "deleted",
    )

    def __init__(self, store: Store, blobs: Blobs, sizes: Sizes, snapshots: Snapshots, who: Principal) -> None:
        self._store, self._blobs, self._sizes, self._who = store, blobs, sizes, who
        self._snapshots, self._snapshot = snapshots, Snapshot(0, -1, array("I"))
        self._folder, self._uidvalidity, self._modseq = FolderId(0), 0, -1
        self._uids: array[int] = array("I")
        self._known: dict[Uid, int] = {}
        self._gone: set[Uid] = set()
        self._ahead: dict[int, tuple[Item, bytes | None]] = {}
        self._last = 0  # the message that was asked for last
        self._forgetting: asyncio.TimerHandle | None = None
        self._unseen: set[Uid] = set()  # retrieved, and not yet marked as seen
        self.deleted: set[int] = set()

    async def open(self) -> None:
        """Take the snapshot."""

        def inbox(tx: ReadTx) -> Folder:
            return tx.role(self._who.account, Role.INBOX, Right.READ)

        def whole(tx: ReadTx) -> tuple[Folder, Sequence[Uid]]:
            found = inbox(tx)
            return found, tx.uids(found.id)

        at = await self._store.glance(self._who, inbox)
        known = self._snapshots.of(at)
        if known is None:
            at, uids = await self._store.read(self._who, whole)
            known = self._snapshots.keep(at, array("I", uids))
        self._snapshot, self._uids = known, known.uids
        self._folder, self._uidvalidity, self._modseq = at.id, at.uidvalidity, at.modseq
        self._known = self._sizes.of(self._folder, self._uidvalidity)

    def close(self) -> None:
        """Let go of what was read ahead."""
        self._ahead = {}
        if self._forgetting is not None:
            self._forgetting.cancel()

    # --- numbers

    def __len__(self) -> int:
        """How many messages there were, the deleted included."""
        return len(self._uids)

    def numbers(self) -> Iterator[int]:
        """Those that are not deleted, in order."""
        deleted = self.deleted
        return (number for number in range(1, len(self._uids) + 1) if number not in deleted)

    def unique(self, number: int) -> str:
        """The unique id: of this message and no other, in every session. RFC 1939 §7."""
        return f"{self._uidvalidity}.{self._uids[number - 1]}"

    def unique_lines(self) -> bytes:
        """Number and unique id of every message that is not deleted, a line each."""
        lines, deleted = self._snapshot.unique_lines(), self.deleted
        if not deleted:
            return lines
        return b"".join([line for n, line in enumerate(lines.splitlines(keepends=True), 1) if n not in deleted])

    def size_lines(self) -> bytes:
        """Number and size of every message that is not deleted, a line each. After `measure`."""
        known, gone, deleted = self._known, self._gone, self.deleted
        sizes = [0 if uid in gone else known.get(Uid(uid), 0) for uid in self._uids]
        return "".join([f"{n} {size}\r\n" for n, size in enumerate(sizes, 1) if n not in deleted]).encode()

    def size(self, number: int) -> int:
        """Octets as sent; 0 when others have removed the message. After `measure`."""
        uid = Uid(self._uids[number - 1])
        return 0 if uid in self._gone else self._known.get(uid, 0)

    async def measure(self) -> None:
        """Learn what others have removed, and the sizes that are not known yet; one hop."""
        seen, known, gone = self._modseq, self._known, self._gone
        unknown = [Uid(uid) for uid in self._uids if uid not in known and uid not in gone]

        def work(tx: ReadTx) -> tuple[int, Sequence[Uid] | None, dict[Uid, int]]:
            modseq = tx.folder(self._folder).modseq
            alive = None if modseq == seen and not unknown else tx.uids(self._folder)
            sizes: dict[Uid, int] = {}
            for start in range(0, len(unknown), MEASURED_AT_ONCE):
                some = ranges(unknown[start : start + MEASURED_AT_ONCE])
                sizes |= {item.uid: item.size + item.extra for item in tx.items(self._folder, some)}
            return modseq, alive, sizes

        self._modseq, alive, sizes = await self._store.read(self._who, work)
        if alive is not None:
            living = set(alive)
            self._gone = {Uid(uid) for uid in self._uids if uid not in living}
            if sizes:
                self._known = self._sizes.learn(self._folder, self._uidvalidity, sizes, living)

    # --- messages

    def has(self, number: int) -> bool:
        """Whether the message has been read ahead."""
        return number in self._ahead

    async def whole(self, number: int, soon: Sequence[int]) -> bytes | Large:
        """The message with CRLF line ends; it counts as retrieved. `soon` are those that will be asked for next.

        `NotFound` when others have removed it, `Unreadable` when its octets are lost.
        """
        item, octets = await self._take(number, soon)
        if octets is None and item.size > LARGE:
            first = await self._read(item, number, PIECE)  # whether it can be read at all shows before anything is said
            self._retrieved(item, b"")
            return Large(item.size + item.extra, self._pieces(item, number, first))
        if octets is None:
            octets = await self._read(item, number)
        return self._retrieved(item, octets)

    async def _pieces(self, item: Item, number: int, piece: bytes) -> AsyncIterator[bytes]:
        """A large message with CRLF line ends, beginning with this piece of it. `Unreadable`, `TryAgain`."""
        ends, at = Crlf(), len(piece)
        while at < item.size:
            yield ends.feed(piece)
            piece = await self._read(item, number, PIECE, at)
            if not piece:
                raise Unreadable(f"Message {number} is shorter than it was.")
            at += len(piece)
        yield ends.feed(piece) + ends.end()

    def ready(self, number: int) -> bytes | None:
        """As `whole`, for a message that has been read ahead and is not deleted; None when it is not so."""
        item, octets = self._ahead.get(number, (None, None))
        if item is None or octets is None or number in self.deleted:
            return None
        del self._ahead[number]
        self._last = number
        return self._retrieved(item, octets)

    def _retrieved(self, item: Item, octets: bytes) -> bytes:
        if Flags.SEEN not in item.flags:
            self._unseen.add(item.uid)
        return crlf(octets)

    async def top(self, number: int, lines: int, soon: Sequence[int]) -> bytes | AsyncIterator[bytes]:
        """Header, blank line and the first lines of the body. As `whole`, but it does not count as retrieved."""
        item, octets = await self._take(number, soon)
        if octets is None:
            start = crlf(await self._read(item, number, SMALL))
            if (end := end_of_top(start, lines)) is not None:
                return start[:end]
            if item.size > LARGE:
                return top_of(self._pieces(item, number, await self._read(item, number, PIECE)), lines)
            octets = await self._read(item, number)
        octets = crlf(octets)
        return octets[: end_of_top(octets, lines)]

    async def _take(self, number: int, soon: Sequence[int]) -> tuple[Item, bytes | None]:
        if number not in self._ahead:
            asked = list(dict.fromkeys((number, *islice(soon, AHEAD - 1))))
            self._ahead = await self._read_ahead(asked, self._guessed(asked))
        self._last = number
        found = self._ahead.pop(number, None)
        if found is None:
            self._gone.add(Uid(self._uids[number - 1]))
            raise NotFound(f"Message {number} has been removed by another session.")
        return found

    def _guessed(self, asked: Sequence[int]) -> Sequence[int]:
        """Those behind the messages that are asked for: a client that takes one after the other will want them next."""
        if not self._last or asked[0] != self._last + 1:
            return ()
        behind = range(max(asked) + 1, len(self._uids) + 1)
        return [number for number in behind[: AHEAD - len(asked)] if number not in self.deleted]

    async def _read_ahead(self, numbers: Sequence[int], guessed: Sequence[int]) -> dict[int, tuple[Item, bytes | None]]:
        """The items of these messages, with the octets of the small ones as far as the bounds allow."""
        wanted = {Uid(self._uids[number - 1]): number for number in (*numbers, *guessed)}
        chosen, folder = ranges(wanted), self._folder
        items = {item.uid: item for item in await self._store.glance(self._who, lambda tx: tx.items(folder, chosen))}
        blobs: set[BlobId] = set()
        room, guess = AHEAD_OCTETS, GUESSED_OCTETS
        for place, (uid, number) in enumerate(wanted.items()):
            item = items.get(uid)
            if item is None:
                continue
            if place >= len(numbers):
                guess = min(guess, room) - item.size
                if item.size > SMALL or guess < 0:  # neither this one nor those behind it
                    items = {each: one for each, one in items.items() if wanted[each] < number}
                    break
                blobs.add(item.blob)
            elif item.size <= SMALL and (item.size <= room or not blobs):
                room -= item.size
                blobs.add(item.blob)
        bodies = await self._blobs.read_many(list(blobs)) if blobs else {}
        if guessed:
            self._forget_later()
        return {wanted[uid]: (item, bodies.get(item.blob)) for uid, item in items.items()}

    def _forget_later(self) -> None:
        """What was only guessed is not kept for long: others may change it, and a client that waits needs no room."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = asyncio.get_running_loop().call_later(GUESSED_SECONDS, self.close)

    async def _read(self, item: Item, number: int, length: int | None = None, start: int = 0) -> bytes:
        try:
            return await self._blobs.read(item.blob, start, length)
        except NotFound as error:
            raise Unreadable(f"Message {number} cannot be read; the administrator can see why in the log.") from error

    # --- changes

    @property
    def unmarked(self) -> int:
        """How many retrieved messages wait to be marked as seen."""
        return len(self._unseen)

    async def mark(self) -> None:
        """Mark as seen what was retrieved since the last time, in one write."""
        uids, self._unseen = self._unseen, set()
        if uids:
            chosen, folder = ranges(uids), self._folder
            await self._store.write(self._who, lambda tx: tx.update_flags(folder, chosen, SEEN))

    async def update(self) -> int:
        """The UPDATE state: mark and remove, in one write; how many messages are gone by it. RFC 1939 §6."""
        removed = {Uid(self._uids[number - 1]) for number in self.deleted} - self._gone
        seen, self._unseen = self._unseen - removed, set()
        folder = self._folder

        def work(tx: WriteTx) -> int:
            if seen:
                tx.update_flags(folder, ranges(seen), SEEN)
            return len(tx.expunge(folder, ranges(removed), deleted_only=False)) if removed else 0

        return await self._store.write(self._who, work) if seen or removed else 0


def end_of_top(octets: bytes, lines: int) -> int | None:
    """Where the header, the blank line and so many lines of the body end; None when the octets end before that."""
    end = 2 if octets.startswith(b"\r\n") else octets.find(b"\r\n\r\n") + 4
    if end < 4 and not octets.startswith(b"\r\n"):
        return None
    for _ in range(lines):
        found = octets.find(b"\n", end)
        if found < 0:
            return None
        end = found + 1
    return end


async def top_of(pieces: AsyncIterator[bytes], lines: int) -> AsyncIterator[bytes]:
    """The header, the blank line and so many lines of the body of a message that comes piece by piece."""
    tail, left = b"\r\n", -1  # the octets before; lines of the body that are still wanted, -1: it is in the header
    async for piece in pieces:
        at = 0
        if left < 0:
            blank = (tail + piece).find(b"\r\n\r\n")
            tail, before = (tail + piece)[-3:], len(tail)
            if blank < 0:
                yield piece
                continue
            at, left = blank + 4 - before, lines
        while left and (end := piece.find(b"\n", at)) >= 0:
            at, left = end + 1, left - 1
        if not left:
            yield piece[:at]
            return
        yield piece
