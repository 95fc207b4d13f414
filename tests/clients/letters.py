"""Real messages for the tests of clients, and what a program may do to them on the way."""

from __future__ import annotations

from tests.support import corpus


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


def unix(octets: bytes) -> bytes:
    """With the line ends of files on a Unix machine."""
    return octets.replace(b"\r\n", b"\n")


def behind_trace(octets: bytes, sent: bytes) -> bool:
    """Whether a delivered message is what was sent, behind the header fields that servers add in front."""
    return octets.endswith(sent) and octets != sent and b"\r\n\r\n" not in octets[: -len(sent)]
