"""One whole command off the connection: its lines, and the literals between them, each within its bound.

Whatever does not fit is passed over, not kept: the dialogue stays in step, and the answer has the command's tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mailcore.server.connection import Connection
from mailcore.server.dialogue import LineTooLong

_LITERAL: Final = re.compile(rb"\{([0-9]{1,19})(\+?)\}\Z")
_TAG: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]{1,64}(?= )")
_APPEND: Final = re.compile(rb"[^ ]+ (?:APPEND|(?:UID )?REPLACE) ", re.IGNORECASE)
_CHUNK: Final = 65_536
LOGIN_LINE: Final = 12_288  # before anyone is known: a token is long (RFC 4954 §4 has the same bound)
MOST_LITERALS: Final = 1000  # of one command
MOST_SKIPPED: Final = 1 << 30  # octets of a literal that are passed over; beyond it the connection is closed
MARK: Final = b"\n"
"""Stands in a command's text behind each literal's announcement; nothing else can put it there."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one command may have, in octets. `literal` counts for each, `literals` for all of a command together."""

    line: int
    literal: int
    literals: int
    lines: int
    """All lines of a command together."""


def limits_of(max_message: int) -> tuple[Limits, Limits, Limits]:
    """The limits before login, after it, and for APPEND and REPLACE."""
    return (
        Limits(line=LOGIN_LINE, literal=4096, literals=8192, lines=LOGIN_LINE),
        Limits(line=65_536, literal=65_536, literals=1 << 20, lines=1 << 18),
        Limits(line=65_536, literal=max_message, literals=max(max_message, 64 << 20), lines=1 << 18),
    )


@dataclass(frozen=True, slots=True)
class Raw:
    """One command as it came: its text with MARK behind each announcement of a literal, and the literals in order."""

    text: bytes
    literals: tuple[bytes, ...] = ()


class TooBig(Exception):
    """The command passed a limit and was read to its end. `tag` is empty when it is not known."""

    def __init__(self, tag: bytes, reason: str) -> None:
        super().__init__(reason)
        self.tag = tag


class OutOfStep(Exception):
    """Where the next command begins cannot be told: the connection has to close."""


@dataclass(slots=True)
class _Gathering:
    """A command while it is read; once `refused` says why, nothing of it is kept any more."""

    text: bytes = b""
    octets: int = 0  # of its literals
    refused: str = ""


class Reader:
    """Reads commands. `limits` gives what holds now for an ordinary command and for one with messages."""

    __slots__ = ("_connection", "_limits", "octets")

    def __init__(self, connection: Connection, limits: Callable[[], tuple[Limits, Limits]]) -> None:
        self._connection, self._limits = connection, limits
        self.octets = 0

    async def command(self) -> Raw:
        """The next command. `TooBig`, `OutOfStep`, and what the connection raises."""
        got = _Gathering()
        literals: list[bytes] = []
        ordinary, append = self._limits()
        while True:
            line = await self._line(got, ordinary)
            found = _LITERAL.search(line)
            if found is None:
                got.text += line
                break
            limits = append if _APPEND.match(got.text or line) else ordinary
            size, no_wait = int(found[1]), bool(found[2])
            got.refused = got.refused or _over(limits, size, len(literals), got, len(line))
            got.text += line + MARK
            if got.refused:
                if not no_wait:
                    break
                await self._skip(size)
                got.text = got.text[:128]
                continue
            if not no_wait:
                self._connection.write(b"+ OK\r\n")
            literals.append(await self._connection.readexactly(size))
            got.octets += size
            self.octets += size
        if got.refused:
            raise TooBig(_tag(got.text), got.refused)
        return Raw(got.text, tuple(literals))

    async def line(self, limit: int) -> bytes:
        """One line without its end, as an answer to a challenge is. `OutOfStep` when it is too long."""
        try:
            return self._bare(await self._connection.readline(limit))
        except LineTooLong:
            raise OutOfStep("a line that is too long") from None

    async def _line(self, got: _Gathering, limits: Limits) -> bytes:
        try:
            return self._bare(await self._connection.readline(limits.line))
        except LineTooLong as error:
            got.refused = f"the line is longer than {limits.line} octets"
            got.text = got.text or error.head
            tail = self._bare(await self._connection.skip_line())
            return tail if _LITERAL.search(tail) else b""

    def _bare(self, line: bytes) -> bytes:
        self.octets += len(line)
        return line[:-2] if line.endswith(b"\r\n") else line[:-1]

    async def _skip(self, size: int) -> None:
        if size > MOST_SKIPPED:
            raise OutOfStep(f"a literal of {size} octets")
        while size:
            size -= len(await self._connection.read(min(size, _CHUNK)))


def _over(limits: Limits, size: int, count: int, got: _Gathering, line: int) -> str:
    """Which limit one more literal of that size would pass; "" if none."""
    if size > limits.literal:
        return f"a literal of {size} octets is longer than the {limits.literal} that are allowed here"
    if got.octets + size > limits.literals:
        return f"the literals of one command are longer than {limits.literals} octets together"
    if len(got.text) + line > limits.lines or count >= MOST_LITERALS:
        return f"the command is longer than {limits.lines} octets or has more than {MOST_LITERALS} literals"
    return ""


def _tag(text: bytes) -> bytes:
    found = _TAG.match(text)
    return found[0] if found else b""
