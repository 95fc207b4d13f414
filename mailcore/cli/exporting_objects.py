"""`postroom export FILE OWNER --folder PATH`: a calendar as one .ics, an address book as one .vcf."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from groupware.model.attachment import Attachment
from groupware.model.errors import AlreadyExists, GroupwareError, Malformed, NotFound, TryAgain
from groupware.model.folder import SEPARATOR, Folder
from groupware.model.item import Kind
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.cli.folders import folder_at, owner_of
from mailcore.cli.progress import Step, progress
from mailcore.cli.site import WHO, Site

if TYPE_CHECKING:
    from mailcore.cli.exporting import Report


def one_file(here: Site, to: Path, owner: str, path: str, report: Report, vcard: str = "") -> None:
    """The objects of a folder in one file, piece by piece. What cannot be read is in the report.

    Contacts are of the version `vcard`, or each of its own.
    """
    folder = here.read(lambda tx: folder_at(tx, owner, path, Right.READ))
    suffix = ".vcf" if folder.kind is Kind.CONTACTS else ".ics"
    if folder.kind is Kind.MAIL:
        raise typer.BadParameter(f"{path}: is a folder of mail; leave --folder out to get Maildirs")
    if to.suffix.lower() != suffix:
        raise typer.BadParameter(f"{to}: a folder of {folder.kind} goes into a file that ends in {suffix}")
    if vcard and folder.kind is not Kind.CONTACTS:
        raise typer.BadParameter(f"{path}: is no address book; leave --vcard out")
    if to.exists():
        raise AlreadyExists(f"{to}: is there already; name a new file")
    with progress("exporting", folder.total) as step:
        here.run(_write(here, to, _as_owner(here, owner), folder, report, step, vcard))


def _as_owner(here: Site, owner: str) -> Principal:
    try:
        return here.read(lambda tx: tx.identity(owner_of(tx, owner)))
    except GroupwareError:
        return WHO  # a public tree, or somebody disabled


async def _write(here: Site, to: Path, who: Principal, folder: Folder, report: Report, step: Step, vcard: str) -> None:
    from groupware.calendar.joined import END, Joined
    from groupware.calendar.vtimezone import with_zones
    from groupware.contacts.joined import joined
    from groupware.contacts.versions.convert import in_version
    from groupware.store.walk import walk

    calendar = None if folder.kind is Kind.CONTACTS else Joined()
    report.folders += 1
    with to.open("xb") as file:
        if calendar is not None:
            file.write(calendar.begin(folder.path.rpartition(SEPARATOR)[2]))
        async for item, octets in walk(here.store, here.blobs, who, folder.id):
            step(1)
            if octets is None:
                report.problems.append(f"{folder.path} {item.name or item.uid}: its octets are lost or damaged")
            else:
                if calendar is not None:
                    whole = with_zones(await with_attachments(here, who, octets, report))
                    file.write(calendar.add(whole))
                else:
                    card = await with_attachments(here, who, octets, report)
                    file.write(joined(in_version(card, vcard) if vcard else card))
                report.items += 1
        if calendar is not None:
            file.write(END)


async def with_attachments(here: Site, who: Principal, octets: bytes, report: Report) -> bytes:
    """The object with what is attached to it inside; what cannot be had is in the report, and stays a link."""
    if b"MANAGED-ID" not in octets:
        return octets
    from groupware.calendar.attachments import inlined, keys_in
    from groupware.calendar.itip.octets import rendered
    from groupware.calendar.object import read_object

    try:
        read = read_object(octets)
    except Malformed:
        return await _contact_with_files(here, who, octets, report)
    return rendered(inlined(read, await _bodies(here, who, keys_in(read), read.uid, report)), read)


async def _contact_with_files(here: Site, who: Principal, octets: bytes, report: Report) -> bytes:
    from groupware.contacts.attachments import inlined, keys_in
    from groupware.contacts.card import read_card
    from groupware.model.content import serialized

    try:
        read = read_card(octets)
    except Malformed:
        return octets
    return serialized([inlined(read.card, await _bodies(here, who, keys_in(read.card), read.uid, report))])


async def _bodies(here: Site, who: Principal, keys: Sequence[str], uid: str, report: Report) -> dict[str, bytes]:
    bodies: dict[str, bytes] = {}
    for key in keys:
        try:
            found = await here.store.read(who, partial(_attachment, key))
            bodies[key] = await here.blobs.read(found.blob)
        except (NotFound, TryAgain) as error:
            report.problems.append(f"{uid[:80]}: attachment {key} is left out: {error}")
    return bodies


def _attachment(key: str, tx: ReadTx) -> Attachment:
    return tx.attachment(key)
