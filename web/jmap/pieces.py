"""Which piece of some octets a GET asks for: `Range` and `If-Range`. RFC 9110 §13.1.5, §14."""

from __future__ import annotations

import re
from typing import Final

_ONE: Final = re.compile(r"bytes=[ \t]*(\d{0,30})-(\d{0,30})[ \t]*\Z", re.IGNORECASE | re.ASCII)


class Unsatisfiable(Exception):
    """None of the octets is in the range."""


def piece_of(given: str, only_if: str, tag: str, size: int) -> range | None:
    """The places of the octets that are asked for, of `size`; None: all of them. `Unsatisfiable`.

    A field that cannot be read counts for nothing, and neither does one of several ranges, or one for another `tag`.
    """
    found = _ONE.match(given)
    if found is None or (only_if and only_if.strip() != tag):
        return None
    first, last = found.groups()
    if not first:
        if not last:
            return None
        if not int(last) or not size:
            raise Unsatisfiable
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return range(int(first), min(int(last) + 1, size) if last else size)
