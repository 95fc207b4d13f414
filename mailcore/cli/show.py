"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Final, Protocol

import typer

Row = Mapping[str, object]

Json = Annotated[bool, typer.Option("--json", help="As JSON.")]

_GAP: Final = "  "


class Terminal(Protocol):
    """Where the answers of one command go, and who is asked: standard streams, or a session of the console."""

    def write(self, text: str) -> object:
        """Say some of the answer."""
        ...

    def note(self, text: str) -> None:
        """Say what is not the answer, in one line."""
        ...

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """The answer to a question, one line."""
        ...


elsewhere: Final[ContextVar[Terminal | None]] = ContextVar("elsewhere", default=None)
"""Set while a command runs whose answers do not go to standard output."""


def write(text: str) -> None:
    """Some of the answer, as it is."""
    (elsewhere.get() or sys.stdout).write(text)


def say(text: str) -> None:
    """One line of the answer."""
    write(f"{text}\n")


def note(text: str) -> None:
    """One line that is not the answer: on standard error."""
    terminal = elsewhere.get()
    if terminal is not None:
        terminal.note(text)
    else:
        sys.stderr.write(f"postroom: {text}\n")


def sure(question: str) -> None:
    """Comes back when the question is answered with yes; else the command ends here."""
    terminal = elsewhere.get()
    if terminal is None:
        typer.confirm(question, abort=True)
    elif terminal.ask(f"{question} [y/N]").strip().lower() not in ("y", "yes"):
        raise typer.Abort


def rows(found: Sequence[Row], as_json: bool, empty: str = "nothing found") -> None:
    """A listing: a table (on a terminal a framed one), or a JSON array of objects."""
    if as_json:
        say(json.dumps([_plain(row) for row in found], ensure_ascii=False, indent=2))
    elif not found:
        note(empty)
    elif elsewhere.get() is None and sys.stdout.isatty():
        _framed(found)
    else:
        _aligned(found)


def one(found: Row, as_json: bool) -> None:
    """One thing: a line for each fact, or a JSON object."""
    if as_json:
        say(json.dumps(_plain(found), ensure_ascii=False, indent=2))
        return
    width = max(map(len, found))
    for name, value in found.items():
        say(f"{name:<{width}}{_GAP}{words(value)}")


def words(value: object) -> str:
    """A value as people read it, on one line and without control characters."""
    if value is None or value == "" or value == ():
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, list | tuple | frozenset):
        return ", ".join(words(each) for each in value)
    if isinstance(value, Enum):
        return str(value.value)
    return "".join(char if char.isprintable() else "?" for char in str(value))


def _plain(row: Row) -> dict[str, object]:
    return {name: _json(value) for name, value in row.items()}


def _json(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [_json(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(str(each) for each in value)
    if isinstance(value, Mapping):
        return {str(key): _json(each) for key, each in value.items()}
    return value


def _aligned(found: Sequence[Row]) -> None:
    table = [list(found[0]), *([words(value) for value in row.values()] for row in found)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        say(_GAP.join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def _framed(found: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for name, value in found[0].items():
        table.add_column(name, justify="right" if isinstance(value, int) and not isinstance(value, bool) else "left")
    for row in found:
        table.add_row(*(Text(words(value)) for value in row.values()))
    Console().print(table)
