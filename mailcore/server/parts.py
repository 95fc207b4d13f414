"""What every service is made of: the objects that are built once, and its own settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Final

from groupware.directory.api import Directory
from groupware.store.api import Blobs, Bus, Store
from mailcore.server.claims import Claims, LocalClaims
from mailcore.server.clock import Clock, SystemClock
from mailcore.server.config import SERVICE_GROUP, Config
from mailcore.server.counters import Counters
from mailcore.server.dns import Resolver
from mailcore.server.events import EventLog
from mailcore.server.rates import LocalRates, Rates
from mailcore.server.seats import AtWork, LocalSeats, Seats
from mailcore.server.sections import ServiceSection
from mailcore.server.service import Service

FILTER_GROUP: Final = "postroom.filters"


@dataclass(frozen=True, slots=True)
class Parts:
    """The objects of one process. A service takes those it needs."""

    log: Callable[[str], EventLog]  # by module
    store: Store
    blobs: Blobs
    bus: Bus
    directory: Directory
    counters: Counters
    dns: Resolver
    secret: bytes = field(repr=False)  # of the site, the same on all nodes: for what only its nodes may know
    clock: Clock = field(default_factory=SystemClock)
    at_work: AtWork = field(default_factory=AtWork)  # services whose own work runs in this server: `processing`
    seats: Seats = field(default_factory=LocalSeats)  # what is limited over all sessions of the server
    rates: Rates = field(default_factory=LocalRates)  # what is counted over time, over all sessions of the server
    claims: Claims = field(default_factory=LocalClaims)  # what goes to one session of the server alone


@dataclass(frozen=True, slots=True)
class ServiceSetup:
    """What one service is told: its name, its section, and the configuration around it."""

    name: str
    section: ServiceSection
    config: Config


ServiceFactory = Callable[[Parts, ServiceSetup], Service]


def installed_filters() -> Mapping[str, Callable[[], Any]]:
    """How each installed filter of mail is loaded, by name; `mailcore.queue.filters` says what it is."""
    return {point.name: point.load for point in entry_points(group=FILTER_GROUP)}


def installed_factories() -> Mapping[str, Callable[[], ServiceFactory]]:
    """How each installed service is loaded, by name; loading imports it."""
    return {point.name: point.load for point in entry_points(group=SERVICE_GROUP)}
