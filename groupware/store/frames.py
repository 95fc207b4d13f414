"""The stored form of a body: zstd with checksums, a large one in frames that can be opened alone.

1. What was damaged on disk is never given out: it is `NotFound`.
2. A body of more than `FRAME` octets is a row of frames of `FRAME` octets each, and behind them a table of their
   lengths as the seekable format of zstd has it: any tool for zstd reads the whole, and a range costs its own frames.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

import zstandard

from groupware.model.ids import BlobId
from groupware.model.octets import Octets

from .objects import lost

FRAME: Final = 1 << 20
LEVEL: Final = 1
"""Mail is text and base64: 3 takes half as long again, for one part in a hundred."""
LARGEST: Final = 1 << 31
_SKIPPABLE: Final = 0x184D2A5E
_MAGIC: Final = 0x8F92EAB1
_HEAD: Final = Struct("<II")  # of a skippable frame: magic, octets that follow
_ENTRY: Final = Struct("<II")  # octets stored, octets they stand for
_FOOT: Final = Struct("<IBI")  # frames, descriptor, magic
TAIL: Final = _HEAD.size + (LARGEST // FRAME) * _ENTRY.size + _FOOT.size
"""So many octets at the end hold the table, however large the body is."""

_tools = threading.local()


@dataclass(frozen=True, slots=True)
class Table:
    """Where the frames of a stored form are. Frame n holds the octets from n * FRAME on."""

    starts: Sequence[int]
    """Where each frame begins, and where the last ends."""
    size: int
    """Octets of the body."""

    def span(self, start: int, end: int) -> tuple[int, int, int]:
        """First frame, and the stored octets from which to which, that hold this range of the body."""
        first, last = start // FRAME, (end - 1) // FRAME
        return first, self.starts[first], self.starts[last + 1]


def packed(octets: Octets) -> bytes:
    """The stored form of a body."""
    return b"".join(frames(octets))


def frames(octets: Octets) -> Iterator[bytes]:
    """The same, piece by piece: who writes it holds one at a time."""
    if len(octets) <= FRAME:
        yield _packer().compress(octets[:])
        return
    view, entries = memoryview(octets), []
    for at in range(0, len(octets), FRAME):
        piece = view[at : at + FRAME]
        frame = _packer().compress(piece)
        entries.append(_ENTRY.pack(len(frame), len(piece)))
        piece.release()
        yield frame
    size = len(entries) * _ENTRY.size + _FOOT.size
    yield b"".join((_HEAD.pack(_SKIPPABLE, size), *entries, _FOOT.pack(len(entries), 0, _MAGIC)))


def unpacked(blob: BlobId, body: bytes) -> bytes:
    """The octets of a stored form. `NotFound` when it is damaged."""
    table = table_of(blob, body) if _size(blob, body) >= FRAME else None  # only full frames have others behind them
    return opened(blob, body) if table is None else opened_all(blob, body, table, 0)


def _size(blob: BlobId, frame: bytes) -> int:
    """How many octets the first frame says that it holds."""
    try:
        return zstandard.frame_content_size(frame)
    except zstandard.ZstdError as error:
        raise lost(blob) from error


def table_of(blob: BlobId, tail: bytes) -> Table | None:
    """The table at the end of a stored form (its last `TAIL` octets do); None for a single frame. `NotFound`."""
    if len(tail) < _HEAD.size + _FOOT.size:
        return None
    count, _, magic = _FOOT.unpack_from(tail, len(tail) - _FOOT.size)
    at = len(tail) - _FOOT.size - count * _ENTRY.size - _HEAD.size
    if magic != _MAGIC or at < 0 or _HEAD.unpack_from(tail, at)[0] != _SKIPPABLE:
        return None
    starts, size = [0], 0
    for stored, plain in _ENTRY.iter_unpack(tail[at + _HEAD.size : -_FOOT.size]):
        if size % FRAME or plain > FRAME:  # only the last frame may be shorter
            raise lost(blob)
        starts.append(starts[-1] + stored)
        size += plain
    return Table(starts, size)


def opened_all(blob: BlobId, stored: bytes, table: Table, first: int) -> bytes:
    """What whole frames hold; the stored octets begin with frame `first`, and what follows the last is let be."""
    view, base = memoryview(stored), table.starts[first]
    pieces = []
    for number in range(first, len(table.starts) - 1):
        start, end = table.starts[number] - base, table.starts[number + 1] - base
        if start >= len(view):
            break
        if end > len(view):
            raise lost(blob)
        piece = opened(blob, view[start:end])
        if len(piece) != min(FRAME, table.size - number * FRAME):
            raise lost(blob)
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def opened(blob: BlobId, frame: bytes | memoryview) -> bytes:
    """The octets of one frame. `NotFound` when it is damaged."""
    tool: zstandard.ZstdDecompressor | None = getattr(_tools, "opens", None)
    if tool is None:
        tool = _tools.opens = zstandard.ZstdDecompressor()
    try:
        if zstandard.frame_content_size(frame) > LARGEST:
            raise lost(blob)
        return tool.decompress(frame)
    except zstandard.ZstdError as error:
        raise lost(blob) from error


def _packer() -> zstandard.ZstdCompressor:
    tool: zstandard.ZstdCompressor | None = getattr(_tools, "packs", None)
    if tool is None:
        tool = _tools.packs = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    return tool
