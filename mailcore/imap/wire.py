"""One whole command off the connection: its lines, and the literals between them, each within its bound.

Whatever does not fit is passed over, not kept: the dialogue stays in step, and the answer has the command's tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from groupware.model.annotation import LONGEST_VALUE
from groupware.model.octets import Octets
from mailcore.server.connection import Connection
from mailcore.server.dialogue import LineTooLong
from mailcore.server.spool import FROM as SPOOL_FROM
from mailcore.server.spool import NoRoom, Spool, Spooled

_LITERAL: Final = re.compile(rb"\{([0-9]{1,19})(\+?)\}\Z")
_TAG: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]{1,64}(?= )")
_APPEND: Final = re.compile(rb"[^ ]+ (?:APPEND|(?:UID )?REPLACE) ", re.IGNORECASE)
_SETMETADATA: Final = re.compile(rb"[^ ]+ SETMETADATA ", re.IGNORECASE)
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
    literals: tuple[Octets, ...] = ()
    spooled: tuple[Spooled, ...] = ()

    def close(self) -> None:
        """Give back what its literals have taken of the spool."""
        for each in self.spooled:
            each.close()


class TooBig(Exception):
    """The command passed a limit and was read to its end. `tag` is empty when it is not known.

    `code` says whether it is always too big, or only just now.
    """

    def __init__(self, tag: bytes, reason: str, code: bytes = b"TOOBIG") -> None:
        super().__init__(reason)
        self.tag, self.code = tag, code


class OutOfStep(Exception):
    """Where the next command begins cannot be told: the connection has to close."""


@dataclass(slots=True)
class _Gathering:
    """A command while it is read; once `refused` says why, nothing of it is kept any more."""

    text: bytes = b""
    octets: int = 0  # of its literals
    refused: str = ""
    code: bytes = b"TOOBIG"
    literals: list[Octets] = field(default_factory=list)
    spooled: list[Spooled] = field(default_factory=list)

    def refuse(self, error: NoRoom) -> None:
        """Nothing more of it is kept, for now."""
        self.refused, self.code = str(error), b"UNAVAILABLE"


class Reader:
    """Reads commands. `limits` gives what holds now for an ordinary command and for one with messages."""

    __slots__ = ("_connection", "_limits", "_spool", "octets")

    def __init__(self, connection: Connection, limits: Callable[[], tuple[Limits, Limits]], spool: Spool) -> None:
        self._connection, self._limits, self._spool = connection, limits, spool
        self.octets = 0

    async def command(self) -> Raw:
        """The next command, which the caller closes. `TooBig`, `OutOfStep`, and what the connection raises."""
        got = _Gathering()
        try:
            await self._gather(got)
            if got.refused:
                raise TooBig(_tag(got.text), got.refused, _code(got))
        except BaseException:
            Raw(b"", spooled=tuple(got.spooled)).close()
            raise
        return Raw(got.text, tuple(got.literals), tuple(got.spooled))

    async def _gather(self, got: _Gathering) -> None:
        ordinary, append = self._limits()
        while True:
            line = await self._line(got, ordinary)
            found = _LITERAL.search(line)
            if found is None:
                got.text += line
                return
            limits = append if _APPEND.match(got.text or line) else ordinary
            size, no_wait = int(found[1]), bool(found[2])
            got.refused = got.refused or _over(limits, size, len(got.literals), got, len(line))
            place = self._place(got, size)
            got.text += line + MARK
            if got.refused:
                if not no_wait:
                    return
                await self._skip(size)
                got.text = got.text[:128]
                continue
            if not no_wait:
                self._connection.write(b"+ OK\r\n")
            await self._literal(got, size, place)

    def _place(self, got: _Gathering, size: int) -> Spooled | None:
        """Where a large literal is kept until the command has been carried out; None: in memory."""
        if got.refused or size < SPOOL_FROM:
            return None
        try:
            got.spooled.append(self._spool.take(size))
        except NoRoom as error:
            got.refuse(error)
            return None
        return got.spooled[-1]

    async def _literal(self, got: _Gathering, size: int, place: Spooled | None) -> None:
        if place is None:
            got.literals.append(await self._connection.readexactly(size))
        else:
            try:
                await place.fill(self._connection)
                got.literals.append(place.mapped())
            except NoRoom as error:
                got.refuse(error)
        got.octets += size
        self.octets += size

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


def _code(got: _Gathering) -> bytes:
    """The response code of what was refused; of a value too long how long one may be. RFC 5464 §4.3."""
    if got.code == b"TOOBIG" and _SETMETADATA.match(got.text):
        return b"METADATA MAXSIZE %d" % LONGEST_VALUE
    return got.code


def _tag(text: bytes) -> bytes:
    found = _TAG.match(text)
    return found[0] if found else b""
