"""The table of commands: name > (states, form, handler). The modules in `commands` fill it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply

if TYPE_CHECKING:
    from mailcore.imap.session import Session

T = TypeVar("T")


class State(Enum):
    """RFC 3501 §3; logout is the end."""

    STRANGER = "not authenticated"
    KNOWN = "authenticated"
    SELECTED = "selected"


ANY: Final = frozenset(State)
STRANGER: Final = frozenset({State.STRANGER})
KNOWN: Final = frozenset({State.KNOWN, State.SELECTED})
SELECTED: Final = frozenset({State.SELECTED})


@dataclass(frozen=True, slots=True)
class Spec:
    """One command. `handler` takes what `parse` gave."""

    name: str
    states: frozenset[State]
    parse: Callable[[Cursor], Any]
    handler: Callable[[Session, Any], Awaitable[Reply]]
    numbers: bool = False
    """It speaks in sequence numbers, so no EXPUNGE may come before its end (RFC 3501 §7.4.1)."""
    looks: bool = False
    """It owes the client the newest state of the folder: look even when nothing seems to have changed."""
    waits: bool = False
    """It waits for the client: a server that stops need not wait for it."""


COMMANDS: Final[dict[bytes, Spec]] = {}


def command(
    *names: str,
    state: frozenset[State],
    parse: Callable[[Cursor], T],
    numbers: bool = False,
    looks: bool = False,
    waits: bool = False,
) -> Callable[[Callable[[Session, T], Awaitable[Reply]]], Callable[[Session, T], Awaitable[Reply]]]:
    """Enters the handler in the table."""

    def enter(handler: Callable[[Session, T], Awaitable[Reply]]) -> Callable[[Session, T], Awaitable[Reply]]:
        for name in names:
            COMMANDS[name.encode()] = Spec(name, state, parse, handler, numbers, looks, waits)
        return handler

    return enter
