"""External lists: the address books of the owner. RFC 6134.

`urn:ietf:params:sieve:addrbook:default` is the one that programs put new contacts into; with the path of a folder in
place of `default`, or as the path alone, it is that folder.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

URN: Final = "urn:ietf:params:sieve:addrbook:"
SCHEMES: Final = "urn"
"""What ManageSieve tells of it. RFC 6134 §2.9."""
_BRACKETED: Final = re.compile(r"<([^<>]*)>\s*\Z")


def book_of(name: str) -> str | None:
    """The path of the address book that a list's name means, "" for the default one; None when it can be none."""
    if name[: len(URN)].lower() == URN:
        path = unquote(name[len(URN) :])
        return "" if path.lower() == "default" else path or None
    return name if name and ":" not in name.partition("/")[0] else None


def address_of(value: str) -> str:
    """The address in what a test compares: the value itself, or what stands in its brackets."""
    found = _BRACKETED.search(value)
    return (found[1] if found is not None else value).strip()
