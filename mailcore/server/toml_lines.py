"""On which line of a TOML file a key stands, so that an error can say it. `tomllib` itself does not tell.

The scanner walks a document that `tomllib` has accepted; it is not a second parser and checks nothing.
"""

import re
from typing import Final

KeyPath = tuple[str | int, ...]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_GAP: Final = re.compile(r"[ \t]*")
_SCALAR: Final = re.compile(r"[^,\]}\r\n#]*")
_STRING: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'",
    re.DOTALL,
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of every table and key; the elements of arrays are numbered from 0."""
    return _Scanner(text).scan()


class _Scanner:
    __slots__ = ("_at", "_counts", "_lines", "_text")

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._lines: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> KeyPath:
        many = self._text.startswith("[[", self._at)
        line = self._line()
        self._at += 2 if many else 1
        path = self._resolve(self._key())
        if many:
            number = self._counts.get(path, 0)
            self._counts[path] = number + 1
            path = (*path, number)
        for end in range(1, len(path) + 1):
            self._lines.setdefault(path[:end], line)
        self._at += 2 if many else 1
        return path

    def _resolve(self, key: KeyPath) -> KeyPath:
        """The path that a header means: a name of an array of tables stands for its last element."""
        path: KeyPath = ()
        for index, part in enumerate(key):
            path = (*path, part)
            if index < len(key) - 1 and path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = (*table, *self._key())
        for end in range(len(table) + 1, len(path) + 1):
            self._lines.setdefault(path[:end], line)
        self._at += 1  # the equals sign
        self._skip(_GAP)
        self._value(path)

    def _key(self) -> KeyPath:
        parts: list[str] = []
        while True:
            self._skip(_GAP)
            quoted = self._text[self._at] in "\"'"
            found = self._skip(_STRING if quoted else _BARE)
            parts.append(found[1:-1] if quoted else found)
            self._skip(_GAP)
            if not self._text.startswith(".", self._at):
                return tuple(parts)
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        first = self._text[self._at]
        if first in "\"'":
            self._skip(_STRING)
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        number = 0
        while not self._ends("]"):
            self._lines.setdefault((*path, number), self._line())
            self._value((*path, number))
            number += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while not self._ends("}"):
            self._pair(path)

    def _ends(self, bracket: str) -> bool:
        """Pass over what separates values; whether the bracket closes here."""
        self._skip(_BLANK)
        if self._text.startswith(",", self._at):
            self._at += 1
            self._skip(_BLANK)
        if self._text.startswith(bracket, self._at):
            self._at += 1
            return True
        return False

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return match.group()

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1
