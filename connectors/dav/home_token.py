"""The sync-token of a home: what was in it, and what each collection was like (decision 375)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from connectors.dav.errors import DavError
from connectors.dav.properties import display_name
from connectors.dav.shelf import Shelf

PREFIX: Final = "data:,home-"
LONGEST: Final = 1024 * 1024
"""Octets of what a token says."""
Marks = Mapping[str, str]
"""The path of each collection, and what it was like."""


def said_of(shelf: Shelf) -> tuple[object, ...]:
    """What a collection says of itself, to whom it says it."""
    notes = sorted((name, value.hex()) for name, value in shelf.notes.items())
    return shelf.folder.id, display_name(shelf), shelf.folder.rights.value, notes


def token_of(shelves: Sequence[Shelf]) -> str:
    """The token of a home that holds these collections."""
    return token({each.href: mark(each) for each in shelves})


def mark(shelf: Shelf) -> str:
    """The position of its contents in the change sequence, and a digest of what it says of itself."""
    props = hashlib.blake2b(json.dumps(said_of(shelf)).encode(), digest_size=6).hexdigest()
    return f"{shelf.folder.uidvalidity}-{shelf.folder.modseq}-{props}"


def token(marks: Marks) -> str:
    """As it goes over the wire."""
    return PREFIX + base64.urlsafe_b64encode(zlib.compress(json.dumps(marks).encode())).decode()


def marks_of(said: str) -> Marks:
    """What a token says. `DavError`."""
    if not said:
        return {}
    try:
        packed = base64.b64decode(said.removeprefix(PREFIX), b"-_", validate=True)
        found = json.loads(zlib.decompressobj().decompress(packed, LONGEST))
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        found = None
    if not said.startswith(PREFIX) or not isinstance(found, dict):
        raise DavError(403, "the sync-token is not one of a home: begin again", "<D:valid-sync-token/>")
    return {str(path): str(mark) for path, mark in found.items()}
