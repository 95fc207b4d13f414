"""A line of the console taken apart, and the lines of its answers.

An answer is lines of text and one last line, `+OK` or `-ERR`, with words for people behind it. A line of text that
begins with one of the signs that mean something has a dot put before it, so no text looks like an end. `? ` asks for
one line, `?! ` for one that should not be shown.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

WORDS_MAX: Final = 1000
SIGNS: Final = ("+", "-", "?", ".")


class BadLine(Exception):
    """A line that is no command; the text says why."""


def text(line: bytes) -> str:
    """The line without its end. `BadLine`."""
    try:
        found = line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        raise BadLine("A line is UTF-8.") from None
    if not all(each.isprintable() or each == "\t" for each in found):
        raise BadLine("A line has no control characters.")
    return found


def split(line: str) -> Sequence[str]:
    """The words of a line, quoted as for a shell. `BadLine`."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise BadLine(f"{error}: quote as for a shell.") from None
    if len(words) > WORDS_MAX:
        raise BadLine(f"A line has at most {WORDS_MAX} words.")
    return words


def stuffed(line: str) -> str:
    """A line of text as it is sent, without its end."""
    return f".{line}" if line.startswith(SIGNS) else line


def last(ok: bool, words: str = "") -> bytes:
    """The line that ends an answer; what cannot be shown in `words` is left out."""
    said = "".join(each for each in words if each.isprintable())
    return f"{'+OK' if ok else '-ERR'} {said}".rstrip().encode(errors="replace") + b"\r\n"


def question(words: str, *, hidden: bool) -> bytes:
    """The line that asks for one."""
    said = "".join(each for each in words if each.isprintable())
    return f"{'?!' if hidden else '?'} {said}\r\n".encode(errors="replace")
