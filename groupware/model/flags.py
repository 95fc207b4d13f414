"""Flags of an item, and the right that each change of one takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag
from functools import lru_cache
from typing import Final

from .ids import ModSeq
from .rights import Right


class Flags(Flag):
    """System flags, RFC 9051 §2.3.2. \\Recent is a session's, not an item's."""

    NONE = 0
    SEEN = 1
    ANSWERED = 2
    FLAGGED = 4
    DELETED = 8
    DRAFT = 16


MOST_KEYWORDS: Final = 100
"""Of one item: more is nobody's filing, and whoever lists a folder would have to send them all."""
FLAGS: Final = tuple(Flags(bits) for bits in range(32))
"""The flags that a number means."""


@lru_cache(maxsize=4096)
def words_in(text: str) -> frozenset[str]:
    """Keywords as they are stored, between spaces."""
    return frozenset(text.split()) if text else frozenset()


RIGHT_OF = {Flags.SEEN: Right.SEEN, Flags.DELETED: Right.TRASH}
"""Every other flag, and every keyword, takes WRITE. RFC 4314 §4."""


@dataclass(frozen=True, slots=True)
class FlagChange:
    """Which flags to set and to clear; `replace` clears first all that are not named in `add`."""

    add: Flags = Flags.NONE
    remove: Flags = Flags.NONE
    add_words: frozenset[str] = frozenset()
    remove_words: frozenset[str] = frozenset()
    replace: bool = False
    unchanged_since: ModSeq | None = None


@lru_cache(maxsize=4096)
def permitted_mask(rights: Right) -> tuple[Flags, bool]:
    """The system flags that these rights let one change, and whether keywords as well."""
    mask = Flags.NONE
    for flag in Flags:
        if RIGHT_OF.get(flag, Right.WRITE) in rights:
            mask |= flag
    return mask, Right.WRITE in rights


def apply(change: FlagChange, rights: Right, flags: Flags, words: frozenset[str]) -> tuple[Flags, frozenset[str]]:
    """The flags and keywords after the change; those that the rights do not cover stay as they are."""
    mask, may_words = permitted_mask(rights)
    add, remove = change.add & mask, (~change.add if change.replace else change.remove) & mask
    new_words = words
    if may_words:
        kept = frozenset[str]() if change.replace else words - change.remove_words
        new_words = kept | change.add_words
    return (flags & ~remove) | add, new_words
