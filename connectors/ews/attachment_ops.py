"""CreateAttachment, GetAttachment, DeleteAttachment. MS-OXWSATT §3.1.4.

A message that gets an attachment, or loses one, is another content under the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews import contact_attachments, event_attachments
from connectors.ews.attached import attachments_of, mark_in, number_of
from connectors.ews.attached_items import found_xml
from connectors.ews.errors import EwsError
from connectors.ews.ids import Id, attachment_id, change_key, item_id, read_id
from connectors.ews.letter import Letter, letter_of
from connectors.ews.mail_put import readable
from connectors.ews.new_files import new_file
from connectors.ews.shapes import shape_in
from connectors.ews.things import One, facts_in, thing_of, with_octets
from connectors.ews.turn import Turn, each
from connectors.ews.wire import children, local, message, needed, tag
from groupware.mime.item import Marks as Stored
from groupware.model.ids import ItemId, ModSeq
from groupware.model.item import Kind
from groupware.model.meeting import Overtaken
from groupware.store.api import WriteTx
from groupware.store.overtaking import again

LONGEST: Final = 64 * 1024 * 1024
"""Octets of a message with what is attached to it: each attachment writes all of it anew."""


async def _holder(turn: Turn, item: ItemId) -> One:
    """The item that has attachments, with its octets. `EwsError`."""
    one = await turn.read(lambda tx: One(thing_of(tx, Id("I", item)), facts_in(tx, turn.zone)))
    if one.kind not in (Kind.MAIL, Kind.CALENDAR, Kind.TASKS, Kind.CONTACTS):
        raise EwsError("ErrorInvalidRequest", "messages, events, tasks and contacts have attachments here")
    await with_octets(turn, [one])
    return one


async def create_attachment(turn: Turn, element: Element) -> str:
    """`CreateAttachment`."""
    parent = read_id(needed(element, "ParentItemId").get("Id", ""), "I").item

    async def work(given: Element) -> str:
        mark, modseq = await again(lambda: _attached(turn, parent, given))
        root = {"RootItemId": item_id(parent), "RootItemChangeKey": change_key(modseq)}
        told = tag("AttachmentId", "", Id=attachment_id(parent, mark), **root)
        return message("Attachments", tag(local(given), told))

    return await each("CreateAttachment", children(needed(element, "Attachments")), work)


async def _attached(turn: Turn, parent: ItemId, given: Element) -> tuple[str, ModSeq]:
    """The mark of a new attachment, and the item's modseq. `EwsError`, `Overtaken`."""
    one = await _holder(turn, parent)
    if one.kind is Kind.CONTACTS:
        return await contact_attachments.attach(turn, one, given)
    if one.kind is not Kind.MAIL:
        return await event_attachments.attach(turn, one, await event_attachments.new_file(turn, given))
    file = await asyncio.to_thread(new_file, turn, given)
    if one.thing.size + len(file.octets) > LONGEST:
        raise EwsError("ErrorMessageSizeExceeded", f"a message grows to {LONGEST} octets at most")
    modseq = await _rewritten(turn, one, lambda letter: letter.files.append(file))
    return mark_in(file.octets), modseq


async def _detached(turn: Turn, wanted: Id) -> ModSeq:
    """Takes an attachment away; the item's modseq. `EwsError`, `Overtaken`."""
    one = await _holder(turn, wanted.item)
    if one.kind is Kind.CONTACTS:
        return await contact_attachments.detach(turn, one, wanted.more)
    if one.kind is not Kind.MAIL:
        return await event_attachments.detach(turn, one, wanted.more)
    place = attachments_of(one).index(number_of(one, wanted.more))
    return await _rewritten(turn, one, lambda letter: letter.files.pop(place))


async def _rewritten(turn: Turn, one: One, do: Callable[[Letter], object]) -> ModSeq:
    """The message with what `do` makes of it, stored. `Overtaken`."""

    def made() -> bytes:
        letter = letter_of(one)
        do(letter)
        letter.changed()
        return letter.octets()

    new = await readable(turn, await asyncio.to_thread(made), Stored())
    thing = one.thing

    def work(tx: WriteTx) -> ModSeq:
        there = tx.items(thing.folder.id, [(thing.uid, thing.uid)])
        if not there or there[0].blob != thing.blob:
            raise Overtaken("it has changed meanwhile")
        return tx.rewrite(thing.folder.id, thing.uid, new).modseq

    return await turn.write(work)


async def delete_attachment(turn: Turn, element: Element) -> str:
    """`DeleteAttachment`."""

    async def work(named: Element) -> str:
        wanted = read_id(named.get("Id", ""), "A")
        key = change_key(await again(lambda: _detached(turn, wanted)))
        return f'<m:RootItemId RootItemId="{item_id(wanted.item)}" RootItemChangeKey="{key}"/>'

    return await each("DeleteAttachment", children(needed(element, "AttachmentIds")), work)


async def get_attachment(turn: Turn, element: Element) -> str:
    """`GetAttachment`."""
    shape = shape_in(element, "AttachmentShape")
    shape = replace(shape, base="AllProperties" if shape.base == "IdOnly" and not shape.names else shape.base)

    async def work(named: Element) -> str:
        wanted = read_id(named.get("Id", ""), "A")
        one = await _holder(turn, wanted.item)
        if one.kind is Kind.CONTACTS:
            return message("Attachments", await contact_attachments.content(turn, one, wanted.more, shape))
        if one.kind is not Kind.MAIL:
            return message("Attachments", await event_attachments.content(turn, one, wanted.more, shape))
        return message("Attachments", found_xml(one, wanted.more.split("-"), shape, wanted.more))

    return await each("GetAttachment", children(needed(element, "AttachmentIds")), work)
