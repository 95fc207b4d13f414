"""Where in a large file its components stand, found line by line: the file itself is never in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from .errors import Malformed

LONGEST: Final = 64 * 1024
"""Octets that are read of a line at once."""
_NAMES: Final = (b"UID", b"TZID")
_IN_NO_OTHER: Final = frozenset((b"VEVENT", b"VTODO", b"VJOURNAL", b"VFREEBUSY", b"VAVAILABILITY", b"VTIMEZONE"))
"""Components that stand in a calendar, and in none of each other."""


class Stretch(NamedTuple):
    """A component of some level; without a name a line of what stands around it."""

    outer: int
    """Which of the components of the outermost level it is in, from 0."""
    name: bytes
    key: bytes
    """Its UID or TZID."""
    start: int
    end: int
    line: int
    """Where it begins, as an editor counts."""
    whole: bool = True
    """Whether it has an END."""


class _Piece(NamedTuple):
    """A line, or what follows of one."""

    start: int
    end: int
    line: int
    text: bytes
    begins: bool
    """Whether it is the beginning of a logical line that holds something."""


def stretches(file: BinaryIO, level: int) -> Iterator[Stretch]:
    """The components that are so many levels deep (1: the outermost), in order. `Malformed` for text outside.

    One that is not ended costs itself alone: what is in no other component ends it, as does the end of what it is in.
    """
    open_ = list[bytes]()
    outer, now, folding = 0, Stretch(0, b"", b"", 0, 0, 0), False
    for here in _lines(file):
        verb, _, value = here.text.partition(b":")
        verb, name = (verb.upper(), value.strip().upper()) if here.begins else (b"", b"")
        if verb == b"BEGIN" and name in _IN_NO_OTHER and len(open_) >= level > 1:
            yield now._replace(whole=False)
            del open_[level - 1 :]
        now = now._replace(end=here.end, key=now.key + here.text if folding and not verb else now.key)
        folding = folding and not verb
        if verb == b"BEGIN":
            open_.append(name)
            if len(open_) == level:
                now = Stretch(outer, name, b"", here.start, here.end, here.line)
        elif not open_:
            _outside(here)
        elif verb == b"END":
            yield from _ended(open_, name, level, now)
            outer += not open_
        elif len(open_) == level and verb.partition(b";")[0] in _NAMES:
            now, folding = now._replace(key=value), True
        elif len(open_) == level - 1:
            yield Stretch(outer, b"", b"", here.start, here.end, here.line)
    if len(open_) >= level:
        yield now._replace(whole=False)


def _ended(open_: list[bytes], name: bytes, level: int, now: Stretch) -> Iterator[Stretch]:
    """Ends the innermost component of that name with all that is in it, be it `now`; what has not begun has no end."""
    there = len(open_)
    while name in open_:
        if open_.pop() == name:
            break
    if there >= level > len(open_):
        yield now._replace(whole=len(open_) == level - 1)


def _lines(file: BinaryIO) -> Iterator[_Piece]:
    end = line = 0
    ended = True
    while octets := file.readline(LONGEST):
        start, end = end, end + len(octets)
        began, ended = ended, octets.endswith(b"\n")
        line += began
        text = (octets if start else octets.removeprefix(b"\xef\xbb\xbf")).strip()
        yield _Piece(start, end, line, text, began and octets[:1] not in (b" ", b"\t") and bool(text))


def _outside(here: _Piece) -> None:
    if here.text:
        said = here.text[:40].decode("ascii", "replace")
        raise Malformed(f"line {here.line}: {said!r} stands outside of BEGIN and END")


def octets_of(file: BinaryIO, stretch: Stretch) -> bytes:
    """What stands there."""
    file.seek(stretch.start)
    return file.read(stretch.end - stretch.start)
