"""GetUserPhoto and SetUserPhoto. MS-OXWSPHOTO."""

from __future__ import annotations

import base64
import binascii

from connectors.bounded_xml import Element
from connectors.ews.contact_fields import emails
from connectors.ews.contact_picture import picture
from connectors.ews.errors import EwsError
from connectors.ews.people_ops import contacts_with, read_contacts, refused, single
from connectors.ews.turn import Turn, account_of
from connectors.ews.wire import message, words
from groupware.contacts.photos import photos_of, put_photo
from groupware.model.errors import Refused
from groupware.store.api import WriteTx


async def get_user_photo(turn: Turn, element: Element) -> str:
    """`GetUserPhoto`: what somebody of the domain has set, or the picture of a contact of that address."""
    data = await _photo(turn, (words(element, "Email") or "").strip().lower())
    if not data:
        return refused("GetUserPhoto", EwsError("ErrorItemNotFound", "there is no photo of that address"))
    return single("GetUserPhoto", message("HasChanged", "true") + message("PictureData", data))


async def _photo(turn: Turn, address: str) -> str:
    """The picture in base64, or ""."""
    there = (await turn.read(lambda tx: photos_of(tx, [address]))).get(address)
    if there is not None:
        return there.data
    for one in await read_contacts(turn, await turn.read(lambda tx: contacts_with(tx, address))):
        uri = picture(one.json)
        if uri is not None and address in map(str.lower, emails(one.json).values()):
            return uri.partition(",")[2]
    return ""


async def set_user_photo(turn: Turn, element: Element) -> str:
    """`SetUserPhoto`: one's own, for all of the domain to see; an empty one takes it away."""
    address = (words(element, "Email") or "").strip()

    def work(tx: WriteTx) -> None:
        if account_of(tx, address) != tx.who.account:
            raise EwsError("ErrorAccessDenied", "a photo is its owner's to set")
        put_photo(tx, octets)

    try:
        octets = base64.b64decode("".join((words(element, "Content") or "").split()), validate=True)
        await turn.write(work)
    except binascii.Error:
        return refused("SetUserPhoto", EwsError("ErrorInvalidRequest", "Content is no base64"))
    except Refused as error:
        return refused("SetUserPhoto", EwsError("ErrorInvalidRequest", str(error)))
    except EwsError as error:
        return refused("SetUserPhoto", error)
    return single("SetUserPhoto", "")
