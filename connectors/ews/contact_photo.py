"""The picture of a contact set and taken away, as an attachment. MS-OXWSATT §2.2.4.5 (IsContactPhoto)."""

from __future__ import annotations

import base64
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews import contact_write
from connectors.ews.contact_picture import MARK, NAME, octets_of
from connectors.ews.errors import EwsError
from connectors.ews.event_set import Edit
from connectors.ews.ids import Id
from connectors.ews.mail_set import content_of
from connectors.ews.shapes import tag_of
from connectors.ews.things import One, facts_in, thing_of, with_octets
from connectors.ews.turn import Turn
from connectors.ews.wire import flag, local, words
from connectors.exchange.events import put
from groupware.model.ids import ModSeq

LONGEST: Final = 1024 * 1024
"""Octets of a picture."""


async def attach(turn: Turn, one: One, given: Element) -> tuple[str, ModSeq]:
    """Makes a file the picture of the contact; its mark, and the modseq. `EwsError`."""
    named = (words(given, "Name") or "").strip() == NAME
    if local(given) != "FileAttachment" or not (named or flag(given, "IsContactPhoto")):
        raise EwsError("ErrorInvalidRequest", "of a contact only its picture is an attachment here (IsContactPhoto)")
    octets, media = content_of(given)
    if len(octets) > LONGEST:
        raise EwsError("ErrorAttachmentSizeLimitExceeded", f"the picture of a contact has up to {LONGEST} octets")
    media = media if media.startswith("image/") else "image/jpeg"
    uri = f"data:{media};base64,{base64.b64encode(octets).decode()}"
    return MARK, await _put(turn, one, {"@type": "Media", "kind": "photo", "uri": uri})


async def detach(turn: Turn, one: One) -> ModSeq:
    """Takes the picture away. `EwsError`."""
    octets_of(one)
    return await _put(turn, one, None)


async def _put(turn: Turn, one: One, photo: dict[str, Any] | None) -> ModSeq:
    item = Id("I", one.thing.item)

    async def find() -> One:
        found = await turn.read(lambda tx: One(thing_of(tx, item), facts_in(tx, turn.zone)))
        await with_octets(turn, [found])
        return found

    def do(edit: Edit) -> None:
        entries = {key: each for key, each in (edit.value.get("media") or {}).items() if each.get("kind") != "photo"}
        put(edit.value, "media", {"PHOTO-1": photo, **entries} if photo is not None else entries)

    await contact_write.update(turn, find, do, tag_of(one))
    return await turn.read(lambda tx: thing_of(tx, item).modseq)
