"""What things are called: ids that last as long as the thing, whatever it is called and wherever it goes.

`A12` an account, `F7` a mailbox, a calendar or another folder, `M30064771073` an email, `C...` a contact, `E...` an
event, `K...` a task, `N...` a note, `J...` an entry of a journal, `P...` a principal, `T...` a thread, `G30064771073`
the octets of an email and `G30064771073-2` one of its parts, `U5` octets that were uploaded. A mailbox, an email and a
thread are called as IMAP calls them (RFC 8474).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from groupware.model.ids import AccountId, FolderId, ItemId

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}\Z")
_BLOB: Final = re.compile(r"([GU])([1-9][0-9]{0,18})((?:-(?:0|[1-9][0-9]{0,5})){0,5})\Z")
_MOST: Final = (1 << 63) - 1


def _number(text: str, letter: str) -> int | None:
    if not text.startswith(letter) or not _NUMBER.match(text, 1):
        return None
    number = int(text[1:])
    return number if number <= _MOST else None


def account_id(owner: AccountId) -> str:
    """Of whoever owns a tree."""
    return f"A{owner}"


def owner_of(text: str) -> AccountId | None:
    """Whose account it is; None for what is no such id."""
    number = _number(text, "A")
    return None if number is None else AccountId(number)


def mailbox_id(at: FolderId) -> str:
    """Of a folder."""
    return f"F{at}"


def folder_of(text: str) -> FolderId | None:
    """Which folder it is."""
    number = _number(text, "F")
    return None if number is None else FolderId(number)


def email_id(email: ItemId) -> str:
    """Of an email (`Item.email`): moves leave it as it is, and copies have it too."""
    return f"M{email}"


def email_of(text: str) -> ItemId | None:
    """Which email it is."""
    number = _number(text, "M")
    return None if number is None else ItemId(number)


def object_id(letter: str, item: ItemId) -> str:
    """Of a contact, an event or a task, each by a letter of its own."""
    return f"{letter}{item}"


def object_of(letter: str, text: str) -> ItemId | None:
    """Which item it is."""
    number = _number(text, letter)
    return None if number is None else ItemId(number)


def principal_id(grantee: str) -> str:
    """Of whoever a grant can name: by what the grant calls them."""
    return "P" + base64.urlsafe_b64encode(grantee.encode()).decode().rstrip("=")


def grantee_of(text: str) -> str | None:
    """What a grant calls them."""
    if not text.startswith("P"):
        return None
    try:
        found = base64.b64decode(text[1:] + "=" * (-(len(text) - 1) % 4), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return found if principal_id(found) == text else None


@dataclass(frozen=True, slots=True)
class BlobName:
    """Where octets come from: an email or an upload, and in it a part of a message, in that a part again, ..."""

    email: ItemId | None
    upload: int | None
    path: tuple[int, ...] = ()


def blob_id(email: ItemId) -> str:
    """Of the octets of an email."""
    return f"G{email}"


def upload_id(number: int) -> str:
    """Of what was uploaded."""
    return f"U{number}"


def part_id(blob: str, part: int) -> str:
    """Of what a part of the message in a blob decodes to."""
    return f"{blob}-{part}"


def blob_of(text: str) -> BlobName | None:
    """Where its octets come from; None for what is no such id."""
    found = _BLOB.match(text)
    if found is None or int(found[2]) > _MOST:
        return None
    number, path = int(found[2]), tuple(int(each) for each in found[3].split("-")[1:])
    return BlobName(ItemId(number), None, path) if found[1] == "G" else BlobName(None, number, path)
