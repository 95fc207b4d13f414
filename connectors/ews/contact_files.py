"""What is attached to a contact: its picture, and files that are kept beside it, as the card tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.ews.contact_picture import photo_xml, picture
from connectors.ews.event_files import file_xml
from connectors.ews.things import One
from connectors.ews.wire import Xml
from groupware.contacts.attachments import LINE, MANAGED_ID

LINE_NAME: Final = LINE.lower()
KEY: Final = MANAGED_ID.lower()
Entry = list[Any]
"""A line of vCard as JSContact has it: name, parameters, type, value."""


def files_of(card: Mapping[str, Any]) -> dict[str, Entry]:
    """The lines of the files, by key."""
    lines = [each for each in card.get("vCardProps") or () if each[0] == LINE_NAME]
    return {str(each[1][KEY]): each for each in lines if each[1].get(KEY)}


def attachments_xml(one: One) -> Xml | None:
    """Attachments, without what is in them."""
    rows = [photo_xml(one)] if picture(one.json) else []
    for key, (_, params, *_) in files_of(one.json).items():
        name, media, size = (str(params.get(each) or "") for each in ("filename", "fmttype", "size"))
        rows.append(file_xml(one, key, name, media, size))
    return Xml("".join(rows)) or None
