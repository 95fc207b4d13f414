"""CalendarEvent/import and CalendarEvent/export: files of iCalendar, in and out, as they are. Decision 315.

Nobody is told of what comes in by a file: it has happened elsewhere already.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from groupware.calendar.blocks import sees_times
from groupware.calendar.joined import END, Joined
from groupware.calendar.rounds import tagged
from groupware.calendar.split import Piece, split
from groupware.calendar.vtimezone import with_zones
from groupware.model.errors import GroupwareError, Malformed
from groupware.model.folder import Folder
from groupware.model.ids import FolderId
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from web.jmap.arguments import argument, ident, text
from web.jmap.blobs import octets_of
from web.jmap.errors import MethodError, SetError
from web.jmap.event import VEVENT
from web.jmap.families import CALENDAR
from web.jmap.ids import account_id, folder_of, mailbox_id
from web.jmap.limits import UPLOAD_OCTETS
from web.jmap.made import made_in
from web.jmap.mailbox import name_of
from web.jmap.remade import Remade, made_new
from web.jmap.thing_set import check_octets, folder_in
from web.jmap.things import Place, all_in, birthdays_in, bodies, readable_in
from web.jmap.turn import Turn, owner_in

MOST: Final = 10_000
"""Objects of one file."""
TOLD: Final = 100
"""Reasons that are told."""
BATCH: Final = 100
EXISTING: Final = ("skip", "replace")


@dataclass(frozen=True, slots=True)
class ImportArguments:
    """`CalendarEvent/import`: a file that was uploaded, and what becomes of events that are there already."""

    account_id: str = argument(ident)
    calendar_id: str = argument(ident)
    blob_id: str = argument(ident)
    existing: str = argument(text, "skip")


@dataclass(frozen=True, slots=True)
class ExportArguments:
    """`CalendarEvent/export`: a calendar."""

    account_id: str = argument(ident)
    calendar_id: str = argument(ident)


@dataclass(slots=True)
class Tally:
    """What became of the objects of a file."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    refused: list[str] = field(default_factory=list)


def _calendar(tx: ReadTx, account: str, name: str) -> Folder:
    try:
        return folder_in(tx, account, CALENDAR, folder_of(name) or FolderId(-1))
    except SetError:
        raise MethodError("notFound", "there is no such calendar, or it is not shared with you") from None


async def import_(turn: Turn, arguments: ImportArguments) -> Mapping[str, Any]:
    """How many events are new, changed, and left as they are; and why others could not be taken."""
    if arguments.existing not in EXISTING:
        raise MethodError("invalidArguments", f"'existing': one of {', '.join(EXISTING)} is wanted")
    account, name = arguments.account_id, turn.real(arguments.calendar_id)
    at = (await turn.read(lambda tx: _calendar(tx, account, name))).id
    blob = (await octets_of(turn, account, [arguments.blob_id])).get(arguments.blob_id)
    if blob is None:
        raise MethodError("blobNotFound", "there is no such blob, or it is not shared with you")
    tally = Tally()
    try:
        pieces = await asyncio.to_thread(_pieces, blob.octets)
    except Malformed as error:
        raise MethodError("invalidArguments", f"it is no calendar file: {error}") from None
    waiting: list[Remade] = []
    for piece in pieces:
        new = await _item(turn, account, at, piece, tally)
        waiting += [new] if new is not None else []
        if len(waiting) >= BATCH:
            await _put(turn, at, waiting, arguments.existing, tally)
    await _put(turn, at, waiting, arguments.existing, tally)
    return {
        "accountId": account,
        "created": tally.created,
        "updated": tally.updated,
        "skipped": tally.skipped,
        "refused": tally.refused[:TOLD],
    }


def _pieces(octets: bytes) -> list[Piece]:
    found = []
    for piece in split(octets):
        found.append(piece)
        if len(found) > MOST:
            raise Malformed(f"a file has {MOST} events at most")
    if not found:
        raise Malformed("there is no event in it")
    return found


