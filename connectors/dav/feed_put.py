"""A whole calendar or address book put in the place of what is there, as programs that publish do.

Object by object, by UID: what is new is added, what differs is changed, what is missing is taken away. A file that is
wrong anywhere changes nothing; `AT_ONCE` changes are one write. What one may not see stays. A meeting with others stays
as it is when the file has it not, and may not be changed in this way: that is for the programs of those who take part,
who are told then.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from connectors.dav.errors import DavError
from connectors.dav.shelf import COMPONENTS
from groupware.calendar import item as calendar_item
from groupware.calendar.personal import merged, own_of
from groupware.calendar.split import split as split_calendar
from groupware.contacts import card
from groupware.contacts.split import split as split_cards
from groupware.model.content import ordered, parse, serialized
from groupware.model.errors import IdentTaken, Locked, Malformed, NoRight, OverQuota, TryAgain
from groupware.model.folder import Folder
from groupware.model.ids import EVERY, BlobId, FolderId, ModSeq, Uid
from groupware.model.item import Item, Kind, NewItem
from groupware.model.meeting import Overtaken
from groupware.model.principal import Principal
from groupware.store.api import Blobs, ReadTx, WriteTx
from mailcore.server.parts import Parts

TRIES: Final = 5
MOST: Final = 20_000
"""Objects in one file."""
AT_ONCE: Final = 250
"""Objects that one write adds or changes, and as many that it takes away."""
MOST_SAID: Final = 5
"""Objects that are named when a file is refused."""

Check = Callable[[ReadTx], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the objects."""

    added: int = 0
    changed: int = 0
    dropped: int = 0

    def plus(self, more: Done) -> Done:
        """Both together."""
        return Done(self.added + more.added, self.changed + more.changed, self.dropped + more.dropped)

    @property
    def so_far(self) -> str:
        """In words, where more was to be done."""
        if self == Done():
            return "Nothing was changed."
        counts = f"{self.added} added, {self.changed} changed, {self.dropped} taken away"
        return f"So far: {counts}. Publish again to go on from there."


@dataclass(frozen=True, slots=True)
class _There:
    """What is in the folder: each object's item by its UID, and which of them are meetings with others."""

    items: Mapping[str, Item]
    meetings: frozenset[str]
    seen: Mapping[Uid, BlobId]
    """All that was there, to see whether it still is."""


async def replaced(parts: Parts, who: Principal, folder: Folder, octets: bytes, check: Check) -> Done:
    """Makes the folder hold what the file has. `check` raises in the first write for what forbids it. `DavError`.

    A large file is stored in several writes, so that others have their turn; what has been stored when one of them
    fails stays, and who publishes again goes on from there.
    """
    pieces = await asyncio.to_thread(pieces_of, folder, octets)
    done = Done()
    for _ in range(TRIES):
        there = await _there(parts, who, folder.id)
        new = await _changed(parts.blobs, folder, pieces, there)
        going = sorted(item.uid for uid, item in there.items.items() if uid not in pieces and uid not in there.meetings)
        try:
            at: _Mark | None = None
            for step in _steps(folder, there, new, going):
                at = await parts.store.write(who, partial(_put, step, at, check if done == Done() else None))
                done = done.plus(at.done)
            return done
        except Overtaken:
            continue
        except IdentTaken as error:
            raise DavError(409, f"{error}; one of them is not yours to see. {done.so_far}") from None
        except (NoRight, OverQuota) as error:
            raise type(error)(f"{error}. {done.so_far}") from None
    raise TryAgain(f"others are changing this calendar again and again; try again in a moment. {done.so_far}")


def pieces_of(folder: Folder, octets: bytes) -> Mapping[str, bytes]:
    """The objects of the file by UID, all of them right. `DavError` names those that are not."""
    contacts = folder.kind == Kind.CONTACTS
    found: dict[str, bytes] = {}
    wrong: list[str] = []
    if not octets.strip():
        raise DavError(400, "the file is empty: a calendar without events has BEGIN:VCALENDAR and END:VCALENDAR")
    try:
        for piece in split_cards(octets) if contacts else split_calendar(octets):
            if piece.read is None:
                wrong.append(f"{piece.uid[:80]}: {piece.refused}")
            elif piece.read.uid in found:
                wrong.append(f"{piece.uid[:80]}: it is there twice")
            elif not contacts and (why := _misplaced(folder, piece.read.octets)):
                wrong.append(f"{piece.uid[:80]}: {why}")
            else:
                found[piece.read.uid] = piece.read.octets
    except Malformed as error:
        raise DavError(400, f"this is no file of {'contacts' if contacts else 'a calendar'}: {error}") from None
    if wrong:
        more = f"\nand {len(wrong) - MOST_SAID} more" if len(wrong) > MOST_SAID else ""
        raise DavError(403, "Nothing was changed:\n" + "\n".join(wrong[:MOST_SAID]) + more)
    if len(found) > MOST:
        raise DavError(403, f"the file has {len(found)} objects, and {MOST} are taken at most")
    return found


def _misplaced(folder: Folder, octets: bytes) -> str:
    kinds = {part.name for part in parse(octets)[0].parts} - {"VTIMEZONE"}
    wanted = COMPONENTS.get(folder.kind, ())
    return "" if kinds <= set(wanted) else f"{', '.join(sorted(kinds))} has no place here; {', '.join(wanted)} has"


