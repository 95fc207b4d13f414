"""Messages with parts in binary, made fit for those who cannot read NUL: such parts go to base64. RFC 3516 §4.4."""

from __future__ import annotations

import re
from base64 import encodebytes
from collections.abc import Iterator
from typing import Final

from groupware.mime.scan import scan
from groupware.model.octets import Octets

_FIELD: Final = re.compile(
    rb"^content-transfer-encoding[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE
)
_AT_ONCE: Final = 57 * 18_000
"""Octets of a part, in whole lines of base64."""
_AS_IT_IS: Final = frozenset({"binary", "8bit", "7bit"})


class NoEncoding(ValueError):
    """NUL where no transfer encoding can take it in; the text says where."""


def shown(octets: bytes) -> bytes:
    """As many octets, with each NUL made 0x80: for who has no way to be told of NUL. The very same object when there
    is none."""
    return octets.replace(b"\0", b"\x80") if b"\0" in octets else octets


def without_nul(octets: bytes) -> bytes:
    """The message with every part that holds NUL in base64; the very same octets when there is none. `NoEncoding`."""
    return b"".join(without_nul_pieces(octets)) if b"\0" in octets else octets


def without_nul_pieces(octets: Octets) -> Iterator[bytes]:
    """The same, piece by piece. `NoEncoding`, perhaps behind some of them."""
    done = 0
    for node in scan(octets):
        if node.kind != "leaf" or octets.find(b"\0", node.body_start, node.body_end) < 0:
            continue
        if node.encoding.decode("ascii", "replace").lower() not in _AS_IT_IS:
            raise NoEncoding("a part with a transfer encoding holds NUL")
        yield from _clean(octets, done, node.header_start)
        header = octets[node.header_start : node.body_start]
        if b"\0" in header:
            raise NoEncoding("NUL stands outside the parts of the message")
        yield _in_base64(header)
        for at in range(node.body_start, node.body_end, _AT_ONCE):
            lines = encodebytes(octets[at : min(at + _AT_ONCE, node.body_end)]).replace(b"\n", b"\r\n")
            yield lines if at + _AT_ONCE < node.body_end else lines.removesuffix(b"\r\n")
        done = node.body_end
    yield from _clean(octets, done, len(octets))


def _clean(octets: Octets, start: int, end: int) -> Iterator[bytes]:
    """What stands between such parts."""
    if octets.find(b"\0", start, end) >= 0:
        raise NoEncoding("NUL stands outside the parts of the message")
    for at in range(start, end, _AT_ONCE):
        yield octets[at : min(at + _AT_ONCE, end)]


def _in_base64(header: bytes) -> bytes:
    """A part's header, the blank line included, that says base64."""
    kept = _FIELD.sub(b"", header)
    blank = kept.endswith((b"\n\r\n", b"\n\n")) or kept in (b"\r\n", b"\n", b"")
    end = 2 if kept.endswith(b"\r\n") else 1 if kept.endswith(b"\n") else 0
    head = kept[: len(kept) - end] if blank else kept + (b"" if kept.endswith(b"\n") else b"\r\n")
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n"
