"""Where mail for a domain goes: the hosts that take it, in the order to try them. RFC 5321 §5.1, RFC 7505."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailcore.queue.courier import Result, failed, later
from mailcore.server.config import Config
from mailcore.server.dns import DnsError, Host, NoData, NoSuchDomain, NullMx, Resolver, TryAgain, to_ascii
from mailcore.server.listener import Listener
from mailcore.smtp.ways import Way

MOST_HOPS: Final = 20
Place = tuple[Host, int]
"""A host, and the port to try it at."""
_CIRCLE: Final = "The mail server for this domain is this very server, which does not know the domain as its own."


@dataclass(frozen=True, slots=True)
class Hop:
    """One address of one host."""

    name: str
    address: str
    port: int
    preference: int = 0
    source: str = ""
    """The address that a connection comes from; "" is any."""
    secure: bool = False
    """Whether DNSSEC proves that the way leads there."""
    canonical: str = ""
    """The host's name behind its aliases."""


class NoRoute(Exception):
    """There is nowhere to go; `result` is what that means for the recipients."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.text)
        self.result = result


class Router:
    """Finds the hops: by MX, or those hosts that a way names."""

    __slots__ = ("_config", "_dns")

    def __init__(self, config: Config, dns: Resolver) -> None:
        self._config, self._dns = config, dns

    async def hops(self, domain: str, way: Way) -> Sequence[Hop]:
        """Where to try, in order; never empty. NoRoute."""
        try:
            places = await self._named(way) if way.hosts else await self._by_mx(domain)
        except NoSuchDomain as error:
            raise NoRoute(failed("5.1.2", str(error))) from error
        except NoData as error:
            raise NoRoute(failed("5.4.4", str(error))) from error
        except DnsError as error:
            raise NoRoute(later("4.4.3", str(error), unreachable=isinstance(error, TryAgain))) from error
        return self._usable(places, way)

    def _usable(self, places: Sequence[Place], way: Way) -> Sequence[Hop]:
        """The hops that this server can try, and that do not lead back to it."""
        hops = [
            Hop(
                host.name,
                address,
                port,
                host.preference,
                way.from_address(ipaddress.ip_address(address).version),
                host.secure,
                host.canonical,
            )
            for host, port in self._before_own(places, way)
            for address in host.addresses
        ]
        if not hops and way.hosts:  # the administrator's mistake: no reason to return mail
            raise NoRoute(later("4.4.6", "The smart host is this very server; the administrator has to name another."))
        if not hops:
            raise NoRoute(failed("5.4.6", _CIRCLE))
        families = way.families if way.source or self._config.smtp.enable_ipv6 else frozenset((4,))
        usable = [hop for hop in hops if ipaddress.ip_address(hop.address).version in families]
        if not usable:
            named = ", ".join(dict.fromkeys(hop.name for hop in hops))
            raise NoRoute(later("4.4.1", f"This server can reach no address of {named}.", unreachable=True))
        return usable[:MOST_HOPS]

    def _before_own(self, places: Sequence[Place], way: Way) -> Sequence[Place]:
        """The hosts better than this server itself, where it is one of them. RFC 5321 §5.1."""
        own = [host.preference for host, port in places if self._is_own(host, port, way)]
        return [place for place in places if place[0].preference < min(own)] if own else places

    def _is_own(self, host: Host, port: int, way: Way) -> bool:
        if host.name.lower() == self._config.host.lower() and not way.hosts:
            return True
        here = [listener for listener in self._config.listeners if listener.service == "smtp_incoming"]
        return any(_listens(listener, address, port) for listener in here for address in host.addresses)

    async def _by_mx(self, domain: str) -> Sequence[Place]:
        return [(host, self._config.smtp.mx_port) for host in await self._mail_hosts(domain)]

    async def _mail_hosts(self, domain: str) -> Sequence[Host]:
        literal = _literal(domain)
        if literal is not None:
            return (Host(domain, 0, (literal,)),)
        found = await self._dns.mail_hosts(domain)
        if isinstance(found, NullMx):
            raise NoRoute(failed("5.1.10", f"The domain {domain} says that it takes no mail."))
        return found

    async def _named(self, way: Way) -> Sequence[Place]:
        """The hosts that the way names, but for those that are not to be found while there are others."""
        usual = 465 if way.tls == "implicit" else 587 if way.user else 25
        found: list[Place] = []
        missing: list[DnsError] = []
        for number, text in enumerate(way.hosts):
            name, port = split_host(text, usual)
            if _is_address(name):
                found.append((Host(name, number, (_address(name),)), port))
                continue
            try:
                known = await self._dns.host(name)
            except DnsError as error:
                missing.append(error)
                continue
            found.append((Host(to_ascii(name), number, known.values, known.secure, known.canonical), port))
        if found:
            return found
        for each in missing:
            if isinstance(each, TryAgain):
                raise each
        raise NoRoute(later("4.4.4", f"The smart host is not to be found: {missing[0]}"))  # the administrator's mistake


def split_host(text: str, port: int) -> tuple[str, int]:
    """Host and port of `host`, `host:port` or `[2001:db8::1]:port`."""
    if text.startswith("["):
        name, _, rest = text[1:].partition("]")
        return name, int(rest[1:]) if rest[1:].isdecimal() else port
    name, colon, digits = text.rpartition(":")
    if colon and ":" not in name and digits.isdecimal():
        return name, int(digits)
    return text, port


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _literal(domain: str) -> str | None:
    """The address in `[192.0.2.1]` or `[IPv6:2001:db8::1]`; None when the domain is a name. RFC 5321 §4.1.3."""
    if not (domain.startswith("[") and domain.endswith("]")):
        return None
    inner = domain[1:-1]
    inner = inner[5:] if inner.lower().startswith("ipv6:") else inner
    try:
        return str(ipaddress.ip_address(inner))
    except ValueError:
        raise NoRoute(failed("5.1.2", f"{domain} is no address of a host.")) from None


def _listens(listener: Listener, address: str, port: int) -> bool:
    """Whether the listener is what answers at address and port."""
    if listener.port != port:
        return False
    mine, there = ipaddress.ip_address(listener.address), ipaddress.ip_address(address)
    if mine.is_unspecified:
        return mine.version == there.version and _is_here(address)
    return mine == there


def _is_here(address: str) -> bool:
    """Whether it is an address of this machine: only then a socket can be bound to it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True