async def _item(turn: Turn, account: str, at: FolderId, piece: Piece, tally: Tally) -> Remade | None:
    """The object as it is stored; None: it is refused."""
    try:
        if piece.read is None:
            raise Malformed(piece.refused)
        if piece.read.kind != VEVENT:
            raise Malformed(f"{piece.read.kind} has no place in a calendar of events")
        name = hashlib.sha256(piece.uid.encode()).hexdigest()[:32] + ".ics"
        return await made_new(turn, account, at, check_octets(piece.read.octets), name)
    except (Malformed, SetError) as error:
        tally.refused.append(f"{piece.uid[:80]}: {error}")
        return None


async def _put(turn: Turn, at: FolderId, waiting: list[Remade], existing: str, tally: Tally) -> None:
    """Stores what has been read; one that cannot be stored keeps no other one back."""
    items = list(waiting)
    waiting.clear()

    def work(tx: WriteTx) -> Tally:
        done = Tally()
        for made in items:
            try:
                _store(tx, at, made, existing, done)
            except GroupwareError as error:
                done.refused.append(f"{made.read.uid[:80]}: {error}")
        return done

    done = await turn.write(work)
    tally.created += done.created
    tally.updated += done.updated
    tally.skipped += done.skipped
    tally.refused += done.refused


def _store(tx: WriteTx, at: FolderId, made: Remade, existing: str, done: Tally) -> None:
    new = made.new
    assert new is not None  # what comes in by a file is new for all
    there: Sequence[str] = tx.identified(at, made.read.uid) if Right.READ in tx.folder(at).rights else ()
    if there and existing == "skip":
        done.skipped += 1
    elif there:
        old = tx.item(at, there[0])
        if old.blob == new.blob:
            done.skipped += 1
            return
        tag = tx.schedule_tags(at, old.uid).get(old.uid, "")
        new = replace(new, name=there[0])
        made.keep(tx, tx.replace(at, there[0], tagged(new, tag) if tag else new, old.modseq).uid)
        done.updated += 1
    else:
        made.keep(tx, tx.append(at, [new])[0].uid)
        done.created += 1


async def export(turn: Turn, arguments: ExportArguments) -> Mapping[str, Any]:
    """The events of a calendar as one file, each as who asks is told it. `MethodError` `tooLarge`."""
    name = turn.real(arguments.calendar_id)

    def work(tx: ReadTx) -> tuple[str, Folder, list[Place]]:
        owner = owner_in(tx, arguments.account_id)
        birthdays = birthdays_in(tx, owner)
        if birthdays is not None and mailbox_id(birthdays.id) == name:
            return account_id(owner), birthdays, []
        at = _calendar(tx, arguments.account_id, name)
        readable = readable_in(tx, owner, CALENDAR)
        if at.id not in readable and not sees_times(at.rights):
            raise MethodError("forbidden", "you may not read what is in it")
        here = {at.id: readable[at.id]} if at.id in readable else {}
        return account_id(owner), at, all_in(tx, here, VEVENT)

    account, at, places = await turn.read(work)
    title = name_of(at)
    if at.id < 0 or (sees_times(at.rights) and not at.own):
        made = await made_in(turn, arguments.account_id)
        places = [each.place for each in made if each.place.folder.id == at.id]
    file, found, size = Joined(), list[bytes](), 0
    found.append(file.begin(title))
    for first in range(0, len(places), BATCH):
        some = places[first : first + BATCH]
        octets = await bodies(turn, some)
        found += [file.add(with_zones(octets[each.blob])) for each in some if each.blob in octets]
        size += sum(map(len, octets.values()))
        if size > UPLOAD_OCTETS:
            raise MethodError("tooLarge", f"the calendar has more than {UPLOAD_OCTETS} octets: take it by CalDAV")
    return {"accountId": account, "iCalendar": b"".join([*found, END]).decode("utf-8", "replace")}
