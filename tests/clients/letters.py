"""Real messages for the tests of clients, and what a program may do to them on the way."""

from __future__ import annotations

import re

from tests.support import corpus

_FIELD = re.compile(rb"[^\r]*\r\n(?:[ \t][^\r]*\r\n)*")


def letters(count: int = 3, *, largest: int = 60_000) -> list[bytes]:
    """Some messages of the corpus as a mail program would have written them: CRLF, ended, no NUL, with a header."""
    found = []
    for name in corpus.messages():
        octets = corpus.read(name)
        sound = b"\0" not in octets and b"\r" not in octets.replace(b"\r\n", b"") and octets.endswith(b"\n")
        if sound and len(octets) <= largest and octets[:5].lower() in (b"from:", b"date:", b"subje", b"to: ", b"mime-"):
            found.append(octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        if len(found) == count:
            return found
    raise LookupError(f"the corpus has only {len(found)} such messages")


def written_by(address: str, letter: bytes) -> bytes:
    """The letter with this author: nobody may submit what says that somebody else has written it."""
    header, blank, body = letter.partition(b"\r\n\r\n")
    kept = [field for field in _FIELD.findall(header + b"\r\n") if not field.lower().startswith((b"from:", b"sender:"))]
    return b"From: " + address.encode() + b"\r\n" + b"".join(kept).removesuffix(b"\r\n") + blank + body


def unix(octets: bytes) -> bytes:
    """With the line ends of files on a Unix machine."""
    return octets.replace(b"\r\n", b"\n")


def behind_trace(octets: bytes, sent: bytes) -> bool:
    """Whether a delivered message is what was sent, behind the header fields that servers add in front."""
    return octets.endswith(sent) and octets != sent and b"\r\n\r\n" not in octets[: -len(sent)]
