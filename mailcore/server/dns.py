"""The domain name resolver (DNR): questions to prioritised name servers, answers kept as long as they are good.

1. A name server is asked `retries` times more, each time waiting twice as long; then the next one, by priority. One
   that stayed silent comes last for a minute, so that a dead first server does not delay every message.
2. An answer counts only if it comes from the server asked, to the port asked from, with the number and question sent;
   anything else is ignored and the wait goes on. Each try has a new number and port.
3. There is no domain, there is no such record, nobody could tell now: three errors, for mail treats them differently.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeVar

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.reversename
import idna

from mailcore.server import dns_wire, log
from mailcore.server.dns_cache import Cache
from mailcore.server.dns_wire import QueryType as QueryType
from mailcore.server.dns_wire import Record as Record

Family = Literal["A", "AAAA"]
T = TypeVar("T")
MAX_ALIASES: Final = 8
MAX_HOSTS: Final = 16
SILENT_SECONDS: Final = 60.0
_LOG: Final = log.get("DNR")


class DnsError(Exception):
    """A question without an answer; the text says which question and why."""


class NoSuchDomain(DnsError):
    """The name does not exist. Asking again will not help."""


class NoData(DnsError):
    """The name exists, but has no record of this type. Asking again will not help."""


class TryAgain(DnsError):
    """No server could tell now."""


@dataclass(frozen=True, slots=True)
class NameServer:
    """One name server; the lowest priority is asked first. None: the resolver's own timeout and retries."""

    priority: int
    address: str
    port: int = 53
    timeout: float | None = None
    retries: int | None = None
    validating: bool = False
    """Whether it checks DNSSEC, and nobody between can change its answers: only then it is believed that it did."""

    def __post_init__(self) -> None:
        ipaddress.ip_address(self.address)
        _check(f"Name server {self.priority}", self.timeout, self.retries)


@dataclass(frozen=True, slots=True)
class DnsSettings:
    """How to ask. Without `servers`, those of the operating system. `families`: which addresses hosts are asked for."""

    timeout: float = 5.0
    retries: int = 3
    cache_size: int = 1000
    servers: tuple[NameServer, ...] = ()
    families: tuple[Family, ...] = ("AAAA", "A")
    validating: bool = False
    """Whether name servers on this very host check DNSSEC."""
    resolv_conf: Path = Path("/etc/resolv.conf")

    def __post_init__(self) -> None:
        _check("The resolver", self.timeout, self.retries)
        if not 1 <= self.cache_size <= 1_000_000:
            raise ValueError(f"The resolver: the cache size is {self.cache_size}; it must be 1 to 1000000.")
        priorities = {server.priority for server in self.servers}
        if len(self.servers) > 10 or len(priorities) < len(self.servers):
            raise ValueError("The resolver: give at most 10 name servers, each with its own priority.")


