"""The picture that somebody has put into the directory of their domain: a record of the account, for all to see."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.errors import Refused
from groupware.model.record import RecordKind
from groupware.store.api import ReadTx, WriteTx

LONGEST: Final = 512 * 1024
"""Octets."""
_KINDS: Final = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture."""

    media: str
    data: str
    """In base64."""

    @property
    def octets(self) -> bytes:
        """What it is."""
        return base64.b64decode(self.data)


def photos_of(tx: ReadTx, addresses: Sequence[str]) -> dict[str, Photo]:
    """Those of people of one's domain, by address in lower case."""
    return {address: Photo(**json.loads(facts)) for address, facts in tx.photos(addresses).items()}


def put_photo(tx: WriteTx, octets: bytes) -> None:
    """Sets one's own picture; no octets take it away. `Refused` for what is none."""
    there = [each.number for each in tx.records(RecordKind.PHOTO)]
    if not octets:
        for number in there:
            tx.drop_record(RecordKind.PHOTO, number)
        return
    media = next((kind for begin, kind in _KINDS if octets.startswith(begin)), None)
    if media is None or len(octets) > LONGEST:
        raise Refused(f"the picture of an account is a JPEG, PNG or GIF of up to {LONGEST} octets")
    facts = json.dumps({"media": media, "data": base64.b64encode(octets).decode()})
    tx.put_record(RecordKind.PHOTO, facts, there[0] if there else None)
