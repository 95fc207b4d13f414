"""Attachments of messages: which parts they are, and what is told of them. MS-OXWSATT §2.2.4.

An attached message is a part message/rfc822. Other items are parts of iCalendar or vCard whose Content-Class says so;
the same without that is a file.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from connectors.ews.errors import no_file
from connectors.ews.fields import micros
from connectors.ews.ids import attachment_id
from connectors.ews.things import One
from connectors.ews.wire import Xml, tag
from groupware.mime.headers import fields
from groupware.mime.lines import crlf
from groupware.mime.parts import Part
from groupware.mime.sections import decoded
from groupware.mime.shown import lists_of
from groupware.model.item import Kind

UNNAMED: Final = "attachment"
_CALENDAR: Final = "text/calendar"
ITEM_CLASSES: Final[Mapping[Kind, str]] = {
    Kind.CALENDAR: "urn:content-classes:appointment",
    Kind.TASKS: "urn:content-classes:task",
    Kind.CONTACTS: "urn:content-classes:person",
}
"""What Content-Class says of attached items."""
SUFFIXES: Final[Mapping[Kind, str]] = {
    Kind.CALENDAR: ".ics",
    Kind.TASKS: ".ics",
    Kind.CONTACTS: ".vcf",
    Kind.MAIL: ".eml",
}
"""How the names of files end that items are."""
_KINDS: Final[Mapping[str, Kind]] = {said: kind for kind, said in ITEM_CLASSES.items()}


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


def mark_of(one: One, number: int) -> str:
    """What an attachment is known by, whatever becomes of others in its message: a digest of its part."""
    part = one.summary.parts[number]
    return mark_in(one.octets[part.header_start if number else part.body_start : part.body_end])


def mark_in(octets: bytes) -> str:
    """The same for the octets of a part."""
    return blake2b(crlf(octets).rstrip(b"\r\n"), digest_size=10).hexdigest()


def number_of(one: One, mark: str) -> int:
    """The part that is known by a mark. `EwsError`."""
    found = next((each for each in attachments_of(one) if mark_of(one, each) == mark), None)
    if found is None:
        raise no_file()
    return found


def item_kind(one: One, number: int) -> Kind | None:
    """The kind of an attached item; None: it is a file."""
    part = one.summary.parts[number]
    if part.kind == "message":
        return Kind.MAIL
    if not number or part.media not in (_CALENDAR, "text/vcard"):
        return None
    lines = fields(one.octets[part.header_start : part.body_start])
    said = next((value for name, value in lines if name.lower() == b"content-class"), b"")
    return _KINDS.get(said.strip().lower().decode("ascii", "replace"))


def unsuffixed(name: str, kind: Kind) -> str:
    """What an item is called that is a file of that name."""
    return name.removesuffix(SUFFIXES[kind]) or name


def attachment_xml(one: One, number: int, inside: str = "", path: str = "") -> Xml:
    """FileAttachment or ItemAttachment; `inside` is what is in it."""
    part = one.summary.parts[number]
    kind = item_kind(one, number)
    name = name_of(part) if kind in (None, Kind.MAIL) else unsuffixed(name_of(part), kind)
    size = part.size * 3 // 4 if part.encoding == "base64" else part.size
    said = (
        tag("AttachmentId", "", Id=attachment_id(one.thing.item, path or one.path + mark_of(one, number)))
        + tag("Name", name)
        + tag("ContentType", part.media)
        + tag("ContentId", part.cid or None)
        + tag("Size", size)
        + tag("LastModifiedTime", micros(one.thing.saved))
        + tag("IsInline", bool(part.cid) and part.disposition != "attachment")
    )
    return tag("FileAttachment" if kind is None else "ItemAttachment", Xml(said + inside))


def content_xml(one: One, number: int) -> Xml:
    """Content: the octets of a part."""
    return tag("Content", Xml(base64.b64encode(decoded(one.octets, one.summary.parts[number])).decode()))
