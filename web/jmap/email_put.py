"""Putting a message in, as IMAP's APPEND does: for `Email/set`, `Email/import` and `Email/copy`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from groupware.mime.binary import NoEncoding, without_nul
from groupware.mime.item import read_item
from groupware.mime.threads import thread_id
from groupware.model.errors import NoRight
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, FolderId, ranges
from groupware.model.item import Item, NewItem
from groupware.store.api import ReadTx, WriteTx
from web.jmap.email_place import Place
from web.jmap.errors import SetError
from web.jmap.ids import blob_id, email_id
from web.jmap.limits import UPLOAD_OCTETS
from web.jmap.sets import invalid
from web.jmap.turn import Turn, mailboxes, owner_in


async def ready(turn: Turn, octets: bytes, place: Place) -> NewItem:
    """The message, read and its octets storable. `SetError` for what is no message."""
    if len(octets) > UPLOAD_OCTETS:
        raise SetError("tooLarge", f"more than {UPLOAD_OCTETS} octets", maxSize=UPLOAD_OCTETS)
    if b"\0" in octets:
        try:
            octets = await asyncio.to_thread(without_nul, octets)
        except NoEncoding as error:
            raise SetError("invalidEmail", str(error)) from None
    return await read_item(octets, turn.parts.blobs, place.marks)


async def put(turn: Turn, account: str, octets: bytes, place: Place) -> Mapping[str, Any]:
    """Puts it in; what the client is told of it."""
    new = await ready(turn, octets, place)

    def work(tx: WriteTx) -> Item:
        return appended(tx, owner_in(tx, account), place.mailboxes, new)

    return told_of(await turn.write(work), new)


def appended(tx: WriteTx, owner: AccountId, places: Sequence[FolderId], new: NewItem) -> Item:
    """The item in the first of its folders; in the others copies of it. `SetError`."""
    first, *others = [mailbox_in(tx, owner, at).id for at in places]
    try:
        [item] = tx.append(first, [new])
        for at in others:
            tx.copy(first, ranges([item.uid]), at)
        return item
    except NoRight as error:
        raise SetError("forbidden", str(error)) from None


def mailbox_in(tx: ReadTx, owner: AccountId, at: FolderId) -> Folder:
    """The mailbox of that account. `SetError`."""
    found = next((each for each in mailboxes(tx, owner) if each.id == at), None)
    if found is None:
        raise invalid("mailboxIds", "there is no such mailbox in this account")
    return found


def told_of(item: Item, new: NewItem) -> Mapping[str, Any]:
    """What the server sets of a new email."""
    message, references = (new.keys.message_id, new.keys.references) if new.keys is not None else ("", ())
    return {
        "id": email_id(item.email),
        "blobId": blob_id(item.email),
        "threadId": thread_id(item.email, message, "\n".join(references)),
        "size": new.size + new.extra,
    }
