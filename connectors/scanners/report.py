"""What a scanner is asked, and what it says. Plain values, the same for every scanner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

Wish = Literal["accept", "junk", "quarantine", "reject", "later", "discard"]
"""What a scanner would have done with the message; the configuration decides whether that is done."""
MOST_TOLD: Final = 200
"""Names of rules that are kept of one report."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, and what is known of how it came."""

    octets: bytes = field(repr=False)
    sender: str = ""
    recipients: tuple[str, ...] = ()
    peer: str = ""
    """The address of the client; empty when the message was made here."""
    hello: str = ""
    host: str = ""
    """What this server calls itself."""
    user: str = ""
    """Who signed in to submit it."""
    message: str = ""
    """The id of the message in the log."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the header that a scanner asks for. `value` None takes the field away."""

    name: str
    value: str | None
    index: int = 0
    """Which of the fields of that name, counted from 1; 0 adds one."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a scanner says of one message."""

    scanner: str
    wish: Wish = "accept"
    score: float | None = None
    """Of spam; None when the scanner does not count."""
    threshold: float | None = None
    """From which score on the scanner itself calls it spam."""
    virus: str = ""
    """The name of what was found."""
    rules: tuple[str, ...] = ()
    """Names of the rules that counted, `MOST_TOLD` at most."""
    text: str = ""
    """What the scanner wants said to the sender, in one line."""
    code: str = ""
    """The reply code that it wants, as `550 5.7.1`."""
    changes: tuple[Change, ...] = ()


class Unavailable(Exception):
    """The scanner does not answer, or not in words that can be understood. The text says what is wrong."""


class Scanner(Protocol):
    """One scanner. It is asked by any number of callers at once."""

    @property
    def name(self) -> str:
        """As it is called in the configuration."""
        ...

    async def scan(self, letter: Letter) -> Report:
        """What it says of the message. `Unavailable`."""
        ...

    async def learn(self, octets: bytes, *, spam: bool, user: str = "") -> None:
        """Teaches it that the message is spam, or is none; nothing where it does not learn. `Unavailable`."""
        ...


def one_line(text: str) -> str:
    """The text without control characters, at most 400 characters."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:400].strip()
