"""Regular expressions as POSIX has them (IEEE 1003.2 extended ones), for `:regex`: leftmost, then longest.

What POSIX leaves undefined and other tools give a meaning (`(?`, `\\1`, `*?`) is refused. Each expression is bounded in
its length and its repetitions, and matching ends after a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol

import regex  # type: ignore[import-untyped,unused-ignore]

from mailcore.sieve.bounds import REGEX_CHARACTERS
from mailcore.sieve.errors import SieveError

_BOUND: Final = re.compile(r"\{([0-9]{1,3})(,([0-9]{1,3})?)?\}")
_CLASS: Final = re.compile(r"\[:([a-z]+):\]")
_CLASSES: Final = frozenset(
    ["alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "xdigit"]
)
_KNOWN_ESCAPES: Final = {"<": r"\m", ">": r"\M", **{letter: f"\\{letter}" for letter in "wWsSbBdD"}}
_MOST_REPEATS: Final = 255
_MOST_TOGETHER: Final = 20_000
"""The characters of an expression when each `{m,n}` is written out as often as it says."""
_DEEPEST: Final = 32


class Pattern(Protocol):
    """A compiled expression."""

    def search(self, string: str, *, timeout: float) -> Match | None:
        """The first match; TimeoutError when it takes longer than `timeout` seconds."""


class Match(Protocol):
    """Where an expression matched."""

    def groups(self, default: str) -> Sequence[str]:
        """What the groups matched."""

    def group(self) -> str:
        """What the expression matched."""


class TooSlow(Exception):
    """An expression took more time than there was."""


def check_regex(pattern: str, line: int) -> None:
    """`SieveError` where the text is no regular expression."""
    try:
        _compiled(pattern, False)
    except ValueError as wrong:
        raise SieveError(line, f"{pattern[:80]!r} is no regular expression: {wrong}") from None


def found(pattern: str, value: str, *, fold: bool, seconds: float) -> tuple[str, ...] | None:
    """What the whole and each group matched, None for no match. ValueError for no expression, `TooSlow`."""
    compiled = _compiled(pattern, fold)
    try:
        match = compiled.search(value, timeout=max(seconds, 0.001))
    except TimeoutError:
        raise TooSlow from None
    return None if match is None else (match.group(), *match.groups(""))


@lru_cache(maxsize=512)
def _compiled(pattern: str, fold: bool) -> Pattern:
    """ValueError says what is wrong."""
    if len(pattern) > REGEX_CHARACTERS:
        raise ValueError(f"it is longer than {REGEX_CHARACTERS} characters.")
    flags = regex.V0 | regex.POSIX | regex.DOTALL | (regex.IGNORECASE if fold else 0)
    try:
        compiled: Pattern = regex.compile(_Translation(pattern).text(), flags, cache_pattern=False)
    except (regex.error, RecursionError) as wrong:
        raise ValueError(f"{wrong}.") from None
    return compiled


class _Translation:
    """One walk over an expression, which becomes one that the library reads with the same meaning."""

    __slots__ = ("at", "pattern", "pieces", "repeatable", "weight", "weights")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.repeatable = False
        self.weights = [0]  # of each group that is open, the whole first
        self.weight = 0  # of what a repetition would repeat
        self.pieces: list[str] = []

    def text(self) -> str:
        while self.at < len(self.pattern):
            self.step(self.pattern[self.at])
        if len(self.weights) > 1:
            raise ValueError("a ( is never closed.")
        return "".join(self.pieces)

    def put(self, piece: str, *, repeatable: bool, by: int = 1) -> None:
        self.pieces.append(piece)
        self.repeatable = repeatable
        self.at += by
        self.weight = 1
        self.grow(1)

    def grow(self, by: int) -> None:
        self.weights[-1] += by
        if self.weights[-1] > _MOST_TOGETHER:
            raise ValueError("it repeats too much.")

    def step(self, sign: str) -> None:
        if sign in "*+?":
            self.repeat(sign, 1)
        elif sign == "{":
            self.bound()
        elif sign == "[":
            self.bracket()
        elif sign == "\\":
            self.escape()
        elif sign in "()":
            self.group(sign)
        elif sign in "^$|":
            self.put({"^": r"\A", "$": r"\Z", "|": "|"}[sign], repeatable=False)
        else:
            self.put("." if sign == "." else regex.escape(sign, special_only=False), repeatable=True)

    def repeat(self, sign: str, by: int) -> None:
        if not self.repeatable:
            raise ValueError(f"{sign} at {self.at + 1} repeats nothing.")
        self.put(sign, repeatable=False, by=by)

    def bound(self) -> None:
        found = _BOUND.match(self.pattern, self.at)
        if found is None:
            self.put(r"\{", repeatable=True)
            return
        low = int(found[1])
        high = low if not found[2] else int(found[3]) if found[3] else _MOST_REPEATS
        if not low <= high <= _MOST_REPEATS:
            raise ValueError(f"{found[0]} is no range within 0 to {_MOST_REPEATS}.")
        self.grow(self.weight * max(high - 1, 0))
        self.repeat(found[0], len(found[0]))

    def escape(self) -> None:
        sign = self.pattern[self.at + 1 : self.at + 2]
        if not sign:
            raise ValueError("it ends with a backslash.")
        if sign in _KNOWN_ESCAPES:
            self.put(_KNOWN_ESCAPES[sign], repeatable=sign not in "<>bB", by=2)
        elif sign.isalnum():
            raise ValueError(f"\\{sign} has no meaning.")
        else:
            self.put(regex.escape(sign, special_only=False), repeatable=True, by=2)

    def group(self, sign: str) -> None:
        if sign == "(":
            if self.pattern.startswith("(?", self.at):
                raise ValueError("(? has no meaning.")
            if len(self.weights) > _DEEPEST:
                raise ValueError("its groups are too deep in one another.")
            self.put("(", repeatable=False)
            self.weights.append(0)
            return
        if len(self.weights) == 1:
            raise ValueError("a ) closes nothing.")
        inside = self.weights.pop()
        self.put(")", repeatable=True)
        self.grow(inside)
        self.weight = inside + 1

    def bracket(self) -> None:
        """A set of characters; a backslash in it is itself, a ] is when it is the first."""
        at = self.at + 1
        pieces = ["["]
        if self.pattern.startswith("^", at):
            pieces.append("^")
            at += 1
        start = at
        while at < len(self.pattern) and (self.pattern[at] != "]" or at == start):
            piece, at = self.member(at)
            pieces.append(piece)
        if at >= len(self.pattern):
            raise ValueError("a [ is never closed.")
        self.put("".join((*pieces, "]")), repeatable=True, by=at + 1 - self.at)

    def member(self, at: int) -> tuple[str, int]:
        """A class, a range or a character of a set, and where the next begins."""
        pattern = self.pattern
        if pattern.startswith(("[.", "[="), at):
            raise ValueError("collating elements are not known.")
        if pattern.startswith("[:", at):
            found = _CLASS.match(pattern, at)
            if found is None or found[1] not in _CLASSES:
                raise ValueError(f"there is no class of characters {pattern[at : at + 12]}.")
            return found[0], found.end()
        low = pattern[at]
        if pattern.startswith("-", at + 1) and at + 2 < len(pattern) and pattern[at + 2] != "]":
            high = pattern[at + 2]
            if high < low or high == "[":
                raise ValueError(f"{pattern[at : at + 3]} is no range.")
            return f"{_in_set(low)}-{_in_set(high)}", at + 3
        return _in_set(low), at + 1


def _in_set(sign: str) -> str:
    return sign if sign.isalnum() else f"\\{sign}" if sign.isascii() and sign.isprintable() else regex.escape(sign)


def quoted(text: str) -> str:
    """The text so that an expression matches just it, for `:quoteregex`."""
    return re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", text)
