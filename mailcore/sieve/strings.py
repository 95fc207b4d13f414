"""Strings of a script: `${hex:...}` and `${unicode:...}` (RFC 5228 §2.4.2.4), and variables in them (RFC 5229 §3)."""

from __future__ import annotations

import re
from typing import Final

from mailcore.sieve.errors import SieveError
from mailcore.sieve.script import Filled, Ref, Template

_ENCODED: Final = re.compile(
    r"\$\{(hex|unicode):([ \t\r\n]*[0-9a-f]+(?:[ \t\r\n]+[0-9a-f]+)*[ \t\r\n]*)\}", re.IGNORECASE | re.ASCII
)
_REF: Final = re.compile(r"\$\{([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*|[0-9]+)\}", re.IGNORECASE | re.ASCII)
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*\Z", re.IGNORECASE | re.ASCII)
_LONGEST_NAME: Final = 128
MOST_MATCHES: Final = 99
"""The greatest number of a match variable that may be asked for."""


def decoded(value: str, line: int) -> str:
    """The string with what `encoded-character` means in the place of what it is written as."""
    if "${" not in value:
        return value
    return _ENCODED.sub(lambda found: _characters(found[1].lower(), found[2].split(), found[0], line), value)


def _characters(kind: str, digits: list[str], written: str, line: int) -> str:
    if kind == "hex":
        if any(len(pair) > 2 for pair in digits):
            return written
        try:
            return bytes(int(pair, 16) for pair in digits).decode("utf-8")
        except UnicodeDecodeError:
            raise SieveError(line, f"{written} is not UTF-8.") from None
    found = []
    for point in digits:
        number = int(point[-9:].lstrip("0") or "0", 16) if len(point.lstrip("0")) <= 6 else -1
        if not 0 <= number <= 0x10FFFF or 0xD800 <= number <= 0xDFFF:
            raise SieveError(line, f"{point[:12]} in {written[:60]} is no character of Unicode.")
        found.append(chr(number))
    return "".join(found)


def template(value: str, line: int) -> Filled:
    """The string ready to be filled in; a plain one if no variable is in it."""
    if "${" not in value:
        return value
    pieces: list[str | Ref] = []
    at = 0
    for found in _REF.finditer(value):
        if found.start() > at:
            pieces.append(value[at : found.start()])
        pieces.append(Ref(_reference(found[1].lower(), line)))
        at = found.end()
    if at < len(value):
        pieces.append(value[at:])
    return Template(tuple(pieces)) if any(isinstance(piece, Ref) for piece in pieces) else value


def _reference(name: str, line: int) -> str:
    if name.isdigit():
        number = name.lstrip("0") or "0"
        if len(number) > 2:
            raise SieveError(line, f"${{{name[:12]}}} asks for a match beyond {MOST_MATCHES}.")
        return number
    space, dot, _ = name.rpartition(".")
    if dot and space != "global":
        raise SieveError(line, f"There are no variables of the namespace {space[:40]!r}; only global is known.")
    return name


def variable_name(name: str, line: int) -> str:
    """The name of a variable that may be set, in lower case; `global.x` is one."""
    own = name.lower().removeprefix("global.")
    if not _NAME.match(own) or len(own) > _LONGEST_NAME:
        raise SieveError(line, f"{name[:40]!r} is no name for a variable: a letter or _, then letters, digits, _.")
    return name.lower()
