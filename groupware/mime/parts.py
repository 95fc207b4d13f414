"""The stored table of a message's parts: where each lies and what it is, so that no section needs a new scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

from groupware.mime.scan import Kind

_ROW: Final = Struct("<BBxxIQQQQ")
_KINDS: Final[tuple[Kind, ...]] = ("leaf", "multipart", "message")
_FIELD_MARK: Final = "\x1f"  # no decoded text holds control characters
_PART_MARK: Final = "\x1e"


@dataclass(frozen=True, slots=True)
class Part:
    """One part. Parts lie in the order of the octets, root first; the children of a part follow it, one deeper.

    A `message` has one child, the root of the message inside. Offsets count the octets as stored, `size` those sent.
    """

    depth: int
    kind: Kind
    header_start: int
    body_start: int
    body_end: int
    size: int
    """Octets of the body as sent, with CRLF line ends."""
    lines: int
    """Line ends in the body."""
    media: str
    """In lower case: `text/plain`."""
    charset: str
    encoding: str
    """In lower case; `7bit` when nothing is said."""
    disposition: str
    """In lower case, empty when nothing is said."""
    name: str
    """The file's name, decoded; empty when it has none."""
    cid: str
    """Content-ID without brackets."""


def encode_parts(parts: Sequence[Part]) -> bytes:
    """The table in octets: fixed rows, then the texts."""
    rows = b"".join(
        [
            _ROW.pack(
                p.depth, _KINDS.index(p.kind), p.lines & 0xFFFFFFFF, p.header_start, p.body_start, p.body_end, p.size
            )
            for p in parts
        ]
    )
    texts = _PART_MARK.join(
        [_FIELD_MARK.join((p.media, p.charset, p.encoding, p.disposition, p.name, p.cid)) for p in parts]
    )
    return len(parts).to_bytes(4, "little") + rows + texts.encode()


def _row(part: Part) -> bytes:
    kind, lines = _KINDS.index(part.kind), part.lines & 0xFFFFFFFF
    return _ROW.pack(part.depth, kind, lines, part.header_start, part.body_start, part.body_end, part.size)


def root_span(encoded: bytes, at: int) -> tuple[int, int, int]:
    """Where the header and the body of the message itself begin, and where it ends; the table begins at `at`."""
    _, _, _, header, start, end, _ = _ROW.unpack_from(encoded, at + 4)
    return header, start, end


def header_spans(encoded: bytes, at: int) -> list[tuple[int, int]]:
    """Where the header of each part begins and ends; the table begins at `at`."""
    end = at + 4 + int.from_bytes(encoded[at : at + 4], "little") * _ROW.size
    return [(row[3], row[4]) for row in _ROW.iter_unpack(encoded[at + 4 : end])]


def decode_parts(table: bytes) -> tuple[Part, ...]:
    """The parts of a table that `encode_parts` made."""
    end = 4 + int.from_bytes(table[:4], "little") * _ROW.size
    texts = table[end:].decode().split(_PART_MARK)
    return tuple(
        [
            Part(depth, _KINDS[kind], header, start, stop, size, lines, *text.split(_FIELD_MARK))
            for (depth, kind, lines, header, start, stop, size), text in zip(
                _ROW.iter_unpack(table[4:end]), texts, strict=True
            )
        ]
    )
