"""A card in the version that is asked for."""

from __future__ import annotations

import re
from typing import Final

from groupware.model.content import Component, parse, serialized
from groupware.model.errors import Malformed

from .four import to_four
from .three import to_three

VERSIONS: Final = ("3.0", "4.0")
_VERSION: Final = re.compile(rb"^VERSION(?:;[^:\r\n]*)?:[ \t]*([0-9.]+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


def version_of(octets: bytes) -> str:
    """The version that a card says it is of; "" where none is said."""
    found = _VERSION.search(octets)
    return found[1].decode() if found is not None else ""


def converted(card: Component, version: str) -> Component:
    """The contact in a version of `VERSIONS`."""
    if card.text("VERSION").strip() == version:
        return card
    return to_four(card) if version == "4.0" else to_three(card)


def in_version(octets: bytes, version: str) -> bytes:
    """A stored card in a version of `VERSIONS`: the very octets where they are of it, or cannot be read."""
    if version_of(octets) == version:
        return octets
    try:
        return serialized([converted(each, version) for each in parse(octets)])
    except Malformed:
        return octets