async def _there(parts: Parts, who: Principal, at: FolderId) -> _There:
    def work(tx: ReadTx) -> tuple[Sequence[Item], frozenset[int]]:
        return tx.items(at, EVERY), frozenset(tx.schedule_tags(at))

    items, tagged = await parts.store.read(who, work)
    bodies = await parts.blobs.read_many([each.blob for each in items])
    idents = await asyncio.to_thread(lambda: {blob: _uid(octets) for blob, octets in bodies.items()})
    by_uid = {idents[each.blob]: each for each in items if each.blob in idents}
    meetings = frozenset(uid for uid, each in by_uid.items() if each.uid in tagged)
    return _There(by_uid, meetings, {each.uid: each.blob for each in items})


def _uid(octets: bytes) -> str:
    """The UID of a stored object."""
    whole = parse(octets)[0]
    parts = [whole] if whole.name == "VCARD" else [part for part in whole.parts if part.name != "VTIMEZONE"]
    return parts[0].text("UID").strip()


async def _changed(blobs: Blobs, folder: Folder, pieces: Mapping[str, bytes], there: _There) -> Mapping[str, NewItem]:
    """What of the file is new or not what is there, ready to be stored. `DavError` for a meeting that differs."""
    stored = await blobs.read_many([there.items[uid].blob for uid in pieces if uid in there.items])
    if folder.kind != Kind.CONTACTS:
        pieces = await asyncio.to_thread(_with_alarms, pieces, there, stored)
    found: dict[str, NewItem] = {}
    for uid in await asyncio.to_thread(_differing, pieces, there, stored):
        if uid in there.meetings:
            text = f"{uid[:80]}: a meeting with others is changed in the program of who organizes or attends it."
            raise DavError(403, f"Nothing was changed:\n{text}")
        old = there.items.get(uid)
        name = old.name if old is not None and old.name else _name(folder, uid)
        found[uid] = await _item(blobs, folder, pieces[uid], name)
        await asyncio.sleep(0)  # others have their turn between two of thousands
    return found


def _with_alarms(pieces: Mapping[str, bytes], there: _There, stored: Mapping[BlobId, bytes]) -> Mapping[str, bytes]:
    """The objects with the alarms that their owner has; a link is nobody who could have alarms (decision 237)."""
    before = {uid: stored.get(item.blob, b"") for uid, item in there.items.items() if uid in pieces}
    return {uid: merged(octets, own_of(before.get(uid, b""))) for uid, octets in pieces.items()}


def _differing(pieces: Mapping[str, bytes], there: _There, stored: Mapping[BlobId, bytes]) -> Sequence[str]:
    """The UIDs of what is new or says something else than what is there."""
    found: list[str] = []
    for uid, octets in pieces.items():
        old = there.items.get(uid)
        before = stored.get(old.blob) if old is not None else None
        if before is None or (before != octets and essence(before) != essence(octets)):
            found.append(uid)
    return found


async def _item(blobs: Blobs, folder: Folder, octets: bytes, name: str) -> NewItem:
    if folder.kind == Kind.CONTACTS:
        return (await card.read_item(octets, blobs, name))[1]
    return (await calendar_item.read_item(octets, blobs, name))[1]


def _name(folder: Folder, uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:32] + (".vcf" if folder.kind == Kind.CONTACTS else ".ics")


def essence(octets: bytes) -> bytes:
    """What an object says, whoever has written it down: without what stands around it, in one order."""
    whole = parse(octets)[0]
    parts = [whole] if whole.name == "VCARD" else [part for part in whole.parts if part.name != "VTIMEZONE"]
    return serialized(sorted(map(ordered, parts), key=lambda part: serialized([part])))


# --- storing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Step:
    """What one write does."""

    at: FolderId
    there: _There
    new: Sequence[tuple[str, NewItem]]
    going: Sequence[Uid]


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a write has left the folder, and what it did."""

    modseq: ModSeq
    done: Done


def _steps(folder: Folder, there: _There, new: Mapping[str, NewItem], going: Sequence[Uid]) -> Iterator[_Step]:
    """The writes that it takes, at least one: what goes makes room for what comes."""
    all_new = list(new.items())
    for start in range(0, max(len(going), len(all_new), 1), AT_ONCE):
        end = start + AT_ONCE
        yield _Step(folder.id, there, all_new[start:end], going[start:end])


def _put(step: _Step, before: _Mark | None, check: Check | None, tx: WriteTx) -> _Mark:
    """`Overtaken` when the folder is not as it was."""
    at = step.at
    if check is not None:
        check(tx)
    if before is None:
        as_it_was = {each.uid: each.blob for each in tx.items(at, EVERY)} == step.there.seen
    else:
        as_it_was = tx.folder(at).modseq == before.modseq
    if not as_it_was:
        raise Overtaken("the calendar has changed meanwhile")
    if tx.write_locks(at):
        raise Locked("somebody has locked this calendar, or something in it: try again when they are done")
    going = [(uid, uid) for uid in step.going]
    gone = tx.expunge(at, going, deleted_only=False) if going else ()
    if len(gone) < len(going):
        raise NoRight("some of what the file does not have is not yours to take away")
    added = [item for uid, item in step.new if uid not in step.there.items]
    for uid, item in step.new:
        if uid in step.there.items:
            tx.replace(at, step.there.items[uid].name, item)
    if added:
        tx.append(at, added)
    return _Mark(tx.folder(at).modseq, Done(len(added), len(step.new) - len(added), len(gone)))
