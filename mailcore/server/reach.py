"""Which addresses of other hosts are of the Internet: what strangers name must not lead into one's own network."""

from __future__ import annotations

import ssl
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Final

from mailcore.server.config import Config, ConfigError
from mailcore.server.dns import Resolver
from mailcore.server.tls import UNCONFIRMED

_NAT64: Final = IPv6Network("64:ff9b::/96")
_UNICAST: Final = IPv6Network("2000::/3")
"""All that is given out of the Internet (RFC 4291 §2.4); what else there is leads to, or holds, what is none of it."""
_PROTOCOLS: Final = IPv4Network("192.0.0.0/24")


def is_public(address: str) -> bool:
    """Whether an address is one of the Internet, and none within another that is not."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        if found in _NAT64:
            return is_public(str(IPv4Address(int(found) & 0xFFFFFFFF)))
        inner = found.ipv4_mapped or found.sixtofour
        if inner is not None:
            return is_public(str(inner))
        return found.is_global and found in _UNICAST
    return found.is_global and not found.is_multicast and found not in _PROTOCOLS


class NotPublic(Exception):
    """The host is in somebody's own network; the text says where."""


async def public_address(dns: Resolver, host: str, *, private: bool = False) -> str:
    """One address of a host, by name or as it is, that is of the Internet; any with `private`.

    `NotPublic`; `DnsError`; `OSError` when it has none. Connect to the address, not to the name: DNS may say another
    one when it is asked once more.
    """
    try:
        found: tuple[str, ...] = (str(ip_address(host)),)
    except ValueError:
        found = await dns.addresses(host)
    allowed = [each for each in found if private or is_public(each)]
    if found and not allowed:
        raise NotPublic(f"{host} is at {found[0]}, which is not of the Internet")
    if not allowed:
        raise OSError(f"{host} has no address")
    return allowed[0]


def trusting(config: Config, authorities: Path | None, section: str) -> ssl.SSLContext:
    """What TLS with other servers trusts: the system's authorities, and those of a file beside the configuration.

    `section` names the key that has the file. ConfigError.
    """
    made = ssl.create_default_context()
    made.options &= ~UNCONFIRMED
    if authorities is not None:
        beside = config.path.parent if config.path is not None else Path()
        file = beside / authorities
        try:
            made.load_verify_locations(file)
        except OSError as error:  # an ssl.SSLError is one
            raise ConfigError([f"{config.path}: {section}: authorities: {file}: {error}"]) from None
    return made
