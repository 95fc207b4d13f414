"""ExportItems and UploadItems: items whole, in a form of our own, to be put back here or elsewhere. MS-OXWSBTRF.

The stream is opaque to clients: a first line that says what it is, the marks as JSON, the octets as they are stored.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.ids import change_key, item_id, read_id
from connectors.ews.item_ids import read_item_id
from connectors.ews.mail_put import readable
from connectors.ews.things import One, Thing, facts_in, thing_of, with_octets
from connectors.ews.tree import folder_in
from connectors.ews.turn import Turn, each
from connectors.ews.wire import children, needed
from groupware.calendar.item import read_item as read_event
from groupware.contacts.card import read_item as read_card
from groupware.mime.item import Marks
from groupware.model.errors import Malformed
from groupware.model.flags import FLAGS, words_in
from groupware.model.item import Kind, NewItem
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx

_HEAD: Final = b"POSTROOM-ITEM 1\n"


async def export_items(turn: Turn, element: Element) -> str:
    """`ExportItems`."""

    async def work(named: Element) -> str:
        wanted = read_item_id(named)
        one = await turn.read(lambda tx: One(thing_of(tx, wanted), facts_in(tx, turn.zone)))
        await with_octets(turn, [one])
        thing = one.thing
        facts = {"kind": one.kind.value, "flags": thing.bits, "words": thing.words, "saved": thing.saved}
        facts["digest"] = _digest(one.octets)
        octets = _HEAD + json.dumps(facts).encode() + b"\n" + one.octets
        named_ = f'<m:ItemId Id="{item_id(thing.item)}" ChangeKey="{change_key(thing.modseq)}"/>'
        return f"{named_}<m:Data>{base64.b64encode(octets).decode()}</m:Data>"

    return await each("ExportItems", children(needed(element, "ItemIds")), work)


async def upload_items(turn: Turn, element: Element) -> str:
    """`UploadItems`: each makes a new item, or (`Update`) takes the place of what is there."""

    async def work(given: Element) -> str:
        facts, octets = _read(needed(given, "Data").text or "")
        new = await _new(turn, facts, octets)
        parent, old = needed(given, "ParentFolderId"), given.find("{*}ItemId")
        action = given.get("CreateAction", "CreateNew")

        def put(tx: WriteTx) -> str:
            folder = folder_in(tx, parent, Right.INSERT)
            if folder.kind is not new.kind:
                raise EwsError("ErrorInvalidRequest", f"a folder for {folder.kind.value} takes no {new.kind.value}")
            thing = _there(tx, old, action)
            if thing is None:
                stored = tx.append(folder.id, [new])[0]
            elif folder.id != thing.folder.id:
                raise EwsError("ErrorInvalidRequest", "ItemId: the item is not in that folder")
            elif folder.kind is Kind.MAIL:
                stored = tx.rewrite(folder.id, thing.uid, new)
            else:
                stored = tx.replace(folder.id, thing.name, new)
            return f'<m:ItemId Id="{item_id(stored.id)}" ChangeKey="{change_key(stored.modseq)}"/>'

        return await turn.write(put)

    return await each("UploadItems", children(needed(element, "Items")), work)


def _there(tx: ReadTx, named: Element | None, action: str) -> Thing | None:
    """The item whose place it takes; None: it is a new one. `EwsError`."""
    if action == "CreateNew":
        return None
    if action not in ("Update", "UpdateOrCreate") or (named is None and action == "Update"):
        raise EwsError("ErrorInvalidRequest", f"{action[:40]!r}: CreateNew, UpdateOrCreate, or Update with an ItemId")
    try:
        return thing_of(tx, read_id(named.get("Id", ""), "I")) if named is not None else None
    except EwsError:
        if action == "Update":
            raise
        return None


def _digest(octets: bytes) -> str:
    """By which it is seen that a stream has lost nothing."""
    return sha256(octets).hexdigest()


def _read(text: str) -> tuple[dict[str, Any], bytes]:
    """What an exported item says of itself, and its octets. `EwsError`."""
    try:
        octets = base64.b64decode("".join(text.split()), validate=True)
        if not octets.startswith(_HEAD):
            raise ValueError
        line, _, rest = octets[len(_HEAD) :].partition(b"\n")
        facts = json.loads(line)
        if not (isinstance(facts, dict) and isinstance(facts.get("words", ""), str)):
            raise ValueError
        if facts.get("digest", _digest(rest)) != _digest(rest):
            raise ValueError
        kind, flags, saved = Kind(facts["kind"]), int(facts["flags"]), int(facts["saved"])
        datetime.fromtimestamp(saved // 1_000_000, UTC)
        return {"kind": kind, "flags": FLAGS[flags & 31], "words": facts["words"], "saved": saved}, rest
    except (binascii.Error, ValueError, KeyError, TypeError, OverflowError, RecursionError, OSError):
        raise EwsError("ErrorInvalidRequest", "Data: this is no item that was exported here") from None


async def _new(turn: Turn, facts: dict[str, Any], octets: bytes) -> NewItem:
    saved = datetime.fromtimestamp(facts["saved"] // 1_000_000, UTC)
    try:
        if facts["kind"] is Kind.MAIL:
            return await readable(turn, octets, Marks(facts["flags"], words_in(facts["words"]), saved))
        name = secrets.token_urlsafe(18)
        if facts["kind"] is Kind.CONTACTS:
            return (await read_card(octets, turn.parts.blobs, name + ".vcf"))[1]
        return (await read_event(octets, turn.parts.blobs, name + ".ics"))[1]
    except Malformed as error:
        raise EwsError("ErrorItemCorrupt", str(error)) from None
