"""The octets that a session reads in a mailbox: as they are stored, but for others' alarms in calendars.

No octet of a message ever changes in IMAP (RFC 9051 §2.3.1.1), so nobody's own alarms are put in: the owner's are left
out, in a form in which every other octet stays where it is (decision 264).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from groupware.model.folder import Folder
from groupware.model.ids import BlobId, Uids
from groupware.model.item import CALENDARS
from groupware.store.api import Blobs, ReadTx

if TYPE_CHECKING:
    from mailcore.imap.session import Session


def withholds(tx: ReadTx, folder: Folder) -> bool:
    """Whether the alarms in a mailbox are its owner's alone."""
    if folder.own or folder.kind not in CALENDARS:
        return False
    from groupware.calendar.shown import alarms_for_all  # only where somebody sees calendars as mailboxes

    return not alarms_for_all(dict(tx.annotations(folder.id)))


def bodies(session: Session, *, withheld: bool) -> Blobs:
    """Where the octets of a mailbox are read; `withheld`: what `withholds` has said of it."""
    blobs = session.shared.parts.blobs
    return cast(Blobs, _Withheld(blobs)) if withheld else blobs


async def has_withheld(session: Session, uids: Uids) -> bool:
    """Whether some of these messages of the selected mailbox have alarms that are not told here."""
    view = session.selected
    if not view.withheld:
        return False
    items = await session.read(lambda tx: tx.items(view.folder, uids))
    stored = await session.shared.parts.blobs.read_many([item.blob for item in items])
    return await asyncio.to_thread(_all, stored) != stored


class _Withheld:
    """Bodies of calendar objects without alarms."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def read(self, blob: BlobId, start: int = 0, length: int | None = None) -> bytes:
        octets = (await asyncio.to_thread(_all, {blob: await self._blobs.read(blob)}))[blob]
        return octets[start:] if length is None else octets[start : start + length]

    async def read_many(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        return await asyncio.to_thread(_all, await self._blobs.read_many(blobs))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)


def _all(found: Mapping[BlobId, bytes]) -> Mapping[BlobId, bytes]:
    from groupware.calendar.personal import withheld

    return {blob: withheld(octets) for blob, octets in found.items()}
