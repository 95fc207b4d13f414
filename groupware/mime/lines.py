"""Line ends: messages are stored exactly as given, and sent with CRLF at the end of every line.

A bare LF counts as a line end and is sent as CRLF. A bare CR is an octet like any other (RFC 5322 §2.3 forbids both);
but some mail servers take it for a line end, so none is sent to another server (`no_bare_ends`).
"""

from __future__ import annotations

from groupware.model.octets import Octets


def crlf(octets: bytes) -> bytes:
    """The octets with every bare LF made CRLF; the very same object when there is none."""
    if bare_line_feeds(octets, 0, len(octets)) == 0:
        return octets
    return octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def no_bare_ends(octets: bytes) -> bytes:
    """The octets with every bare CR and every bare LF made CRLF; the very same object when there is none."""
    if tidy(octets):
        return octets
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def tidy(octets: bytes) -> bool:
    """Whether every CR and every LF is half of a CR LF."""
    return octets.count(b"\r\n") == octets.count(b"\n") == octets.count(b"\r")


def bare_line_feeds(octets: Octets, start: int, end: int) -> int:
    """How many LF between `start` and `end` have no CR before them: by so much the range grows when it is sent."""
    feeds = octets.count(b"\n", start, end)
    return feeds - octets.count(b"\r\n", start, end) if feeds else 0


class Crlf:
    """`crlf` for octets that come piece by piece: `feed` gives what is certain so far, `end` the rest."""

    __slots__ = ("_cr",)

    def __init__(self) -> None:
        self._cr = b""

    def feed(self, octets: bytes) -> bytes:
        """The octets with every bare LF made CRLF; a CR at the end waits for what follows it."""
        octets = self._cr + octets
        self._cr = b"\r" if octets.endswith(b"\r") else b""
        return crlf(octets[:-1] if self._cr else octets)

    def end(self) -> bytes:
        """The CR that nothing followed."""
        cr, self._cr = self._cr, b""
        return cr
