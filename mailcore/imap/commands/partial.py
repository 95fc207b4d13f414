"""Ranges of results: PARTIAL of SEARCH, SORT and FETCH. RFC 9394, RFC 5267 §4.4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from mailcore.imap.grammar import Cursor

T = TypeVar("T")

Partial = tuple[int, int]
"""First and last result, from 1; or from -1, counted from the end."""


def read_partial(cursor: Cursor) -> Partial:
    """`1:100` from the first on, or `-1:-100` from the last back. RFC 9394 §4."""
    backwards = cursor.take(b"-")
    one = cursor.number()
    cursor.sign(b":-" if backwards else b":")
    other = cursor.number()
    if not one or not other:
        cursor.fail("a range of results, counted from 1")
    return (-one, -other) if backwards else (one, other)


def part(found: Sequence[T], partial: Partial) -> Sequence[T]:
    """The results in that range, in their order."""
    low, high = sorted(partial)
    if low < 0:
        return found[max(len(found) + low, 0) : max(len(found) + high + 1, 0)]
    return found[low - 1 : high]


def width(partial: Partial) -> int:
    """How many results the range has room for."""
    return abs(partial[1] - partial[0]) + 1
