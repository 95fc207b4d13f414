"""Who may connect: IP sets, allow and deny rules, and the decision between them. Pure.

The decision for a peer: among the enabled rules that contain it, the deny rule with the smallest priority number and
the allow rule with the smallest decide; the smaller of the two wins, and deny wins a tie. A match among a
listener's rules is final; only a peer that none of them contains is looked up in the service's rules. A peer that no
rule contains is let in under the listener's limits. Loopback is a peer like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, Literal

Address = IPv4Address | IPv6Address

PRIORITY_DEFAULT: Final = 500
SPAN_MAX: Final = 1000  # entries of one IP set


@lru_cache(maxsize=4096)
def address(text: str) -> Address:
    """The IP address written in `text`; IPv4 in IPv6 becomes IPv4, a zone is dropped. ValueError."""
    found = ip_address(text.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def peer_key(peer: Address) -> str:
    """What is counted as one peer: an IPv4 address, or the /64 of an IPv6 address."""
    if isinstance(peer, IPv4Address):
        return str(peer)
    return f"{IPv6Address(int(peer) >> 64 << 64)}/64"


@dataclass(frozen=True, slots=True)
class Span:
    """A closed range of addresses of one IP version."""

    version: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class IpSet:
    """Addresses, as ranges."""

    spans: tuple[Span, ...]

    def __contains__(self, peer: object) -> bool:
        if not isinstance(peer, IPv4Address | IPv6Address):
            return False
        number = int(peer)
        return any(span.version == peer.version and span.low <= number <= span.high for span in self.spans)


def ip_set(entries: Sequence[str]) -> IpSet:
    """The set written as `192.0.2.1`, `192.0.2.1-192.0.2.9`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, any IPv6 form.

    ValueError says which entry is wrong and how to write it.
    """
    if len(entries) > SPAN_MAX:
        raise ValueError(f"an IP set has at most {SPAN_MAX} entries, this one has {len(entries)}")
    return IpSet(tuple(_span(entry.strip()) for entry in entries))


ANYONE: Final = IpSet((Span(4, 0, 2**32 - 1), Span(6, 0, 2**128 - 1)))


def _span(text: str) -> Span:
    try:
        if "/" in text:
            network = ip_network(text, strict=False)
            return Span(network.version, int(network.network_address), int(network.broadcast_address))
        first, dash, last = text.partition("-")
        low = address(first.strip())
        high = address(last.strip()) if dash else low
    except ValueError:
        raise ValueError(
            f"{text!r} is not an IP address, a range (192.0.2.1-192.0.2.9) or a network (192.0.2.0/24)"
        ) from None
    if low.version != high.version:
        raise ValueError(f"{text!r}: both ends of a range must be of one IP version")
    if int(low) > int(high):
        raise ValueError(f"{text!r}: the range ends before it begins")
    return Span(low.version, int(low), int(high))


@dataclass(frozen=True, slots=True)
class Limits:
    """The six flow limits. 0 is no limit."""

    connections: int = 200
    per_interval: int = 600
    interval: int = 60
    peer_connections: int = 20
    peer_per_interval: int = 600
    peer_interval: int = 60


LIMITS: Final = Limits()
UNLIMITED: Final = Limits(connections=0, per_interval=0, peer_connections=0, peer_per_interval=0)


@dataclass(frozen=True, slots=True)
class Rule:
    """An allow or deny rule; `limits` counts for allow rules only."""

    addresses: IpSet
    priority: int = PRIORITY_DEFAULT  # 1 is highest, 1000 lowest
    enabled: bool = True
    limits: Limits = LIMITS
    name: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one level: of a listener or of a service."""

    allow: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()


NO_RULES: Final = Rules()

Level = Literal["listener", "service", "none"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say of a peer: refused by `rule`, let in under `rule`'s limits, or matched by none of them."""

    admitted: bool
    level: Level
    rule: Rule | None = None


UNMATCHED: Final = Decision(True, "none")


def decide(peer: Address, listener: Rules, service: Rules) -> Decision:
    """Whether the peer may connect, and which rule says so."""
    return _at("listener", peer, listener) or _at("service", peer, service) or UNMATCHED


def _at(level: Level, peer: Address, rules: Rules) -> Decision | None:
    deny, allow = _best(peer, rules.deny), _best(peer, rules.allow)
    if deny is not None and (allow is None or deny.priority <= allow.priority):
        return Decision(False, level, deny)
    if allow is not None:
        return Decision(True, level, allow)
    return None


def _best(peer: Address, rules: Sequence[Rule]) -> Rule | None:
    containing = (rule for rule in rules if rule.enabled and peer in rule.addresses)
    return min(containing, key=lambda rule: rule.priority, default=None)
