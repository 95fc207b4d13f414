"""Ways: by which hosts, over what TLS and from which address mail for a destination goes.

One table, made from the configuration: its routes in their order, then the smart host, then MX.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from mailcore.server.dns import NoSuchDomain, to_ascii
from mailcore.server.sections_mail import SmtpSection
from mailcore.server.sections_sending import RouteSection, WayTls

NOBODY: Final = "<>"
MOST_KNOWN: Final = 1000
"""Pairs of domains for which the way is remembered."""
_ANY: Final = ("*",)
_SMART_HOST_TLS: Final[dict[str, WayTls]] = {
    "none": "none",
    "available": "opportunistic",
    "required": "verified",
    "implicit": "implicit",
}


@dataclass(frozen=True, slots=True)
class Way:
    """How to send. `hosts` none: by MX; `source`: one address of each family, none: any."""

    name: str
    """As people see it: the place of the route in the file, `smart host` or `mx`."""
    to: tuple[str, ...] = _ANY
    sender: tuple[str, ...] = _ANY
    hosts: tuple[str, ...] = ()
    tls: WayTls = "opportunistic"
    user: str = ""
    password: str = field(default="", repr=False)
    source: tuple[str, ...] = ()
    ehlo: str = ""
    connections: int = 5
    messages: int = 100
    hold: bool = False

    def destination(self, domain: str) -> str:
        """What its connections are counted for: the hosts that were named, or else the domain."""
        return f"{self.name}: {' '.join(self.hosts)}" if self.hosts else domain

    def from_address(self, family: int) -> str:
        """The address that connections of this family (4 or 6) come from; "" is any."""
        return next((each for each in self.source if ipaddress.ip_address(each).version == family), "")

    @property
    def families(self) -> frozenset[int]:
        """The families that it has an address of its own for; all of them when it has none."""
        return frozenset(ipaddress.ip_address(each).version for each in self.source) or frozenset((4, 6))


class Ways:
    """The table."""

    __slots__ = ("_host", "_known", "_local", "_sources", "_ways")

    def __init__(self, smtp: SmtpSection, host: str) -> None:
        """`host` is the name to greet by where nothing else is said."""
        self._host, self._sources = host, smtp.source
        self._known = lru_cache(MOST_KNOWN)(self._find)
        self._local = (smtp.local_address,) if smtp.local_address else ()
        usual = Way("mx", connections=smtp.sending_connections, messages=smtp.messages_per_connection)
        routes = [_of_route(number, each, usual) for number, each in enumerate(smtp.route, 1)]
        self._ways = (*routes, *([_of_smart_host(smtp, usual)] if smtp.smart_host else []), usual)

    def find(self, domain: str, sender: str) -> Way:
        """The way for mail from an address ("" is <>) to a domain."""
        return self._known(domain, sender.rpartition("@")[2] if sender else NOBODY)

    def _find(self, domain: str, own: str) -> Way:
        domain, own = _plain(domain), own if own == NOBODY else _plain(own)
        way = next(each for each in self._ways if _among(domain, each.to) and _among(own, each.sender))
        found = next((each for each in self._sources if _among(own, each.sender)), None)
        source = way.source or (found.address if found is not None else ()) or self._local
        ehlo = way.ehlo or (found.ehlo if found is not None else "") or self._host
        return replace(way, source=source, ehlo=ehlo)


def _of_route(number: int, route: RouteSection, usual: Way) -> Way:
    return Way(
        name=f"route {number}",
        to=route.to,
        sender=route.sender,
        hosts=route.hosts,
        tls=_with_password(route.tls, route.user),
        user=route.user,
        password=route.password,
        source=route.source,
        ehlo=route.ehlo,
        connections=route.connections or usual.connections,
        messages=route.messages_per_connection or usual.messages,
        hold=route.hold,
    )


def _of_smart_host(smtp: SmtpSection, usual: Way) -> Way:
    return replace(
        usual,
        name="smart host",
        hosts=(smtp.smart_host,),
        tls=_with_password(_SMART_HOST_TLS[smtp.smart_host_tls], smtp.smart_host_user),
        user=smtp.smart_host_user,
        password=smtp.smart_host_password,
    )


def _with_password(tls: WayTls, user: str) -> WayTls:
    """A password is said over checked TLS alone, unless the administrator wants no TLS at all."""
    return "verified" if user and tls in ("opportunistic", "required") else tls


def _among(domain: str, patterns: Sequence[str]) -> bool:
    return any(_fits(domain, pattern) for pattern in patterns)


def _fits(domain: str, pattern: str) -> bool:
    """Whether the pattern (`*`, `*.example.org`, `example.org`) means the domain. `*` is <> too."""
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        return domain.endswith("." + _plain(pattern[2:]))
    return domain == _plain(pattern)


@lru_cache(maxsize=4096)
def _plain(domain: str) -> str:
    """The domain as DNS has it, where it is a name at all."""
    if domain == NOBODY or domain.startswith("["):
        return domain.lower()
    try:
        return to_ascii(domain)
    except NoSuchDomain:
        return domain.lower()
