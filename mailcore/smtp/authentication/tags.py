"""Tag lists, `name=value; name=value`, of DKIM, ARC and DMARC. RFC 6376 §3.2."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from typing import Final

LONGEST: Final = 16_384
MOST: Final = 100
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_SPACES: Final = re.compile(r"[ \t\r\n]+")
_SPACE: Final = " \t\r\n"
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}\Z")


class Malformed(ValueError):
    """What should follow a grammar does not; the text says what is wrong."""


def tags(text: str) -> dict[str, str]:
    """The values by tag, in their order, without space around them. Malformed.

    An empty place between two semicolons is let pass: people write it, and it can mean nothing else.
    """
    if len(text) > LONGEST:
        raise Malformed("the list of tags is too long")
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        name = name.strip(_SPACE)
        if not name and not equals:
            continue
        if not equals or not _NAME.match(name):
            raise Malformed(f"{part.strip(_SPACE)[:40]!r} is no tag with a value")
        if name in found:
            raise Malformed(f"the tag {name[:20]} is there twice")
        if len(found) >= MOST:
            raise Malformed("there are too many tags")
        found[name] = value.strip(_SPACE)
    return found


def words(value: str) -> list[str]:
    """What stands between the colons of a value, in lower case."""
    return [each.strip(_SPACE).lower() for each in value.split(":")]


def unbase64(value: str) -> bytes:
    """The octets of a base64 value, which may be folded. Malformed."""
    packed = _SPACES.sub("", value)
    if not _BASE64.match(packed):
        raise Malformed("the base64 is damaged")
    try:
        return b64decode(packed.rstrip("=") + "=" * (-len(packed.rstrip("=")) % 4), validate=True)
    except Error as error:
        raise Malformed("the base64 is damaged") from error


def number(value: str, what: str) -> int:
    """A decimal number of up to 12 digits. Malformed."""
    if not value.isascii() or not value.isdecimal() or len(value) > 12:
        raise Malformed(f"{what} is no number")
    return int(value)
