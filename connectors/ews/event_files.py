"""Attachments of events and tasks, as far as the object itself tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.ews.attached import unsuffixed
from connectors.ews.fields import micros
from connectors.ews.ids import attachment_id
from connectors.ews.things import One
from connectors.ews.wire import Xml, tag
from groupware.calendar.attachments import MANAGED_ID
from groupware.calendar.object import read_object
from groupware.model.content import Line
from groupware.model.errors import Malformed
from groupware.model.item import Kind

UNNAMED: Final = "attachment"
ITEM_MEDIA: Final[Mapping[Kind, str]] = {
    Kind.MAIL: "message/rfc822",
    Kind.CALENDAR: "text/calendar; component=vevent",
    Kind.TASKS: "text/calendar; component=vtodo",
    Kind.CONTACTS: "text/vcard; charset=utf-8",
}
"""The media types under which items are kept that are attached; files are given without parameters."""


def lines_of(one: One) -> list[Line]:
    """The attachments that are kept beside an object."""
    try:
        read = read_object(one.octets)
    except Malformed:
        return []
    return [line for line in read.shown.lines if line.name == "ATTACH" and line.param(MANAGED_ID)]


def attachments_xml(one: One) -> Xml | None:
    """Attachments, without what is in them."""
    rows = []
    for line in lines_of(one):
        key, name, media, size = (line.param(each) for each in (MANAGED_ID, "FILENAME", "FMTTYPE", "SIZE"))
        rows.append(file_xml(one, key, name, media, size))
    return Xml("".join(rows)) or None


def kind_in(media: str) -> Kind | None:
    """The kind of an attached item, by its media type; None: it is a file."""
    return next((kind for kind, said in ITEM_MEDIA.items() if said == media.lower()), None)


def file_xml(one: One, key: str, name: str, media: str, size: str, inside: str = "") -> Xml:
    """A FileAttachment or ItemAttachment; `inside` is what is in it."""
    kind = kind_in(media)
    name = name if kind is None else unsuffixed(name, kind)
    said = (
        tag("AttachmentId", "", Id=attachment_id(one.thing.item, key))
        + tag("Name", name or UNNAMED)
        + tag("ContentType", media or None)
        + tag("Size", int(size) if size.isdecimal() and len(size) < 12 else None)
        + tag("LastModifiedTime", micros(one.thing.saved))
        + tag("IsInline", False)
    )
    return tag("FileAttachment" if kind is None else "ItemAttachment", said + inside)
