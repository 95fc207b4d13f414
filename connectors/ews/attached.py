"""Attachments of messages: which parts they are, and what is told of them. MS-OXWSATT §2.2.4."""

from __future__ import annotations

import base64
from typing import Final

from connectors.ews.fields import micros
from connectors.ews.ids import attachment_id
from connectors.ews.things import One
from connectors.ews.wire import Xml, tag
from groupware.mime.parts import Part
from groupware.mime.presented import lists_of
from groupware.mime.sections import decoded

UNNAMED: Final = "attachment"
_CALENDAR: Final = "text/calendar"


def attachments_of(one: One) -> list[int]:
    """The numbers of the parts that are attachments."""
    parts = one.summary.parts
    return [
        each
        for each in lists_of(parts).attachments
        if not (parts[each].media == _CALENDAR and parts[each].disposition != "attachment")
    ]


def attachments_xml(one: One) -> Xml | None:
    """Attachments, without what is in them."""
    return Xml("".join(attachment_xml(one, each) for each in attachments_of(one))) or None


def name_of(part: Part) -> str:
    """What an attachment is called."""
    return part.name or (part.cid or UNNAMED if part.media != "message/rfc822" else "message.eml")


def attachment_xml(one: One, number: int, inside: str = "", path: str = "") -> Xml:
    """FileAttachment or ItemAttachment; `inside` is what is in it."""
    part = one.summary.parts[number]
    size = part.size * 3 // 4 if part.encoding == "base64" else part.size
    said = (
        tag("AttachmentId", "", Id=attachment_id(one.thing.item, path or str(number)))
        + tag("Name", name_of(part))
        + tag("ContentType", part.media)
        + tag("ContentId", part.cid or None)
        + tag("Size", size)
        + tag("LastModifiedTime", micros(one.thing.saved))
        + tag("IsInline", bool(part.cid) and part.disposition != "attachment")
    )
    name = "ItemAttachment" if part.kind == "message" else "FileAttachment"
    return tag(name, Xml(said + inside))


def content_xml(one: One, number: int) -> Xml:
    """Content: the octets of a part."""
    return tag("Content", Xml(base64.b64encode(decoded(one.octets, one.summary.parts[number])).decode()))
