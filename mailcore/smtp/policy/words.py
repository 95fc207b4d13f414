"""A line of words as a person types it: apart by spaces, and in quotes where a word has some."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_WORD: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"(?!\S)|\'([^\']*)\'(?!\S)|([^\s"\']\S*))', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\])')
_BARE: Final = re.compile(r"[^\s\"']\S*\Z")


def split(text: str) -> tuple[str, ...]:
    """The words. In double quotes \\" and \\\\ stand for the sign; everything else is as it is. ValueError."""
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        word = _WORD.match(text, at, end)
        if word is None:
            raise ValueError(f"a quote is not closed, or something stands right behind it: {text[at:].strip()[:60]}")
        double, single, bare = word.groups()
        found.append(_ESCAPED.sub(r"\1", double) if double is not None else single if single is not None else bare)
        at = word.end()
    return tuple(found)


def joined(words: Sequence[str]) -> str:
    """A line that `split` takes apart into these words."""
    return " ".join(map(_shown, words))


def _shown(word: str) -> str:
    if _BARE.match(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
