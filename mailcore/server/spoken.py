"""The level `protocol` of the log: each command as it came, and the line that answered it. No message, no password."""

from __future__ import annotations

from typing import Final

from mailcore.server.events import EventLog
from mailcore.server.log_line import Level

LONGEST: Final = 1000  # characters of a command that are written
SECRETIVE: Final = frozenset(("AUTH", "AUTHENTICATE", "LOGIN", "PASS", "APOP"))
"""Commands that carry a password: of these the name alone is written."""


def heard(log: EventLog, verb: str, rest: str | bytes = b"") -> None:
    """A command from the client."""
    if log.wants(Level.PROTOCOL):
        log.protocol("received", line=verb if verb.upper() in SECRETIVE else f"{verb} {_text(rest)}".rstrip())


def answered(log: EventLog, line: bytes) -> None:
    """The line that says what came of it."""
    if log.wants(Level.PROTOCOL):
        log.protocol("sent", line=_text(line))


def _text(given: str | bytes) -> str:
    text = given if isinstance(given, str) else given[: 4 * LONGEST].decode("utf-8", "replace")
    return text[:LONGEST].rstrip("\r\n")
