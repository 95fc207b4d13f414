"""RemovedItem: what was removed from the folders of an account and is still kept, told and brought back. Decision 358.

`R7-12` is what had the UID 12 in the folder `F7`. It is no item any more: what comes back is a new one, with a new id.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from groupware.calendar.index import texts_of as texts_of_object
from groupware.calendar.object import read_object
from groupware.contacts.card import read_card
from groupware.contacts.card import texts_of as texts_of_card
from groupware.mime.summary import decode
from groupware.model.errors import Malformed, NoRight, NotFound, Refused
from groupware.model.folder import SEPARATOR, Folder, Role
from groupware.model.ids import AccountId, BlobId, FolderId, Uid
from groupware.model.item import Kind
from groupware.store.api import ReadTx, WriteTx
from mailcore.server.recovery import Lost, lost_at, place_of, recovered, removed_of
from web.jmap.arguments import GetArguments, argument, chosen, flag, ident, ids, text
from web.jmap.errors import SetError
from web.jmap.families import OF_KIND
from web.jmap.headers_of import utc
from web.jmap.ids import account_id, email_id, folder_of, mailbox_id, object_id
from web.jmap.limits import IN_GET
from web.jmap.sets import SetArguments, Ways, never, set_few, tried
from web.jmap.turn import Turn, owner_in

PROPERTIES: Final = ("id", "kind", "folderId", "folder", "title", "from", "preview", "receivedAt", "removedAt", "size")
_NAME: Final = re.compile(r"R([1-9][0-9]{0,18})-([1-9][0-9]{0,9})\Z")
_GONE: Final = "this is not kept any more: its time is over, or it has been brought back already"
_STAYS: Final = "what was removed stays as it was: it is brought back by RemovedItem/restore, or destroyed"


def _kind(value: Any) -> str:
    try:
        return Kind(text(value)).value
    except ValueError:
        raise ValueError(f"one of {', '.join(Kind)} is wanted") from None


@dataclass(frozen=True, slots=True)
class Arguments(GetArguments):
    """`RemovedItem/get`; `ids` null: the last to go, of one `kind`, or of all."""

    kind: str | None = argument(_kind, None)
    drafts: bool = argument(flag, False)
    """Of drafts as well, each of which leaves what it was whenever it is saved."""


@dataclass(frozen=True, slots=True)
class RestoreArguments:
    """`RemovedItem/restore`; `folderId` null: where each was, and from the trash into the inbox."""

    account_id: str = argument(ident)
    ids: tuple[str, ...] = argument(ids)
    folder_id: str | None = argument(ident, None)


def _id(lost: Lost) -> str:
    return f"R{lost.folder.id}-{lost.item.uid}"


def _found(tx: ReadTx, owner: AccountId, name: str) -> Lost:
    """The one of an id. `NotFound`, `NoRight`."""
    parts = _NAME.match(name)
    if parts is None:
        raise NotFound(_GONE)
    found = lost_at(tx, FolderId(int(parts[1])), Uid(int(parts[2])))
    if found.folder.owner != owner:
        raise NotFound(_GONE)
    return found


def _last(tx: ReadTx, owner: AccountId, among: Callable[[Folder], bool]) -> Sequence[Lost]:
    return removed_of(tx, owner, IN_GET, among)


def _state(tx: ReadTx, owner: AccountId) -> str:
    names = "\n".join(_id(each) for each in _last(tx, owner, lambda folder: True))
    return blake2b(names.encode(), digest_size=8).hexdigest()


async def get(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`RemovedItem/get`."""
    wanted = chosen(arguments.properties, PROPERTIES)

    def among(folder: Folder) -> bool:
        return arguments.kind in (None, folder.kind) and (arguments.drafts or folder.role != Role.DRAFTS)

    def look(tx: ReadTx) -> tuple[AccountId, str, Mapping[str, Lost]]:
        owner = owner_in(tx, arguments.account_id)
        if arguments.ids is None:
            return owner, _state(tx, owner), {_id(each): each for each in _last(tx, owner, among)}
        there = {}
        for name in arguments.ids:
            try:
                there[name] = _found(tx, owner, name)
            except (NotFound, NoRight):
                continue
        return owner, _state(tx, owner), there

    owner, state, there = await turn.read(look)
    objects = [each for each in there.values() if each.folder.kind != Kind.MAIL]
    read = objects and not {"title", "preview"}.isdisjoint(wanted)
    octets = await turn.parts.blobs.read_many(list({each.item.blob for each in objects})) if read else {}
    told = await asyncio.to_thread(lambda: [_told(each, octets) for each in there.values()])
    return {
        "accountId": account_id(owner),
        "state": state,
        "list": [{name: each[name] for name in wanted} for each in told],
        "notFound": [name for name in arguments.ids or () if name not in there],
    }


