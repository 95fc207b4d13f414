"""Attachments of contacts: the picture stands in the card (MS-OXWSATT §2.2.4.5, IsContactPhoto), and files are kept
beside it by the keys that it names.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews import contact_picture, contact_write, event_attachments
from connectors.ews.contact_files import KEY, LINE_NAME, Entry, files_of
from connectors.ews.contact_picture import MARK
from connectors.ews.errors import EwsError, no_file
from connectors.ews.event_set import Edit
from connectors.ews.ids import Id
from connectors.ews.shapes import Shape, tag_of
from connectors.ews.things import One, facts_in, thing_of, with_octets
from connectors.ews.turn import Turn
from connectors.ews.wire import Xml, flag, local
from connectors.exchange.events import put
from groupware.model.ids import ModSeq

LONGEST: Final = 1024 * 1024
"""Octets of a picture."""


async def attach(turn: Turn, one: One, given: Element) -> tuple[str, ModSeq]:
    """Attaches the picture or a file; its mark, and the modseq. `EwsError`."""
    new = await event_attachments.new_file(turn, given)
    if local(given) == "FileAttachment" and (new.name == contact_picture.NAME or flag(given, "IsContactPhoto")):
        return MARK, await _depict(turn, one, new.octets, new.media)
    made, url = await event_attachments.kept(turn, one, new, len(files_of(one.json)))
    said = {"fmttype": made.media, "filename": made.name, "size": str(made.size)}
    line = [LINE_NAME, {KEY: made.key, **{name: text for name, text in said.items() if text}}, "unknown", url]
    return made.key, await _with(turn, one, made.key, line)


async def detach(turn: Turn, one: One, mark: str) -> ModSeq:
    """Takes the picture or a file away. `EwsError`."""
    if mark == MARK:
        contact_picture.octets_of(one)
        return await _with_picture(turn, one, None)
    if mark not in files_of(one.json):
        raise no_file()
    return await _with(turn, one, mark, None)


async def content(turn: Turn, one: One, mark: str, shape: Shape) -> Xml:
    """An attachment with what is in it. `EwsError`."""
    if mark == MARK:
        return contact_picture.content_xml(one)
    if mark.partition("-")[0] not in files_of(one.json):
        raise no_file()
    return await event_attachments.kept_xml(turn, one, mark, shape)


async def _depict(turn: Turn, one: One, octets: bytes, media: str) -> ModSeq:
    if len(octets) > LONGEST:
        raise EwsError("ErrorAttachmentSizeLimitExceeded", f"the picture of a contact has up to {LONGEST} octets")
    media = media if media.startswith("image/") else "image/jpeg"
    uri = f"data:{media};base64,{base64.b64encode(octets).decode()}"
    return await _with_picture(turn, one, {"@type": "Media", "kind": "photo", "uri": uri})


async def _with_picture(turn: Turn, one: One, photo: dict[str, Any] | None) -> ModSeq:
    def do(edit: Edit) -> None:
        entries = {key: each for key, each in (edit.value.get("media") or {}).items() if each.get("kind") != "photo"}
        put(edit.value, "media", {"PHOTO-1": photo, **entries} if photo is not None else entries)

    return await _edited(turn, one, do)


async def _with(turn: Turn, one: One, key: str, line: Entry | None) -> ModSeq:
    """The contact with that line in the place of the one of its key."""

    def do(edit: Edit) -> None:
        there = edit.value.get("vCardProps") or ()
        lines = [each for each in there if each[0] != LINE_NAME or each[1].get(KEY) != key]
        put(edit.value, "vCardProps", [*lines, line] if line is not None else lines)

    return await _edited(turn, one, do)


async def _edited(turn: Turn, one: One, do: Callable[[Edit], None]) -> ModSeq:
    """Does something to a contact as it is by then; its modseq. `EwsError`."""
    item = Id("I", one.thing.item)

    async def find() -> One:
        found = await turn.read(lambda tx: One(thing_of(tx, item), facts_in(tx, turn.zone)))
        await with_octets(turn, [found])
        return found

    await contact_write.update(turn, find, do, tag_of(one))
    return await turn.read(lambda tx: thing_of(tx, item).modseq)
