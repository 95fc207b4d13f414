"""`postroom import` of calendar and contact files: each object by itself, and a reason for each that is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import typer

from groupware.model.errors import GroupwareError, Malformed, NotFound
from groupware.model.folder import Folder
from groupware.model.item import Kind, NewItem
from groupware.store.api import WriteTx
from mailcore.cli.folders import owner_of
from mailcore.cli.progress import Step, progress
from mailcore.cli.site import Site
from mailcore.ftp.documents import put_source, read

if TYPE_CHECKING:
    from mailcore.cli.importing import Tally

CALENDARS: Final = (".ics", ".ical", ".ifb")
CONTACTS: Final = (".vcf", ".vcard")
SUBSCRIPTION: Final = "subscription.json"
"""Beside the events of a calendar that is filled from elsewhere: from where, and how."""
BATCH: Final = 100
_KIND_OF: Final = {
    Kind.CALENDAR: ("VEVENT", "VFREEBUSY", "VAVAILABILITY"),
    Kind.TASKS: ("VTODO",),
    Kind.JOURNAL: ("VJOURNAL",),
    Kind.NOTES: ("VJOURNAL",),
    Kind.CONTACTS: ("VCARD",),
}


def objects_in(source: Path) -> list[Path]:
    """The file of calendars or contacts that it is, or those in the folder that it is; none: there is mail in it."""
    if not source.is_dir():
        return [source] if source.suffix.lower() in (*CALENDARS, *CONTACTS) else []
    files = sorted(each for each in source.iterdir() if each.is_file())
    if any(each.suffix.lower() == ".eml" for each in files):
        return []
    return [each for each in files if each.suffix.lower() in (*CALENDARS, *CONTACTS) or each.name == SUBSCRIPTION]


def bring_objects(here: Site, owner: str, path: str, files: Sequence[Path], tally: Tally) -> None:
    """Every object of the files into the folder, which is made when it is missing; then where it is filled from."""
    try:
        total = sum(each.stat().st_size for each in files)
        with progress("importing", total, octets=True) as step:
            for source in sorted(files, key=lambda each: each.name == SUBSCRIPTION):
                if source.name == SUBSCRIPTION:
                    _subscribe(here, owner, path, source, tally)
                    continue
                with source.open("rb") as file:
                    _bring(here, owner, path, source, file, tally, step)
    except OSError as error:
        raise typer.BadParameter(f"{error.filename}: {error.strerror}", param_hint="SOURCE") from None


def _subscribe(here: Site, owner: str, path: str, source: Path, tally: Tally) -> None:
    folder = _open(here, owner, path, Kind.CALENDAR)
    try:
        facts = read(source.read_bytes(), str(source))
        here.write(lambda tx: put_source(tx, folder, facts))
    except GroupwareError as error:
        tally.failed.append(f"{source}: {error}")


def _bring(here: Site, owner: str, path: str, source: Path, file: BinaryIO, tally: Tally, step: Step) -> None:
    found: list[NewItem] = []
    folder: Folder | None = None
    done = 0
    try:
        for name, new in _read(here, file, source, tally):
            if folder is None:
                folder = _open(here, owner, path, new.kind)
            if _belongs(folder, new, name, tally):
                found.append(new)
            if len(found) >= BATCH:
                _put(here, folder, found, tally)
            step(max(file.tell() - done, 0))
            done = max(file.tell(), done)
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
