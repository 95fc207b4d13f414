"""How texts are compared: without letter case for search, in the order of i;unicode-casemap for sorting. RFC 5051."""

from __future__ import annotations

from typing import Final
from unicodedata import normalize


def caseless(text: str) -> str:
    """The text as search compares it: letter case and ways of writing the same sign aside."""
    if text.isascii():  # by far the quickest way
        return text.lower()
    return normalize("NFKD", normalize("NFKD", text).casefold())


def collated(text: str) -> str:
    """The text as sorting compares it, sign by sign: each in title case, then taken apart. RFC 5051 §2."""
    if text.isascii():
        return text.upper()
    return normalize("NFKD", text.translate(_TITLES))


class _Titles(dict[int, str]):
    """Each sign's title case, where that is one sign; learned as they come."""

    def __missing__(self, sign: int) -> str:
        title = chr(sign).title()
        found = self[sign] = title if len(title) == 1 else chr(sign)
        return found


_TITLES: Final = _Titles()
