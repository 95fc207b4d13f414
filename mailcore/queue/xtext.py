"""xtext: how values with any characters travel in SMTP parameters. RFC 3461 §4, RFC 6533 §3."""

from __future__ import annotations

import re
from typing import Final

_TO_ENCODE: Final = re.compile(r"[^!-*,-<>-~]")
_ENCODED: Final = re.compile(r"\+([0-9A-F]{2})")
_BAD: Final = re.compile(r"[^!-~]|\+(?![0-9A-F]{2})|=")


def encode(text: str) -> str:
    """The text as xtext. Characters outside ASCII stay, as they do under SMTPUTF8."""
    return _TO_ENCODE.sub(lambda found: f"+{ord(found[0]):02X}" if found[0].isascii() else found[0], text)


def decode(text: str) -> str:
    """What the xtext says; ValueError when it is none."""
    if (bad := _BAD.search(text)) is not None and bad[0].isascii():
        raise ValueError(f"xtext with {bad[0]!r} at character {bad.start() + 1}")
    return _ENCODED.sub(lambda found: chr(int(found[1], 16)), text)
