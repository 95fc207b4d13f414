"""Comparators and match types: RFC 5228 §2.7, RFC 4790, RFC 5051, RFC 5231, and `:matches` with what it captures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_DIGITS: Final = re.compile(r"[0-9]+")
_LONGEST_NUMBER: Final = 100
_INFINITE: Final = 10 ** (_LONGEST_NUMBER + 1)


def ascii_casemap(text: str) -> str:
    """RFC 4790 §9.2."""
    return text.lower() if text.isascii() else text.encode().lower().decode()


class _Titles(dict[int, str]):
    """Each character's titlecase where that is one character; found out when it is first asked for."""

    def __missing__(self, code: int) -> str:
        title = chr(code).title()
        found = self[code] = title if len(title) == 1 else chr(code)
        return found


_TITLES: Final = _Titles()


def unicode_casemap(text: str) -> str:
    """RFC 5051 §2: titlecase, then compatibility decomposition."""
    return text.upper() if text.isascii() else unicodedata.normalize("NFKD", text.translate(_TITLES))


def numeric(text: str) -> int:
    """The number that a text begins with; what begins with none is greater than any. RFC 4790 §9.1."""
    found = _DIGITS.match(text)
    if found is None or len(found[0].lstrip("0")) > _LONGEST_NUMBER:
        return _INFINITE
    return int(found[0][-_LONGEST_NUMBER:])


FOLDS: Final[Mapping[str, Callable[[str], str]]] = {
    "i;octet": str,
    "i;ascii-casemap": ascii_casemap,
    "i;unicode-casemap": unicode_casemap,
}


def equal(comparator: str, value: str) -> Callable[[str], bool]:
    """`:is`: whether a key is this value."""
    fold: Callable[[str], int | str] = numeric if comparator == "i;ascii-numeric" else FOLDS[comparator]
    folded = fold(value)
    return lambda key: fold(key) == folded


def contains(comparator: str, value: str) -> Callable[[str], bool]:
    """`:contains`: whether a key is in this value."""
    fold = FOLDS[comparator]
    folded = fold(value)
    return lambda key: fold(key) in folded


def related(comparator: str, relation: str, value: str) -> Callable[[str], bool]:
    """`:value`: whether this value is greater than a key, or what the relation says. RFC 5231 §4.1."""
    if comparator == "i;ascii-numeric":
        number = numeric(value)
        return lambda key: _holds(relation, (number > numeric(key)) - (number < numeric(key)))
    fold = FOLDS[comparator]
    folded = fold(value)
    return lambda key: _holds(relation, (folded > fold(key)) - (folded < fold(key)))


def _holds(relation: str, order: int) -> bool:
    return {"gt": order > 0, "ge": order >= 0, "lt": order < 0, "le": order <= 0, "eq": not order, "ne": order != 0}[
        relation.lower()
    ]


def glob(comparator: str, value: str, pattern: str) -> tuple[str, ...] | None:
    """`:matches`: the whole and what each `*` and `?` stood for, as short as it could be; None for no match.

    RFC 5228 §2.7.1, RFC 5229 §3.2.
    """
    fold = FOLDS[comparator]
    folded, origin = fold(value), None
    if len(folded) != len(value) or not (value.isascii() or comparator == "i;octet"):
        pieces = [fold(character) for character in value]
        folded = "".join(pieces)
        origin = [index for index, piece in enumerate(pieces) for _ in piece] + [len(value)]
    spans = _spans(folded, [_compiled(segment, comparator) for segment in _split(pattern)])
    if spans is None:
        return None
    if origin is not None:
        spans = [(origin[start], origin[end]) for start, end in spans]
    return (value, *[value[start:end] for start, end in spans])


Signs = tuple[str | None, ...]
"""A run of characters, None for a `?`."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two `*`: it matches texts of one length, `marks` are the places of its `?` in them."""

    pattern: re.Pattern[str]
    length: int
    marks: tuple[int, ...]

    def spans(self, found: re.Match[str]) -> list[tuple[int, int]]:
        """Where the wildcards of this match are."""
        start = found.start()
        return [(start + mark, start + mark + 1) for mark in self.marks]


@lru_cache(maxsize=512)
def _split(pattern: str) -> tuple[Signs, ...]:
    """The pattern between its `*`."""
    segments: list[list[str | None]] = [[]]
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "*":
            segments.append([])
        elif sign == "?":
            segments[-1].append(None)
        else:
            if sign == "\\" and at + 1 < len(pattern):
                at += 1
                sign = pattern[at]
            segments[-1].append(sign)
        at += 1
    return tuple(map(tuple, segments))


@lru_cache(maxsize=512)
def _compiled(signs: Signs, comparator: str) -> Segment:
    fold = FOLDS[comparator]
    pieces, marks, length = [], [], 0
    for sign in signs:
        if sign is None:
            marks.append(length)
            length += 1
            pieces.append(".")
        else:
            folded = fold(sign)
            length += len(folded)
            pieces.append(re.escape(folded))
    return Segment(re.compile("".join(pieces), re.DOTALL), length, tuple(marks))


def _spans(text: str, segments: list[Segment]) -> list[tuple[int, int]] | None:
    """Where the wildcards lie, None for no match.

    The first segment is at the beginning, each of the next as early as it can be, the last at the end.
    """
    head = segments[0].pattern.match(text)
    if head is None or (len(segments) == 1 and head.end() != len(text)):
        return None
    spans = segments[0].spans(head)
    at = head.end()
    for segment in segments[1:-1]:
        found = segment.pattern.search(text, at)
        if found is None:
            return None
        spans += [(at, found.start()), *segment.spans(found)]
        at = found.end()
    if len(segments) > 1:
        start = len(text) - segments[-1].length
        tail = segments[-1].pattern.match(text, start) if start >= at else None
        if tail is None:
            return None
        spans += [(at, tail.start()), *segments[-1].spans(tail)]
    return spans
