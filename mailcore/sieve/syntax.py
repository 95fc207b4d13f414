"""A script as it is written: commands, tests, arguments, each with its line. RFC 5228 §8.2."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `value` has its quotes and dots undone, its line ends are CR LF."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of strings in brackets."""

    items: tuple[Text, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number, its K, M or G multiplied out."""

    value: int
    line: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, in lower case and without its colon."""

    name: str
    line: int


Argument = Text | Texts | Number | Tag


@dataclass(frozen=True, slots=True)
class Test:
    """A test; `tests` are those it holds, `listed` tells whether they stood in parentheses."""

    name: str
    line: int
    arguments: tuple[Argument, ...]
    tests: tuple[Test, ...] = ()
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command; `block` is None where a semicolon ends it."""

    name: str
    line: int
    arguments: tuple[Argument, ...]
    tests: tuple[Test, ...] = ()
    listed: bool = False
    block: tuple[Command, ...] | None = None
