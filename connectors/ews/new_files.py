"""What a client attaches: files, and items of every kind as octets that other programs read too. MS-OXWSATT §2.2.4.

An event, task or contact that is attached is a part, or a file, of iCalendar or vCard that says that it is one
(`attached`, `event_files`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from connectors.bounded_xml import Element
from connectors.ews import contact_write, event_write, task_write
from connectors.ews.attached import ITEM_CLASSES, SUFFIXES
from connectors.ews.errors import EwsError
from connectors.ews.event_set import EVENT, Edit, all_given, now_text, settle
from connectors.ews.letter import File, Letter
from connectors.ews.mail_set import Draft, content_of, given, mime_in
from connectors.ews.turn import Turn
from connectors.ews.wire import children, flag, local, words
from groupware.calendar.jscalendar.objects import calendar_of
from groupware.calendar.jscalendar.shape import plain
from groupware.calendar.object import read_object
from groupware.contacts.card import read_card
from groupware.contacts.jscontact.writing import vcard_of
from groupware.contacts.versions.convert import converted
from groupware.mime.making import file_part
from groupware.model.content import Component, serialized
from groupware.model.errors import Malformed
from groupware.model.item import Kind

MESSAGE: Final = "message/rfc822"


class NewItemFile(NamedTuple):
    """An item that is attached."""

    octets: bytes
    media: str
    kind: Kind


def new_file(turn: Turn, element: Element) -> File:
    """The part that a FileAttachment or ItemAttachment is. `EwsError`."""
    name = name_in(element)
    cid, inline = (words(element, "ContentId") or "").strip(), bool(flag(element, "IsInline"))
    if local(element) != "ItemAttachment":
        content, media = content_of(element)
        return File(file_part(content, media, name, cid=cid, inline=inline), inline)
    new = item_in(turn, element)
    if new.kind is Kind.MAIL:
        return File(file_part(new.octets, new.media, name), False)
    line = f"Content-Class: {ITEM_CLASSES[new.kind]}\r\n".encode()
    return File(line + file_part(new.octets, new.media, suffixed(name, new.kind)), False)


def name_in(element: Element) -> str:
    """What an attachment is called."""
    return (words(element, "Name") or "").strip()[:255]


def suffixed(name: str, kind: Kind) -> str:
    """The name of a file that an item is."""
    suffix = SUFFIXES[kind]
    return name if name.lower().endswith(suffix) else name + suffix


def item_in(turn: Turn, element: Element) -> NewItemFile:
    """The item of an ItemAttachment. `EwsError`."""
    item = next((each for each in children(element) if local(each) in _MAKERS), None)
    if item is None:
        raise EwsError("ErrorInvalidRequest", "ItemAttachment: an item is wanted, of a kind that there is here")
    try:
        return _MAKERS[local(item)](turn, item)
    except Malformed as error:
        raise EwsError("ErrorMimeContentInvalid", str(error)) from None
    except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
        raise EwsError("ErrorInvalidPropertySet", f"{local(item)}: it cannot be said: {error}") from None


def _message(turn: Turn, item: Element) -> NewItemFile:
    octets = mime_in(item)
    if octets is None:
        draft = Draft(Letter())
        given(draft, item, lambda each: new_file(turn, each))
        octets = draft.letter.octets()
    return NewItemFile(octets, MESSAGE, Kind.MAIL)


def _event(turn: Turn, item: Element) -> NewItemFile:
    def make(edit: Edit) -> Component:
        event_write.when(edit, turn.parts.clock.now())
        settle(edit)
        return calendar_of(plain(event_write.new_value(turn, edit.value)))

    return _calendar(turn, item, Kind.CALENDAR, EVENT, make)


def _task(turn: Turn, item: Element) -> NewItemFile:
    def make(edit: Edit) -> Component:
        task_write.settle(edit)
        now = now_text(turn.parts.clock.now())
        value = {"uid": str(uuid.uuid4()), "created": now, "updated": now, **edit.value}
        return calendar_of(plain(task_write.shaped(value)))

    return _calendar(turn, item, Kind.TASKS, task_write.TASK, make)


def _calendar(
    turn: Turn, item: Element, kind: Kind, setters: Mapping[str, Any], make: Callable[[Edit], Component]
) -> NewItemFile:
    octets = mime_in(item)
    if octets is None:
        edit = Edit({"@type": "Event" if kind is Kind.CALENDAR else "Task"}, turn.zone)
        all_given(edit, setters, item)
        octets = serialized([make(edit)])
    octets = event_write.without_method(octets)
    read_object(octets)
    return NewItemFile(octets, "text/calendar", kind)


def _contact(turn: Turn, item: Element) -> NewItemFile:
    octets = mime_in(item)
    if octets is None:
        edit = Edit({"@type": "Card", "version": "1.0"}, turn.zone)
        all_given(edit, contact_write.CONTACT, item)
        now = now_text(turn.parts.clock.now())
        value = {"uid": f"urn:uuid:{uuid.uuid4()}", "created": now, "updated": now, **edit.value}
        value |= {"kind": "group"} if local(item) == "DistributionList" else {}
        contact_write.settle(value)
        octets = serialized([converted(vcard_of(contact_write.shaped(value)), "4.0")])
    read_card(octets)
    return NewItemFile(octets, "text/vcard", Kind.CONTACTS)


_MAKERS: Final[Mapping[str, Callable[[Turn, Element], NewItemFile]]] = {
    **dict.fromkeys(
        ("Message", "Item", "PostItem", "MeetingMessage", "MeetingRequest", "MeetingResponse", "MeetingCancellation"),
        _message,
    ),
    "CalendarItem": _event,
    "Task": _task,
    "Contact": _contact,
    "DistributionList": _contact,
}
