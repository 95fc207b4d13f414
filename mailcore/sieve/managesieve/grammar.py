"""Lines and literals from the client as a command: a keyword, then strings and numbers. RFC 5804 §4.

A command comes in pieces: a line, and as long as a line ends in `{n+}`, so many octets and another line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NUMBER_MAX: Final = 2**32 - 1
LITERALS_MAX: Final = 3
"""More strings than any command takes."""

_LITERAL: Final = re.compile(rb"\{([0-9]{1,10})(\+?)\}\r?\n\Z")
_END: Final = re.compile(rb"[ \t]*\r?\n?\Z")
_VERB: Final = re.compile(rb"[A-Za-z]{1,32}")
_TOKEN: Final = re.compile(rb'[ ]+(?:"((?:[^"\\\0\r\n]|\\["\\])*+)"|([0-9]{1,10})(?=[ \r\n]|\Z))')


@dataclass(frozen=True, slots=True)
class Literal:
    """The announcement of so many octets at the end of a line. `waits`: the client wants to be asked for them."""

    size: int
    waits: bool


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `problem` says why it cannot be carried out, whatever it is."""

    verb: str
    args: tuple[bytes | int, ...] = ()
    problem: str = ""
    code: str = ""
    """What the problem is called on the wire, where it has a name."""


def literal(line: bytes) -> Literal | None:
    """What the end of a line announces."""
    found = _LITERAL.search(line)
    return Literal(int(found[1]), not found[2]) if found is not None else None


def parse(pieces: Sequence[bytes]) -> Command:
    """The command in its pieces: line, literal, line, ... Nothing is raised: the answer has to come in its turn."""
    first = pieces[0]
    verb = _VERB.match(first)
    if verb is None:
        return Command("", problem="A command begins with a keyword; CAPABILITY tells what there is.")
    name = verb[0].decode().upper()
    args: list[bytes | int] = []
    at = verb.end()
    for number, line in enumerate(pieces[::2]):
        if not _take(line, at, args, ends=2 * number + 1 == len(pieces)):
            return Command(name, problem=f"{name}: behind it stand strings in quotes or literals, or a number.")
        if 2 * number + 1 < len(pieces):
            args.append(pieces[2 * number + 1])
        at = 0
    return Command(name, tuple(args))


def text(line: bytes, literal: bytes | None = None) -> bytes | None:
    """The one string that a line of an exchange holds; None when that is not what it holds. RFC 5804 §2.1."""
    if literal is not None:
        return literal if _LITERAL.match(line) is not None else None
    args: list[bytes | int] = []
    if not _take(b" " + line, 0, args, ends=True) or len(args) != 1 or not isinstance(args[0], bytes):
        return None
    return args[0]


def _take(line: bytes, at: int, args: list[bytes | int], *, ends: bool) -> bool:
    """Take up the arguments in a line, up to its end or its announcement of a literal; False when it is broken."""
    while (found := _TOKEN.match(line, at)) is not None:
        args.append(_plain(found[1]) if found[1] is not None else int(found[2]))
        at = found.end()
    if ends:
        return _END.match(line, at) is not None
    announced = _LITERAL.search(line)
    return announced is not None and line[at : announced.start()].strip(b" ") == b"" and announced.start() > at


def _plain(quoted: bytes) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", quoted) if b"\\" in quoted else quoted
