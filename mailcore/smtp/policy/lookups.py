"""What has to be looked up elsewhere: names of the client's address, and what lists say of it.

1. Everything is asked at once, in `SECONDS` altogether; what has not answered by then counts as empty.
2. What was found holds for as long as `known` does; the resolver keeps it for the next one.
3. Nobody is asked about an address of this machine or of a private network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Final

from mailcore.server.dns import DnsError, Resolver
from mailcore.server.events import EventLog
from mailcore.server.rules import address
from mailcore.smtp.policy.variables import Value

SECONDS: Final = 10.0
MOST_NAMES: Final = 10
LISTS: Final = ("dnsbl.", "dnswl.")


async def looked_up(
    dns: Resolver, ip: str, asked: Collection[str], known: dict[str, Value], log: EventLog
) -> Mapping[str, Value]:
    """The variables among those asked for that take a look-up; `known` are those of before, and takes the new ones."""
    missing = [name for name in asked if name not in known and name.startswith((*LISTS, "reverseDns"))]
    if missing:
        tasks = {name: asyncio.ensure_future(_of(dns, name, ip)) for name in missing}
        try:
            await asyncio.wait(tasks.values(), timeout=SECONDS)
        finally:
            for task in tasks.values():
                task.cancel()
        for name, task in tasks.items():
            done = task.done() and not task.cancelled()
            known[name] = task.result() if done else ()
            if not done:
                log.warning("policy_lookup_failed", what=name, ip=ip)
    return known


async def _of(dns: Resolver, name: str, ip: str) -> tuple[str, ...]:
    kind, _, zone = name.partition(".")
    if kind == "reverseDns":
        return await names_of(dns, ip)
    return await listed(dns, zone, ip)


async def listed(dns: Resolver, zone: str, ip: str) -> tuple[str, ...]:
    """What the list at a zone says of an address: results such as 127.0.0.2; none: it is not on it. RFC 5782."""
    peer = address(ip)
    if not peer.is_global:
        return ()
    pointer = peer.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    try:
        found = (await dns.query(f"{pointer}.{zone}", "A")).values
    except DnsError:
        return ()
    return tuple(each for each in found if each.startswith("127."))  # anything else is a list that has gone


async def names_of(dns: Resolver, ip: str) -> tuple[str, ...]:
    """The names of an address that lead back to it (RFC 8601 §2.7.3); none: there are none."""
    try:
        names = (await dns.query(ip, "PTR")).values[:MOST_NAMES]
    except DnsError:
        return ()
    found = await asyncio.gather(*(_leads_back(dns, name, ip) for name in names))
    return tuple(name.rstrip(".") for name, leads in zip(names, found, strict=True) if leads)


async def _leads_back(dns: Resolver, name: str, ip: str) -> bool:
    try:
        return address(ip) in map(ip_address, await dns.addresses(name))
    except DnsError:
        return False
