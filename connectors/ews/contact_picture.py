"""The picture of a contact, which EWS tells as an attachment. MS-OXWSATT §2.2.4.5 (IsContactPhoto)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from connectors.ews.errors import no_file
from connectors.ews.fields import micros
from connectors.ews.ids import attachment_id
from connectors.ews.things import One
from connectors.ews.wire import Xml, tag

MARK: Final = "photo"
NAME: Final = "ContactPicture.jpg"


def picture(card: Mapping[str, Any]) -> str | None:
    """The `data:` URI of its photo."""
    for each in (card.get("media") or {}).values():
        if each.get("kind") == "photo" and each.get("uri"):
            return str(each["uri"]) if str(each["uri"]).startswith("data:") else None
    return None


def octets_of(one: One) -> bytes:
    """The octets of the picture. `EwsError`."""
    uri = picture(one.json)
    try:
        found = base64.b64decode(uri.partition(",")[2], validate=True) if uri else b""
    except binascii.Error:
        found = b""
    if not found:
        raise no_file()
    return found


def content_xml(one: One) -> Xml:
    """The attachment with what is in it. `EwsError`."""
    return photo_xml(one, tag("Content", Xml(base64.b64encode(octets_of(one)).decode())))


def photo_xml(one: One, inside: str = "") -> Xml:
    """The FileAttachment; `inside` is what is in it."""
    media = (picture(one.json) or "").partition(";")[0].removeprefix("data:")
    said = (
        tag("AttachmentId", "", Id=attachment_id(one.thing.item, MARK))
        + tag("Name", NAME)
        + tag("ContentType", media or None)
        + tag("LastModifiedTime", micros(one.thing.saved))
        + tag("IsInline", False)
        + tag("IsContactPhoto", True)
    )
    return tag("FileAttachment", said + inside)
