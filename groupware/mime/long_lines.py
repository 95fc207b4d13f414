"""Lines that are too long for mail, made fit for it by another transfer encoding. RFC 5322 §2.1.1, RFC 2045 §6.

1. What the message says does not change, nor does any part whose lines are short.
2. All that is signed or encrypted stays as it is, octet for octet; so does a header.
"""

from __future__ import annotations

from typing import Final

from groupware.mime.appending import base64_lines, quoted, with_field
from groupware.mime.footers import SEALED, SIGNED
from groupware.mime.scan import Node, scan

LONGEST: Final = 998
"""Octets of a line, without its end."""
_PLAIN: Final = (b"7bit", b"8bit", b"binary")
_ENCODING: Final = b"Content-Transfer-Encoding"


def has_long_lines(octets: bytes, start: int = 0, end: int | None = None) -> bool:
    """Whether a line there has more than `LONGEST` octets. It looks at a few places of each thousand octets."""
    end = len(octets) if end is None else end
    while end - start > LONGEST:
        at = octets.rfind(b"\n", start, start + LONGEST + 2)
        if at < 0:
            return True
        start = at + 1
    return False


def shortened(octets: bytes) -> bytes:
    """The message whose text parts with long lines are quoted-printable, and other such parts base64."""
    if not has_long_lines(octets):
        return octets
    nodes = scan(octets)
    if SIGNED.search(octets, 0, nodes[0].body_start):
        return octets
    eol = b"\r\n" if b"\r\n" in octets[: nodes[0].body_start] else b"\n"
    pieces: list[bytes] = []
    at = 0
    for each in _leaves(nodes):
        if each.encoding in _PLAIN and has_long_lines(octets, each.body_start, each.body_end):
            header, body = octets[each.header_start : each.body_start], octets[each.body_start : each.body_end]
            if not header.endswith(b"\n"):
                continue  # it has no end, so a part is made of guesses
            text = each.media.main == b"text"
            header = with_field(header, _ENCODING, b"quoted-printable" if text else b"base64", eol, each)
            pieces += [octets[at : each.header_start], header, (quoted if text else base64_lines)(body, eol)]
            at = each.body_end
    return b"".join((*pieces, octets[at:]))


def _leaves(nodes: list[Node]) -> list[Node]:
    """The parts that hold something, but for those that are sealed and what is in them."""
    found: list[Node] = []
    sealed: int | None = None
    for each in nodes:
        if sealed is not None and each.depth > sealed:
            continue
        sealed = each.depth if each.media.name in SEALED else None
        if each.kind == "leaf" and sealed is None:
            found.append(each)
    return found
