"""What a client holds on to for us: states of synchronisation, subscriptions, watermarks. JSON, packed; nothing secret.

What somebody makes up leads to nothing that they may not see: each is read through the store's door like all else.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

from connectors.ews.errors import EwsError

LONGEST: Final = 1024 * 1024
"""Characters of one that comes in; unpacked it may be eight times that."""


def packed(kind: str, facts: Mapping[str, Any]) -> str:
    """The token."""
    octets = json.dumps({"k": kind, **facts}, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(octets, 6)).decode()


def unpacked(kind: str, text: str, code: str) -> dict[str, Any]:
    """What a token says. `EwsError` for what is none of ours."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        opened = zlib.decompressobj()
        octets = opened.decompress(base64.b64decode(text.strip(), validate=True), 8 * LONGEST)
        found = json.loads(octets)
        if opened.unconsumed_tail or not isinstance(found, dict) or found.get("k") != kind:
            raise ValueError
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise EwsError(code, "this is no token of this server, or one of an older form: start over") from None
    return found


def numbers(facts: Mapping[str, Any], code: str, *names: str) -> list[int]:
    """Whole numbers of a token. `EwsError`."""
    found = [facts.get(name, 0) for name in names]
    if not all(type(each) is int and 0 <= each < 1 << 62 for each in found):
        raise EwsError(code, "this is no token of this server: start over")
    return found
