"""What running a folder's script needs, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass

from groupware.model.item import Item
from groupware.model.occasion import Occasion
from groupware.model.principal import Principal
from groupware.model.script import ActiveScript
from groupware.store.api import Blobs, Store
from mailcore.server.clock import Clock
from mailcore.server.events import EventLog


@dataclass(frozen=True, slots=True)
class Desk:
    """What all runs share."""

    store: Store
    blobs: Blobs
    clock: Clock
    host: str
    most_received: int
    log: EventLog


@dataclass(frozen=True, slots=True)
class Runner:
    """In whose name a script runs, and the script; it has no octets where there is no script of that name."""

    who: Principal
    active: ActiveScript


@dataclass(frozen=True, slots=True)
class Case:
    """One message to which something happened."""

    which: Occasion
    item: Item
    path: str
    """What its folder is called by whoever the script is of."""
    message: str
    """The message id of log and trace."""
