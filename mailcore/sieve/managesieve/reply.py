"""What the server answers, and what an error of the house is called in ManageSieve. RFC 5804 §1.3, §4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from groupware.model.errors import (
    AlreadyExists,
    BadCredentials,
    Conflict,
    GroupwareError,
    NotFound,
    OverQuota,
    TryAgain,
)
from groupware.model.script import ScriptTooLong, TooManyScripts
from mailcore.server.signin import Rejected
from mailcore.sieve.errors import SieveError

QUOTED_MAX: Final = 1024
"""Octets of a string in quotes; a longer one is a literal. RFC 5804 §1.2."""
TEXT_MAX: Final = 4000


class BadCommand(Exception):
    """The command is none, or not one for here and now; the text says what would be one."""


class InUse(Exception):
    """The account has as many sessions as it may have."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The lines of an answer, and the one that ends it."""

    status: Literal["OK", "NO", "BYE"]
    text: str = ""
    code: str = ""
    data: bytes = b""
    """Lines before the last one, with their ends."""
    wrong: bool = False
    """Whether it counts among the client's errors."""

    def octets(self) -> bytes:
        """The answer as it goes out."""
        code = f" ({self.code})" if self.code else ""
        text = b" " + string(self.text[:TEXT_MAX]) if self.text else b""
        return b"%s%s%s%s\r\n" % (self.data, self.status.encode(), code.encode(), text)


CODES: Final[Mapping[type[Exception], str]] = {
    BadCommand: "",
    SieveError: "",
    InUse: "TRYLATER",
    Rejected: "",
    NotFound: "NONEXISTENT",
    AlreadyExists: "ALREADYEXISTS",
    Conflict: "ACTIVE",
    TooManyScripts: "QUOTA/MAXSCRIPTS",
    ScriptTooLong: "QUOTA/MAXSIZE",
    OverQuota: "QUOTA",
    BadCredentials: "",
    TryAgain: "TRYLATER",
    GroupwareError: "",
}
BUG: Final = Reply("NO", "Something went wrong here; the server's log says what. Try again later.", "TRYLATER")


def ok(text: str = "", code: str = "", data: bytes = b"") -> Reply:
    """A good answer."""
    return Reply("OK", text, code, data)


def refusal(error: Exception) -> Reply | None:
    """The answer to an error that a client caused or can act on; None for a bug."""
    for kind in type(error).__mro__:
        code = CODES.get(kind)
        if code is not None:
            if isinstance(error, Rejected) and error.kind == "privacy":
                code = "ENCRYPT-NEEDED"
            said = str(error)
            return Reply("NO", said[:1].upper() + said[1:], code, wrong=isinstance(error, BadCommand | Rejected))
    return None


def string(value: str | bytes) -> bytes:
    """A string as the server writes it: in quotes where it can be, else a literal. RFC 5804 §4."""
    octets = value.encode("utf-8", "replace") if isinstance(value, str) else value
    if any(each in octets for each in (b"\r", b"\n", b"\0")) or len(octets) > QUOTED_MAX:
        return literal(octets)
    return b'"%s"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def literal(octets: bytes) -> bytes:
    """A literal as the server writes it: its length, and the octets."""
    return b"{%d}\r\n%s" % (len(octets), octets)
