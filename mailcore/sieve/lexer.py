"""Octets of a script to tokens, each with its line. RFC 5228 §8.1.

1. The time is linear in the octets.
2. Whatever the octets, a token comes out or a `SieveError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from mailcore.sieve.bounds import SCRIPT_OCTETS, STRING_CHARACTERS
from mailcore.sieve.errors import SieveError

Kind = Literal["name", "tag", "number", "text", "mark", "end"]

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]++|\#[^\n]*+)
      | (?P<comment>/\*)
      | (?P<multiline>text:[ \t]*+(?:\#[^\n]*+)?(?=\r?\n))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*+)
      | (?P<tag>:[A-Za-z_][A-Za-z0-9_]*+)
      | (?P<number>[0-9]++[KMGkmg]?)(?![A-Za-z0-9_])
      | (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<mark>[\[\](){},;])""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.ASCII,
)
_DOT: Final = re.compile(r"^\.\r?(?:\n|\Z)", re.MULTILINE)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_LINE_END: Final = re.compile(r"\r?\n")
_DOTS: Final = re.compile(r"^\.\.", re.MULTILINE)
_UNITS: Final = {"k": 1024, "m": 1024**2, "g": 1024**3}
_GREATEST: Final = 2**63 - 1
_LONGEST_NAME: Final = 64
_LONGEST_NUMBER: Final = 20


class Token(NamedTuple):
    """One token: `text` is a name or a tag in lower case, a string's value, a mark; `number` a number's value."""

    kind: Kind
    text: str
    line: int
    number: int = 0


def tokens(octets: bytes) -> Iterator[Token]:
    """The tokens of a script, `end` last. `SieveError` where there is none."""
    text = _decoded(octets)
    at, line = 0, 1
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise SieveError(line, _why(text, at))
        kind, start, at = found.lastgroup, at, found.end()
        if kind == "multiline":
            begin = text.index("\n", at) + 1
            dot = _DOT.search(text, begin)
            if dot is None:
                raise SieveError(line, "This text: has no end; a line with a dot alone ends it.")
            yield Token("text", _bounded(_DOTS.sub(".", _lines(text[begin : dot.start()])), line), line)
            at = dot.end()
        elif kind == "comment":
            at = text.find("*/", at) + 2
            if at < 2:
                raise SieveError(line, "This comment has no end; */ ends it.")
        elif kind != "space":
            yield _token(kind or "", found[0], line)
        line += text.count("\n", start, at)
    yield Token("end", "", line)


def _decoded(octets: bytes) -> str:
    if len(octets) > SCRIPT_OCTETS:
        raise SieveError(1, f"The script is longer than {SCRIPT_OCTETS // 1024} KiB.")
    try:
        text = octets.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as broken:
        line = octets.count(b"\n", 0, broken.start) + 1
        raise SieveError(line, "This is not UTF-8; save the script in that encoding.") from None
    if "\0" in text:
        raise SieveError(text.count("\n", 0, text.index("\0")) + 1, "A NUL character may not stand in a script.")
    return text


def _token(kind: str, piece: str, line: int) -> Token:
    if kind == "text":
        value = piece[1:-1]
        if "\\" in value:
            value = _ESCAPE.sub(r"\1", value)
        return Token("text", _bounded(_lines(value), line), line)
    if kind == "number":
        return Token("number", piece, line, _number(piece, line))
    if kind == "mark":
        return Token("mark", piece, line)
    if len(piece) > _LONGEST_NAME:
        raise SieveError(line, f"The word {piece[:20]}... is longer than any that there is.")
    return Token("tag", piece[1:].lower(), line) if kind == "tag" else Token("name", piece.lower(), line)


def _number(piece: str, line: int) -> int:
    digits, unit = (piece[:-1], _UNITS[piece[-1].lower()]) if piece[-1].isalpha() else (piece, 1)
    if len(digits) > _LONGEST_NUMBER or (value := int(digits) * unit) > _GREATEST:
        raise SieveError(line, f"The number {piece[:20]} is too great.")
    return value


def _bounded(value: str, line: int) -> str:
    if len(value) > STRING_CHARACTERS:
        raise SieveError(line, f"This string is longer than {STRING_CHARACTERS} characters.")
    return value


def _lines(value: str) -> str:
    """The string with every line end made CR LF."""
    return _LINE_END.sub("\r\n", value) if "\n" in value else value


def _why(text: str, at: int) -> str:
    """What is wrong where no token begins."""
    if text[at] == '"':
        return "This string has no closing quote."
    if text[at] in "0123456789":
        return f"{text[at : at + 20].split()[0]!r} is no number: digits, and K, M or G after them."
    return f"{text[at]!r} has no meaning here."
