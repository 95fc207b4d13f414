"""What the server answers, and what an error of the house is called in POP3. RFC 2449 §8, RFC 3206."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final

from groupware.model.errors import BadCredentials, GroupwareError, NotFound, OverQuota, TryAgain
from mailcore.server.signin import Rejected

TEXT_MAX: Final = 400  # with status and code it stays below the 512 octets of RFC 1939 §3


class BadCommand(Exception):
    """The command is none, or not one for here and now; the text says what would be one."""


class InUse(Exception):
    """Others are at the mailbox, and it takes no more."""


class Unreadable(Exception):
    """A stored message cannot be read."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The status line, and the lines behind it where there are any."""

    ok: bool
    text: str
    code: str = ""
    body: bytes | None = None
    """Lines with their ends, dots doubled where a line begins with one; the last dot is added on the way out."""
    pieces: AsyncIterator[bytes] | None = None
    """The same of a large message, as it is read."""
    wrong: bool = False
    """Whether it counts among the client's errors."""
    last: bool = False
    """Whether the server hangs up behind it."""

    def line(self, *, utf8: bool = False) -> bytes:
        """The status line. What is not ASCII is escaped until the client has asked for UTF-8."""
        code = f"[{self.code}] " if self.code else ""
        text = f"{code}{self.text[:TEXT_MAX]}"
        if not text.isprintable():
            text = text.translate(_CONTROLS)
        octets = text.encode() if utf8 else text.encode("ascii", "backslashreplace")
        return b"%s %s\r\n" % (b"+OK" if self.ok else b"-ERR", octets[:500])


_CONTROLS: Final = dict.fromkeys([*range(32), 127], " ")

TO_STAY: Final = "SYS/PERM"
"""What is refused as long as the client asks for it: RFC 3206 §4 has no code of its own for that, and says of this one
that another attempt is of no use, and that the password is not to blame."""
CODES: Final[Mapping[type[Exception], str]] = {
    BadCommand: TO_STAY,
    NotFound: TO_STAY,
    InUse: "IN-USE",
    Rejected: TO_STAY,
    BadCredentials: "AUTH",
    TryAgain: "SYS/TEMP",
    OverQuota: "SYS/TEMP",
    Unreadable: TO_STAY,
    GroupwareError: TO_STAY,
}
BUG: Final = Reply(False, "Something went wrong here; the server's log says what. Try again later.", "SYS/TEMP")


def ok(text: str, body: bytes | None = None, pieces: AsyncIterator[bytes] | None = None) -> Reply:
    """A good answer."""
    return Reply(True, text, body=body, pieces=pieces)


def refusal(error: Exception) -> Reply | None:
    """The answer to an error that a client caused or can act on; None for a bug."""
    for kind in type(error).__mro__:
        code = CODES.get(kind)
        if code is not None:
            return Reply(False, str(error), code, wrong=isinstance(error, BadCommand | Rejected))
    return None


def stuffed(octets: bytes) -> bytes:
    """A message, with CRLF line ends, as the body of a reply: dots doubled, the last line ended. RFC 1939 §3."""
    if b"\r\n." in octets:
        octets = octets.replace(b"\r\n.", b"\r\n..")
    if octets.startswith(b"."):
        octets = b"." + octets
    return octets if octets.endswith(b"\r\n") or not octets else octets + b"\r\n"


async def stuffed_pieces(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same for octets that come piece by piece."""
    tail, begun = b"\r\n", False  # what was sent last
    async for piece in pieces:
        if piece:
            yield (tail + piece).replace(b"\r\n.", b"\r\n..")[len(tail) :]
            tail, begun = (tail + piece)[-2:], True
    if begun and tail != b"\r\n":
        yield b"\r\n"
