"""A changed object as octets: the lines that nobody has changed stay as they were written, fold by fold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from groupware.model.content import Component, folded, written

from ..object import CalendarObject

_LINES: Final = re.compile(rb"(?<=\n)(?![ \t])")


def rendered(calendar: Component, *sources: CalendarObject) -> bytes:
    """The component as octets. Its lines that are those of a source, and not only like them, keep their octets."""
    known: dict[int, bytes] = {}
    for read in sources:
        pieces = _LINES.split(read.octets.removeprefix(b"\xef\xbb\xbf"))
        for number, at in _places(read.calendar):
            known[number] = pieces[at] if pieces[at].endswith(b"\n") else pieces[at] + b"\r\n"
    ending = b"\n" if sources and b"\r\n" not in sources[0].octets else b"\r\n"
    return b"".join(_emitted(calendar, known, ending))


def _places(part: Component) -> Iterator[tuple[int, int]]:
    """Every line and component by its identity, with the logical line where it stands."""
    yield id(part), part.at
    for line in part.lines:
        yield id(line), line.at
    for inner in part.parts:
        yield from _places(inner)


def _emitted(part: Component, known: Mapping[int, bytes], ending: bytes) -> Iterator[bytes]:
    yield b"BEGIN:" + part.name.encode() + ending
    for line in part.lines:
        kept = known.get(id(line))
        yield kept if kept is not None else folded(written(line)).replace(b"\r\n", ending)
    for inner in part.parts:
        yield from _emitted(inner, known, ending)
    yield b"END:" + part.name.encode() + ending
