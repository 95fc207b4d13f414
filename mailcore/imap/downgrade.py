"""ENVELOPE and BODYSTRUCTURE for those who have not enabled UTF-8: text in UTF-8 as encoded words. RFC 6857.

The octets of the message itself stay as they are (decision 116).
"""

from __future__ import annotations

import re
from email.charset import BASE64, QP, Charset
from functools import cache
from typing import Final

_LITERAL: Final = re.compile(rb"\{([0-9]{1,10})\}\r\n")


def downgraded(structure: bytes) -> bytes:
    """The structure with each literal in UTF-8 made a quoted string of encoded words; others stay as they are."""
    pieces: list[bytes] = []
    done = 0
    while (found := _LITERAL.search(structure, done)) is not None:
        end = found.end() + int(found[1])
        text = structure[found.end() : end]
        pieces += [structure[done : found.start()], _quoted(text) or structure[found.start() : end]]
        done = end
    return b"".join((*pieces, structure[done:]))


def _quoted(text: bytes) -> bytes | None:
    """None: it is no UTF-8, or has nothing to encode."""
    if text.isascii():
        return None
    try:
        words = text.decode()
    except UnicodeDecodeError:
        return None
    return b'"%b"' % " ".join(_encoded(words)).encode("ascii")


def _encoded(text: str) -> list[str]:
    """Encoded words of at most 75 characters each. RFC 2047 §2."""
    words = []
    while text:
        count = min(len(text), 40)
        while len(word := _word(text[:count])) > 75:
            count -= 1
        words.append(word)
        text = text[count:]
    return words


def _word(text: str) -> str:
    return _charset(QP if 2 * sum(map(str.isascii, text)) > len(text) else BASE64).header_encode(text)


@cache
def _charset(encoding: int) -> Charset:
    made = Charset("utf-8")
    made.header_encoding = encoding
    return made