def _told(lost: Lost, octets: Mapping[BlobId, bytes]) -> Mapping[str, Any]:
    item = lost.item
    if lost.folder.kind == Kind.MAIL:
        summary = decode(item.summary)
        people = [{"name": each.name or None, "email": each.address} for each in summary.from_]
        about = {"title": summary.subject, "from": people, "preview": summary.preview}
    else:
        texts = _texts(lost.folder.kind, octets.get(item.blob, b""))
        title = texts.get("subject", "").partition("\n")[0]
        about = {"title": title, "from": [], "preview": texts.get("body", "")[:256]}
    return {
        "id": _id(lost),
        "kind": lost.folder.kind,
        "folderId": mailbox_id(lost.folder.id),
        "folder": lost.folder.path.rpartition(SEPARATOR)[2],
        **about,
        "receivedAt": utc(item.saved_at),
        "removedAt": utc(item.removed_at),
        "size": item.size,
    }


def _texts(kind: Kind, octets: bytes) -> Mapping[str, str]:
    """What search would find it by."""
    try:
        return texts_of_card(read_card(octets)) if kind == Kind.CONTACTS else texts_of_object(read_object(octets))
    except Malformed:  # put in before objects were checked as they are now
        return {}


async def restore(turn: Turn, arguments: RestoreArguments) -> Mapping[str, Any]:
    """`RemovedItem/restore`: the new id and the folder of each that is back, and why others are not."""
    owner = await turn.read(lambda tx: owner_in(tx, arguments.account_id))
    to = arguments.folder_id and (folder_of(turn.real(arguments.folder_id)) or FolderId(-1))
    back: dict[str, Any] = {}
    refused: dict[str, Any] = {}
    for name in arguments.ids:
        made = await tried(refused, name, partial(_back, turn, owner, name, to or None))
        if made is not None:
            back[name] = made
    return {"accountId": account_id(owner), "restored": back or None, "notRestored": refused or None}


async def _back(turn: Turn, owner: AccountId, name: str, to: FolderId | None) -> Mapping[str, Any]:
    def look(tx: ReadTx) -> tuple[Lost, FolderId]:
        lost = _found(tx, owner, name)
        return lost, to or place_of(tx, lost)

    lost, at = await turn.read(look)
    try:
        item = await recovered(turn.parts.store, turn.parts.blobs, turn.who, lost, at)
    except Refused as error:
        raise SetError("invalidProperties", str(error), properties=["folderId"]) from None
    kind = lost.folder.kind
    new = email_id(item.email) if kind == Kind.MAIL else object_id(OF_KIND[kind].letter, item.id)
    return {"id": new, "folderId": mailbox_id(at)}


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`RemovedItem/set`: one is destroyed, which is for good."""
    owner = await turn.read(lambda tx: owner_in(tx, arguments.account_id))

    def look(tx: ReadTx) -> tuple[str, str]:
        return account_id(owner), _state(tx, owner)

    made = never("what was removed is there by itself")
    return await set_few(turn, arguments, look, Ways(made, never(_STAYS), partial(_destroy, turn, owner)))


async def _destroy(turn: Turn, owner: AccountId, name: str) -> bool:
    def work(tx: WriteTx) -> bool:
        lost = _found(tx, owner, name)
        tx.forget(lost.folder.id, [lost.item.uid])
        return True

    return await turn.write(work)
