"""A script compiled: checked against the table, its arguments by name, its strings ready to be filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ref:
    """A variable in a string: its name in lower case, `global.` before it or not, or the number of a match."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """A string with variables in it."""

    pieces: tuple[str | Ref, ...]


Filled = str | Template
Value = bool | int | Filled | tuple[Filled, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A command or a test with its arguments by name; a tag that was not written is not there."""

    name: str
    line: int
    args: Mapping[str, Value] = field(default_factory=dict)
    tests: tuple[Call, ...] = ()
    block: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class If:
    """`if`, its `elsif`s and its `else`, the test of which is None."""

    line: int
    branches: tuple[tuple[Call | None, tuple[Node, ...]], ...]


Node = Call | If


@dataclass(frozen=True, slots=True)
class Script:
    """A script that may run. It is a value: it can be kept, sent to another process and run any number of times."""

    body: tuple[Node, ...]
    extensions: frozenset[str]
    """What its `require` names, and what it has by `ihave`."""
