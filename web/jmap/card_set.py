"""`ContactCard/set` and `copy`: the stored vCard with the lines that a change is about. RFC 9610 §3.5, §3.6."""

from __future__ import annotations

import asyncio
import base64
import secrets
import uuid
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from groupware.contacts.card import read_item
from groupware.contacts.jscontact.reading import card_of
from groupware.contacts.jscontact.shape import CARD
from groupware.contacts.jscontact.writing import changed, vcard_of
from groupware.contacts.versions.convert import converted, version_of
from groupware.model.content import Component, serialized
from groupware.model.errors import Malformed
from groupware.model.ids import FolderId
from groupware.model.item import NewItem
from groupware.store.api import WriteTx
from web.jmap.blobs import octets_of
from web.jmap.card import stored_card
from web.jmap.errors import SetError
from web.jmap.families import ADDRESS_BOOK
from web.jmap.ids import object_id
from web.jmap.sets import Given, SetArguments, invalid
from web.jmap.thing_set import (
    appended,
    check_octets,
    container_of,
    destroyed,
    folder_in,
    place_of,
    rewritten,
    set_things,
    shaped,
    wanted,
)
from web.jmap.turn import Turn

Json = dict[str, Any]


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`ContactCard/set`."""
    account = arguments.account_id
    return await set_things(
        turn,
        arguments,
        ADDRESS_BOOK,
        lambda given: create(turn, account, given),
        lambda name, patch: _update(turn, account, name, patch),
        lambda name: destroyed(turn, account, ADDRESS_BOOK, name),
    )


async def create(turn: Turn, account: str, given: Given) -> Mapping[str, Any]:
    """Puts a new contact in; what of it the client has not said. `SetError`."""
    value = dict(given)
    if "id" in value:
        raise invalid("id", "only the server sets it")
    at = container_of(turn, ADDRESS_BOOK, value.pop(ADDRESS_BOOK.container, None))
    made: Json = {} if value.get("uid") else {"uid": f"urn:uuid:{uuid.uuid4()}"}
    value |= {"@type": "Card", "version": "1.0", **made} | {k: value[k] for k in ("@type", "version") if k in value}
    shaped(CARD, value)
    whole = await _with_blobs(turn, account, value)
    new = await _item(turn, lambda: vcard_of(whole), secrets.token_urlsafe(18) + ".vcf", "4.0")
    return {"id": await _append(turn, account, at, new), **made}


async def _append(turn: Turn, account: str, at: FolderId, new: NewItem) -> str:
    def work(tx: WriteTx) -> str:
        folder_in(tx, account, ADDRESS_BOOK, at)
        return object_id(ADDRESS_BOOK.letter, appended(tx, ADDRESS_BOOK, at, new).id)

    return await turn.write(work)


async def _item(turn: Turn, make: Callable[[], Component], name: str, version: str) -> NewItem:
    """What is made, ready to be stored. `SetError` for what no card can say."""
    try:
        octets = await asyncio.to_thread(lambda: serialized([converted(make(), version)]))
        return (await read_item(check_octets(octets), turn.parts.blobs, name))[1]
    except Malformed as error:
        raise SetError("invalidProperties", str(error)) from None
    except ValueError as error:
        raise SetError("invalidProperties", f"it cannot be said as a card: {error}") from None


async def _with_blobs(turn: Turn, account: str, value: Json) -> Json:
    """The card with what was uploaded put in, where it says `blobId`. `SetError`. RFC 9610 §3."""
    media = value.get("media") or {}
    names = {key: each["blobId"] for key, each in media.items() if isinstance(each, Mapping) and each.get("blobId")}
    if not names:
        return value
    found = await octets_of(turn, account, list(names.values()))
    value = deepcopy(value)
    for key, name in names.items():
        if name not in found:
            raise invalid("media", f"there is no blob {name[:60]!r}, or it is not shared with you")
        kind = value["media"][key].get("mediaType") or found[name].media
        coded = base64.b64encode(found[name].octets).decode()
        value["media"][key] = {**value["media"][key], "uri": f"data:{kind};base64,{coded}"}
        value["media"][key].pop("blobId")
    return value


async def _update(turn: Turn, account: str, name: str, patch: Given) -> Mapping[str, Any]:
    place = await place_of(turn, account, ADDRESS_BOOK, name)
    octets = await turn.parts.blobs.read(place.stored)
    stored = await asyncio.to_thread(stored_card, octets)
    now = card_of(stored)
    asked = wanted(turn, ADDRESS_BOOK, place, now, patch)
    if asked.value.get("uid") != now.get("uid"):
        raise invalid("uid", "it stays what it is")
    new = None
    if asked.changed:
        shaped(CARD, asked.value)
        value = await _with_blobs(turn, account, asked.value)
        new = await _item(turn, lambda: changed(stored, value), place.name, version_of(octets))

    await turn.write(lambda tx: rewritten(tx, account, ADDRESS_BOOK, place, new, asked.to))
    return {}
