"""Ids and change keys: opaque, and the same as long as the thing is there, wherever it goes.

An id is base64 of a letter and numbers: `F` a folder, `R` the top of somebody's mailbox, `X` their outbox, `I` an item,
`O` one occurrence of an event (with its local time), `A` an attachment of an item (with marks of its parts), `C` a
conversation, `D` something that was removed from a folder (with the UID that it had there), `Y` a folder of recoverable
items, `B` a busy time of a calendar (with its beginning, end and kind). A change key is base64 of the item's modseq.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass
from typing import Final, Literal

from groupware.model.ids import FolderId, ItemId, ModSeq

from .errors import malformed_id

Letter = Literal["F", "R", "X", "Y", "I", "O", "A", "C", "D", "B"]
Block = tuple[int, int, str]
"""A busy time: when it begins and ends, in seconds since 1970, and of what kind it is."""
LONGEST: Final = 512
_MOST: Final = (1 << 63) - 1
_OCCURRENCE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\Z")


@dataclass(frozen=True, slots=True)
class Id:
    """What an id says."""

    letter: str
    number: int
    more: str = ""
    """Of an occurrence its local time, of an attachment the marks of the parts, of a conversation its digest."""

    def __str__(self) -> str:
        return base64.b64encode(self.letter.encode() + struct.pack(">q", self.number) + self.more.encode()).decode()

    @property
    def item(self) -> ItemId:
        """The item that it is, or is in."""
        return ItemId(self.number)


def read_id(text: str, *letters: str) -> Id:
    """The id, one of these letters. `EwsError`."""
    try:
        octets = base64.b64decode(text.strip(), validate=True) if len(text) <= LONGEST else b""
        found = Id(octets[:1].decode("ascii"), struct.unpack(">q", octets[1:9])[0], octets[9:].decode("ascii"))
    except (binascii.Error, ValueError, struct.error):
        raise malformed_id(text) from None
    wrong = found.letter not in letters or not 0 < found.number <= _MOST
    if wrong or (found.letter == "O" and not _OCCURRENCE.match(found.more)):
        raise malformed_id(text)
    return found


def folder_id(at: FolderId) -> str:
    """Of a folder."""
    return str(Id("F", at))


def item_id(item: ItemId) -> str:
    """Of an item; a move leaves it as it is."""
    return str(Id("I", item))


def lost_id(at: FolderId, uid: int) -> str:
    """Of an item that was removed from a folder."""
    return str(Id("D", at, str(uid)))


def block_id(at: FolderId, block: Block) -> str:
    """Of a busy time of a calendar."""
    start, end, kind = block
    return str(Id("B", at, f"{start} {end} {kind}"))


def occurrence_id(item: ItemId, start: str) -> str:
    """Of one occurrence, by the local time that the rule gives it."""
    return str(Id("O", item, start))


def attachment_id(item: ItemId, path: str) -> str:
    """Of an attachment."""
    return str(Id("A", item, path))


def conversation_id(root: str) -> str:
    """Of a conversation, by what its messages know of their first one."""
    return base64.b64encode(b"C" + root.encode()).decode()


def change_key(modseq: ModSeq | int) -> str:
    """What changes with every change."""
    return base64.b64encode(struct.pack(">q", modseq)).decode()


def modseq_of(key: str) -> ModSeq | None:
    """The modseq that a change key means; None for what is none of ours."""
    try:
        return ModSeq(struct.unpack(">q", base64.b64decode(key, validate=True))[0])
    except (binascii.Error, ValueError, struct.error):
        return None
