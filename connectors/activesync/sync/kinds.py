"""What differs between mail, events, contacts, tasks and notes: how they are told, and how a device changes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.activesync.element import Element
from connectors.activesync.exchange import Exchange
from connectors.activesync.sync.options import Options
from groupware.model.folder import Folder


@dataclass(slots=True)
class Done:
    """What became of one command of a device."""

    status: int = 1
    item: int = 0
    """The item: UID of mail, id of everything else; 0: there is none."""
    modseq: int = 0
    """When it changed by that; 0: it did not."""
    answer: list[Element] = field(default_factory=list)
    """ApplicationData of the answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One command of a device, and what it is about."""

    data: Element
    """ApplicationData; empty where there is none."""
    item: int = 0
    instance: str = ""
    """InstanceId: the occurrence that is meant, by its start. 16.x."""
    ident: str = ""
    """A UUID for what is added: the same when the device asks for it again."""
    since: int = 0
    """The modseq up to which the device knows the folder."""
    options: Options = field(default_factory=Options)
    moves: bool = True
    """DeletesAsMoves."""
    send: bool = False
    """Whether a draft is to be sent. 16.x."""


Render = Callable[[Exchange, Folder, Sequence[int], Options], Awaitable[Mapping[int, Element]]]
Act = Callable[[Exchange, Folder, Asked], Awaitable[Done]]
Again = Callable[[Exchange, Folder, Asked], Awaitable[list[Element]]]


@dataclass(frozen=True, slots=True)
class Kinds:
    """How the items of one class are handled."""

    name: str
    render: Render
    add: Act
    change: Act
    delete: Act
    again: Again | None = None
    """What is answered to an Add that was carried out before, besides that it was; `Asked.item` is what it made."""


OK, PROTOCOL, WRONG_KEY, MALFORMED, CONFLICT, NOT_FOUND = 1, 4, 3, 6, 7, 8
SERVER, CANNOT, HIERARCHY, RETRY = 5, 5, 12, 16
"""Statuses of Sync. MS-ASCMD §2.2.3.177.17."""