def _check(who: str, timeout: float | None, retries: int | None) -> None:
    if timeout is not None and not 0 < timeout <= 120:
        raise ValueError(f"{who}: the timeout is {timeout} s; it must be above 0 and at most 120.")
    if retries is not None and not 0 <= retries <= 10:
        raise ValueError(f"{who}: retries is {retries}; it must be 0 to 10.")


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of a name, and how many seconds they are good. `canonical` is the name behind its aliases."""

    name: str
    type: QueryType
    canonical: str
    records: tuple[Record, ...]
    ttl: int
    secure: bool = False
    """Whether DNSSEC proves it, in the words of a server that is believed."""

    @property
    def values(self) -> tuple[str, ...]:
        """The records without their preferences."""
        return tuple(record.value for record in self.records)


@dataclass(frozen=True, slots=True)
class Host:
    """A host that takes mail for a domain, with its addresses in the order to try them."""

    name: str
    preference: int
    addresses: tuple[str, ...]
    secure: bool = False
    """Whether DNSSEC proves that it takes this mail, and its addresses."""
    canonical: str = ""
    """The name behind its aliases, where it is one."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """What is known of a host."""

    values: tuple[str, ...]
    secure: bool
    canonical: str


@dataclass(frozen=True, slots=True)
class NullMx:
    """The domain says that it takes no mail at all (RFC 7505): a permanent failure, 5.1.10."""

    domain: str


@dataclass(frozen=True, slots=True)
class _Missing:
    """A negative answer to remember."""

    error: type[NoSuchDomain | NoData]
    text: str


def to_ascii(name: str) -> str:
    """The name as DNS has it: lower case, A-labels, no final dot. NoSuchDomain when it cannot be a domain name."""
    try:
        mapped = name if name.isascii() else idna.uts46_remap(name, std3_rules=False)
        labels = mapped.rstrip(".").split(".")
        text = ".".join(label if label.isascii() else idna.encode(label).decode() for label in labels).lower()
        dns.name.from_text(text)
    except (idna.IDNAError, dns.exception.DNSException, UnicodeError) as error:
        raise NoSuchDomain(f"{name[:80]!r} is no domain name: {error}") from error
    if not text:
        raise NoSuchDomain("The domain name is empty.")
    return text


class Resolver:
    """Asks, remembers, and finds the hosts that take mail. `count` gets the names of DNR counters."""

    def __init__(
        self,
        settings: DnsSettings | None = None,
        count: Callable[[str], None] = lambda counter: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count, self._clock = count, clock
        self.configure(settings or DnsSettings())

    def configure(self, settings: DnsSettings) -> None:
        """Take other settings; what was remembered is forgotten."""
        self._settings = settings
        self._cache: Cache[Answer | _Missing] = Cache(settings.cache_size, self._clock)
        self._silent: dict[NameServer, float] = {}
        self._servers = tuple(sorted(settings.servers, key=lambda one: one.priority)) or _system(settings.resolv_conf)

    def flush(self) -> int:
        """Forget all answers and read the operating system's servers anew; gives how many answers were known."""
        known = len(self._cache)
        self.configure(self._settings)
        return known

    @property
    def servers(self) -> tuple[NameServer, ...]:
        """The name servers in use, by priority."""
        return self._servers

    async def query(self, name: str, type: QueryType) -> Answer:
        """The records of a name; an IP address as the name of a PTR. NoSuchDomain, NoData or TryAgain."""
        self._count("DNR_Query")
        asked = _reverse(name) if type == "PTR" else to_ascii(name)
        known = self._cache.get("*", asked) or self._cache.get(type, asked)
        if known is not None:
            self._count("DNR_CacheHit")
            return _given(known[0], known[1])
        return _given(await self._resolve(asked, type))

    async def mail_hosts(self, domain: str) -> Sequence[Host] | NullMx:
        """The hosts that take mail for a domain, the best first, those of one preference in random order.

        Without MX it is the domain itself (RFC 5321 §5.1). Hosts without an address are left out; if none has one it is
        NoData, or TryAgain when that may change.
        """
        try:
            answer = await self.query(domain, "MX")
        except NoData:
            return await self._with_addresses((Record(0, to_ascii(domain)),), secure=True)
        if [record.value for record in answer.records] == ["."]:
            return NullMx(domain)
        hosts = [record for record in answer.records if record.value != "."]
        random.SystemRandom().shuffle(hosts)
        hosts.sort(key=lambda record: record.preference)
        return await self._with_addresses(hosts[:MAX_HOSTS], secure=answer.secure)

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a host, of the families wanted, in their order. NoSuchDomain, NoData or TryAgain."""
        return (await self.host(host)).values

    async def host(self, host: str) -> Addresses:
        """The same, with whether DNSSEC proves them, and the name behind its aliases."""
        kinds = self._settings.families
        found = await asyncio.gather(*(self._quietly(self.query(host, kind)) for kind in kinds))
        values = tuple(value for answer in found if isinstance(answer, Answer) for value in answer.values)
        errors = [error for error in found if isinstance(error, DnsError)]
        if not values and errors:
            raise max(errors, key=lambda error: (isinstance(error, TryAgain), isinstance(error, NoData)))
        answers = [answer for answer in found if isinstance(answer, Answer)]
        behind = [answer.canonical for answer in answers if answer.canonical != to_ascii(host)]
        return Addresses(values, all(answer.secure for answer in answers), behind[0] if behind else "")

    async def _with_addresses(self, hosts: Sequence[Record], *, secure: bool) -> Sequence[Host]:
        found = await asyncio.gather(*(self._quietly(self.host(host.value)) for host in hosts))
        usable = [
            Host(host.value, host.preference, known.values, secure and known.secure, known.canonical)
            for host, known in zip(hosts, found, strict=True)
            if not isinstance(known, DnsError)
        ]
        if usable:
            return usable
        errors = [error for error in found if isinstance(error, DnsError)]
        if any(isinstance(error, TryAgain) for error in errors):
            raise TryAgain("; ".join(str(error) for error in errors)[:500])
        if len(errors) == 1:
            raise errors[0]
        raise NoData(f"None of the mail hosts has an address: {', '.join(host.value for host in hosts)}."[:500])

    @staticmethod
    async def _quietly(question: Awaitable[T]) -> T | DnsError:
        try:
            return await question
        except DnsError as error:
            return error

    async def _resolve(self, name: str, type: QueryType) -> Answer | _Missing:
        """Ask, and again for the name behind an alias that the server did not follow; remember the outcome."""
        asked, ttl, secure = name, float("inf"), True
        for _ in range(MAX_ALIASES):
            response, believed = await self._ask(asked, type)
            secure = secure and believed and dns_wire.is_checked(response)
            try:
                chain = response.resolve_chaining()
            except dns.exception.DNSException as error:
                raise TryAgain(f"The answer for {name} {type} is not usable: {error}") from error
            ttl = min(ttl, chain.minimum_ttl)
            target = dns_wire.text(chain.canonical_name)
            if chain.answer is not None:
                found = dns_wire.records(chain.answer)
                answer = Answer(name, type, target, found, int(ttl), secure)
                self._cache.put(type, name, answer, ttl)
                return answer
            if response.rcode() == dns.rcode.NXDOMAIN or target == asked or dns_wire.has_soa(response):
                return self._remember_missing(name, type, response, ttl)
            asked = target
        raise TryAgain(f"{name} {type}: its aliases lead in a circle or on for too long.")

    def _remember_missing(self, name: str, type: QueryType, response: dns.message.QueryMessage, ttl: float) -> _Missing:
        """The negative answer; remembered only when an SOA says for how long (RFC 2308 §5)."""
        if response.rcode() == dns.rcode.NXDOMAIN:
            kind, missing = "*", _Missing(NoSuchDomain, f"The domain {name} does not exist.")
        else:
            kind, missing = type, _Missing(NoData, f"{name} has no {type} record.")
        if dns_wire.has_soa(response):
            self._cache.put(kind, name, missing, ttl, negative=True)
        return missing

    async def _ask(self, name: str, type: QueryType) -> tuple[dns.message.QueryMessage, bool]:
        """The first usable answer of a server, and whether it is believed in DNSSEC. TryAgain when none gives one."""
        reasons = []
        for server in self._in_order():
            try:
                response = await self._ask_server(server, name, type)
            except (OSError, EOFError, dns.exception.DNSException) as error:
                reasons.append(f"{server.address}: {_reason(error)}")
                continue
            if response.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
                self._silent.pop(server, None)
                return response, self._believed(server)
            reasons.append(f"{server.address}: {dns.rcode.to_text(response.rcode())}")
        why = "; ".join(reasons) or "no name server is known; name one in the settings"
        _LOG.warning("query_failed", name=name, type=type, reason=why)
        raise TryAgain(f"{name} {type} could not be looked up now ({why}).")

    def _believed(self, server: NameServer) -> bool:
        return server.validating or (self._settings.validating and ipaddress.ip_address(server.address).is_loopback)

    def _in_order(self) -> list[NameServer]:
        now = self._clock()
        return sorted(self._servers, key=lambda server: self._silent.get(server, 0) > now)

    async def _ask_server(self, server: NameServer, name: str, type: QueryType) -> dns.message.QueryMessage:
        """One server's answer, after as many tries as it gets. Timeout when it is silent, OSError when it is away."""
        first = self._settings.timeout if server.timeout is None else server.timeout
        retries = self._settings.retries if server.retries is None else server.retries
        edns = True
        for number in range(retries + 1):
            try:
                response = await dns_wire.exchange(
                    server.address, server.port, name, type, first * 2**number, edns=edns
                )
                if response.rcode() in {dns.rcode.FORMERR, dns.rcode.NOTIMP} and edns:
                    edns = False  # an old server that knows no EDNS, RFC 6891 §7
                    response = await dns_wire.exchange(
                        server.address, server.port, name, type, first * 2**number, edns=edns
                    )
                return response
            except (dns.exception.Timeout, TimeoutError):
                self._count("DNR_Timeout")
        self._silent[server] = self._clock() + SILENT_SECONDS
        _LOG.warning("server_silent", server=server.address, tries=retries + 1)
        raise dns.exception.Timeout


def _system(path: Path) -> tuple[NameServer, ...]:
    """The operating system's name servers; none when it has none."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as error:
        _LOG.warning("no_system_servers", path=str(path), reason=str(error))
        return ()
    words = [line.split() for line in lines]
    named = [line[1] for line in words if len(line) > 1 and line[0] == "nameserver" and _is_address(line[1])]
    return tuple(NameServer(number, address) for number, address in enumerate(named[:10], 1))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _reverse(name: str) -> str:
    """The name to ask for the host name of an address; a name that is one already stays."""
    address = name.partition("%")[0]  # a peer's address may name its interface
    return dns_wire.text(dns.reversename.from_address(address)) if _is_address(address) else to_ascii(name)


def _given(found: Answer | _Missing, left: float | None = None) -> Answer:
    if isinstance(found, _Missing):
        raise found.error(found.text)
    return found if left is None else replace(found, ttl=int(left))


def _reason(error: Exception) -> str:
    if isinstance(error, (dns.exception.Timeout, TimeoutError)):
        return "no answer in time"
    return str(error) or "no answer"
