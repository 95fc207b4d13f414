"""Replies, and what each of our errors is in SMTP. RFC 5321 §4.2, RFC 2034, RFC 3463."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from groupware.model.errors import (
    AlreadyExists,
    BadCredentials,
    Conflict,
    DiskFull,
    GroupwareError,
    NoRight,
    NotFound,
    OverQuota,
    Refused,
    TryAgain,
)

LINE_MAX: Final = 500  # octets of text on one line


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `status` is the enhanced code, "" where there must be none (220, 250 to EHLO, 334, 354)."""

    code: int
    status: str
    text: str
    more: tuple[str, ...] = ()
    """Further lines."""
    close: bool = False
    """Whether the server hangs up behind it."""

    @property
    def octets(self) -> bytes:
        """As it goes over the wire."""
        mark = f"{self.status} " if self.status else ""
        if not self.more:
            return f"{self.code} {mark}{_clean(self.text)}\r\n".encode()
        lines = [self.text, *self.more]
        last = len(lines) - 1
        return "".join(
            f"{self.code}{' ' if number == last else '-'}{mark}{_clean(line)}\r\n" for number, line in enumerate(lines)
        ).encode()

    @property
    def wrong(self) -> bool:
        """Whether it tells the client that it did something wrong."""
        return self.code >= 500


def _clean(text: str) -> str:
    """The text on one line: no control characters, not too long."""
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else "?" for sign in text)
    return text[:LINE_MAX]


_OF_ERROR: Final[Mapping[type[GroupwareError], tuple[int, str]]] = {
    NotFound: (550, "5.1.1"),
    NoRight: (550, "5.7.1"),
    Refused: (550, "5.7.1"),
    AlreadyExists: (550, "5.3.0"),
    Conflict: (451, "4.3.0"),
    OverQuota: (452, "4.2.2"),
    BadCredentials: (535, "5.7.8"),
    TryAgain: (451, "4.3.0"),
    DiskFull: (452, "4.3.1"),
}


def of_error(error: GroupwareError) -> Reply:
    """The reply for an error that came through the door."""
    code, status = _OF_ERROR.get(type(error), (451, "4.3.0"))
    return Reply(code, status, str(error) or "Try again later.")


OK: Final = Reply(250, "2.0.0", "Ok")
FAULT: Final = Reply(451, "4.3.0", "Something went wrong here; the administrator can see what. Try again later.")
TOO_LONG: Final = Reply(500, "5.5.2", "The line is too long.")
TOO_MANY_ERRORS: Final = Reply(421, "4.7.0", "Too many errors; goodbye.", close=True)
TOO_MUCH_TALK: Final = Reply(421, "4.7.0", "Too many commands without a message; goodbye.", close=True)
