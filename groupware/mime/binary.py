"""Messages with parts in binary, made fit for those who cannot read NUL: such parts go to base64. RFC 3516 §4.4."""

from __future__ import annotations

import re
from base64 import encodebytes
from typing import Final

from groupware.mime.scan import scan

_FIELD: Final = re.compile(
    rb"^content-transfer-encoding[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE
)
_AS_IT_IS: Final = frozenset({"binary", "8bit", "7bit"})


class NoEncoding(ValueError):
    """NUL where no transfer encoding can take it in; the text says where."""


def without_nul(octets: bytes) -> bytes:
    """The message with every part that holds NUL in base64; the very same octets when there is none. `NoEncoding`."""
    if b"\0" not in octets:
        return octets
    pieces: list[bytes] = []
    done = 0
    for node in scan(octets):
        if node.kind != "leaf" or octets.find(b"\0", node.body_start, node.body_end) < 0:
            continue
        if node.encoding.decode("ascii", "replace").lower() not in _AS_IT_IS:
            raise NoEncoding("a part with a transfer encoding holds NUL")
        header = octets[node.header_start : node.body_start]
        pieces += [octets[done : node.header_start], _in_base64(header)]
        pieces.append(encodebytes(octets[node.body_start : node.body_end]).rstrip(b"\n").replace(b"\n", b"\r\n"))
        done = node.body_end
    made = b"".join((*pieces, octets[done:]))
    if b"\0" in made:
        raise NoEncoding("NUL stands outside the parts of the message")
    return made


def _in_base64(header: bytes) -> bytes:
    """A part's header, the blank line included, that says base64."""
    kept = _FIELD.sub(b"", header)
    blank = kept.endswith((b"\n\r\n", b"\n\n")) or kept in (b"\r\n", b"\n", b"")
    end = 2 if kept.endswith(b"\r\n") else 1 if kept.endswith(b"\n") else 0
    head = kept[: len(kept) - end] if blank else kept + (b"" if kept.endswith(b"\n") else b"\r\n")
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n"
