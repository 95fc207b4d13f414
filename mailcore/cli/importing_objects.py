"""`postroom import` of calendar and contact files: each object by itself, and a reason for each that is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import typer

from groupware.model.errors import GroupwareError, Malformed, NotFound
from groupware.model.folder import Folder
from groupware.model.item import Kind, NewItem
from groupware.store.api import WriteTx
from mailcore.cli.folders import owner_of
from mailcore.cli.site import Site

if TYPE_CHECKING:
    from mailcore.cli.importing import Tally

CALENDARS: Final = (".ics", ".ical", ".ifb")
CONTACTS: Final = (".vcf", ".vcard")
BATCH: Final = 100
_KIND_OF: Final = {
    Kind.CALENDAR: ("VEVENT", "VFREEBUSY", "VAVAILABILITY"),
    Kind.TASKS: ("VTODO",),
    Kind.JOURNAL: ("VJOURNAL",),
    Kind.NOTES: ("VJOURNAL",),
    Kind.CONTACTS: ("VCARD",),
}


def is_objects(source: Path) -> bool:
    """Whether the file is one of calendars or contacts, by its name."""
    return source.suffix.lower() in (*CALENDARS, *CONTACTS)


def bring_objects(here: Site, owner: str, path: str, source: Path, tally: Tally) -> None:
    """Every object of the file into the folder, which is made when it is missing."""
    try:
        file = source.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"{source}: {error.strerror}", param_hint="SOURCE") from None
    with file:
        _bring(here, owner, path, source, file, tally)


def _bring(here: Site, owner: str, path: str, source: Path, file: BinaryIO, tally: Tally) -> None:
    found: list[NewItem] = []
    folder: Folder | None = None
    try:
        for name, new in _read(here, file, source, tally):
            if folder is None:
                folder = _open(here, owner, path, new.kind)
            if _belongs(folder, new, name, tally):
                found.append(new)
            if len(found) >= BATCH:
                _put(here, folder, found, tally)
    except Malformed as error:
        tally.failed.append(f"{source}: {error}")
    if folder is not None:
        _put(here, folder, found, tally)


def _read(here: Site, file: BinaryIO, source: Path, tally: Tally) -> Iterator[tuple[str, NewItem]]:
    from groupware.calendar import item as calendar_item
    from groupware.calendar.split_file import split_file as split_calendar
    from groupware.contacts import card
    from groupware.contacts.split_file import split_file as split_cards

    if source.suffix.lower() in CONTACTS:
        for each in split_cards(file):
            if each.read is None:
                tally.failed.append(f"{source}: {each.refused}")
            else:
                stored = here.run(here.blobs.put(each.read.octets))
                yield each.uid, card.new_item(each.read, stored, _name(each.uid, ".vcf"))
        return
    for piece in split_calendar(file):
        if piece.read is None:
            tally.failed.append(f"{source}: {piece.refused}")
        else:
            stored = here.run(here.blobs.put(piece.read.octets))
            yield piece.uid, calendar_item.new_item(piece.read, stored, _name(piece.uid, ".ics"))


def _name(uid: str, suffix: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:32] + suffix


def _open(here: Site, owner: str, path: str, kind: Kind) -> Folder:
    def work(tx: WriteTx) -> Folder:
        account = owner_of(tx, owner)
        try:
            return tx.locate(account, path.strip("/"))
        except NotFound:
            return tx.add_folder(account, path.strip("/"), kind)

    return here.write(work)


def _belongs(folder: Folder, new: NewItem, uid: str, tally: Tally) -> bool:
    component = new.object.component if new.object is not None else ""
    if component in _KIND_OF.get(folder.kind, ()):
        return True
    tally.failed.append(f"{uid}: {component} has no place in folder {folder.path}, which is for {folder.kind}")
    return False


def _put(here: Site, folder: Folder, found: list[NewItem], tally: Tally) -> None:
    """Store what is not there yet, by its UID."""
    waiting = list(found)
    found.clear()

    def work(tx: WriteTx) -> tuple[int, list[str]]:
        refused, done = [], 0
        for new in waiting:
            assert new.object is not None
            if tx.identified(folder.id, new.object.ident):
                continue
            try:
                tx.append(folder.id, [new])
                done += 1
            except GroupwareError as error:
                refused.append(f"{new.object.ident}: {error}")
        return done, refused

    done, refused = here.write(work)
    tally.imported += done
    tally.failed.extend(refused)
    tally.there_already += len(waiting) - done - len(refused)
