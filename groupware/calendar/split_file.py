"""A calendar file of any size taken apart: looked through once for where things stand, then read object by object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from groupware.model.errors import Malformed
from groupware.model.stretches import Stretch, octets_of, stretches

from .split import Piece, split

MOST_OCTETS: Final = 20 * 1024 * 1024
"""Of one object."""
_HEAD: Final = 64 * 1024
_END: Final = b"END:VCALENDAR\r\n"


def split_file(file: BinaryIO) -> Iterator[Piece]:
    """The same as `split`, but what is broken costs itself alone. `Malformed` when it is no calendar file at all."""
    heads: dict[int, bytearray] = {}
    zones: dict[tuple[int, bytes], Stretch] = {}
    objects: dict[tuple[int, bytes], list[Stretch]] = {}
    around: list[Stretch] = []
    for place in stretches(file, 2):
        if not place.name:
            around.append(place)
        elif place.name == b"VTIMEZONE":
            zones[place.outer, place.key] = place
        else:
            objects.setdefault((place.outer, place.key or b"\0%d" % place.start), []).append(place)
    for place in around:
        head = heads.setdefault(place.outer, bytearray())
        if len(head) + place.end - place.start <= _HEAD:
            head += octets_of(file, place)
    for (outer, _), parts in objects.items():
        near = [zone for (where, _), zone in zones.items() if where == outer]
        yield from _pieces(file, bytes(heads.get(outer, b"")), near, parts)


def _pieces(file: BinaryIO, head: bytes, zones: Sequence[Stretch], parts: Sequence[Stretch]) -> Iterator[Piece]:
    uid = parts[0].key.decode(errors="replace")
    where = f"component from line {parts[0].line} on"
    size = sum(part.end - part.start for part in parts)
    if not all(part.whole for part in parts):
        yield Piece(uid, None, f"{where}: it has no END")
        return
    if size > MOST_OCTETS:
        yield Piece(uid, None, f"{where}: it has {size} octets, and {MOST_OCTETS} are taken at most")
        return
    inside = b"".join(_ended(octets_of(file, part)) for part in parts)
    used = b"".join(_ended(octets_of(file, zone)) for zone in zones if zone.key in inside)
    try:
        found = list(split(b"BEGIN:VCALENDAR\r\n" + head + used + inside + _END))
    except Malformed as error:
        yield Piece(uid, None, f"{where}: {_reason(str(error))}")
        return
    for piece in found:
        yield piece if piece.read is not None else Piece(piece.uid, None, f"{where}: {_reason(piece.refused)}")


def _ended(octets: bytes) -> bytes:
    return octets if octets.endswith(b"\n") else octets + b"\r\n"


def _reason(said: str) -> str:
    """Without the line of the part by itself."""
    return said.partition(": ")[2] if said.startswith(("line ", "component from line ")) else said
