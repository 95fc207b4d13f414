"""A line from the client as a command: a keyword, and what follows one space. RFC 1939 §3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mailcore.pop3.reply import BadCommand

LINE_MAX: Final = 255  # octets with the line end, RFC 2449 §4
COUNT_MAX: Final = 2**31


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `problem` says why it cannot be carried out, whatever it is."""

    verb: str
    rest: str = ""
    problem: str = ""


TOO_LONG: Final = Command("", problem=f"The line is longer than {LINE_MAX} octets.")


def parse(line: bytes) -> Command:
    """The command in a line. Nothing is raised: the answer has to come in its turn.

    AUTH alone may have a longer line than RFC 2449 §4 allows: a token is long, and clients send it along.
    """
    bare = line[:-2] if line.endswith(b"\r\n") else line[:-1]
    try:
        text = bare.decode()
    except UnicodeDecodeError:
        return Command("", problem="The line is not UTF-8.")
    if "\0" in text or "\r" in text:
        return Command("", problem="The line holds a NUL or a bare CR.")
    verb, _, rest = text.partition(" ")
    if len(line) > LINE_MAX and verb.upper() != "AUTH":
        return TOO_LONG
    return Command(verb.upper(), rest)


def number(text: str, what: str = "message number") -> int:
    """A number of a message or of lines. `BadCommand` when it is none."""
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > COUNT_MAX:
        raise BadCommand(f"{text[:40]!r} is no {what}: digits are wanted.")
    return int(text)


def none(text: str) -> None:
    """`BadCommand` when a command that takes nothing has been given something."""
    if text.strip():
        raise BadCommand("This command takes no arguments.")
