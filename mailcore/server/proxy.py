"""The PROXY protocol, versions 1 and 2: who is really calling, as a trusted proxy in front says it.

Source: "The PROXY protocol", HAProxy, 2020-03-05 edition (§2.1 version 1, §2.2 version 2). The parser is pure: octets
in, a header or "not yet" out; `ProxyError` for anything else. Nothing behind the header is touched.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from mailcore.server.rules import Address, IpSet

V1_MAX: Final = 107  # §2.1: the longest line, CRLF included
V2_MAX: Final = 16 + 2048  # addresses and TLVs; the longest that real proxies send is far below
V2_SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_V1_START: Final = b"PROXY "
_V1_LINE: Final = re.compile(rb"PROXY (TCP4|TCP6) ([0-9a-fA-F:.]{2,39}) ([0-9a-fA-F:.]{2,39}) (\d{1,5}) (\d{1,5})\r\n")
_V1_UNKNOWN: Final = re.compile(rb"PROXY UNKNOWN[ -~]*\r\n")

TYPE_AUTHORITY: Final = 0x02
TYPE_SSL: Final = 0x20


class ProxyError(Exception):
    """What came is no PROXY header that this listener takes; the text says why."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of the connection to the proxy."""

    address: Address
    port: int


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What the proxy says. Without `source` (LOCAL, UNKNOWN) it is the proxy's own connection, a health check."""

    version: int
    length: int  # octets of the header
    source: Endpoint | None = None
    target: Endpoint | None = None
    authority: str = ""  # the host name that the client gave the proxy in SNI
    tls: bool = False  # the client's connection to the proxy is TLS


@dataclass(frozen=True, slots=True)
class ProxyPolicy:
    """Which headers a listener takes, from whom."""

    trusted: IpSet  # the proxies; a header from anyone else is never believed
    v1: bool = True
    v2: bool = True
    optional: bool = False  # a trusted peer may also come without a header
    timeout: float = 5.0  # seconds for the whole header


def read_header(data: bytes, policy: ProxyPolicy) -> ProxyHeader | None:
    """The header at the start of `data`, or None when more octets are needed. ProxyError."""
    if policy.v2 and data[: len(V2_SIGNATURE)] == V2_SIGNATURE[: len(data)]:
        return _v2(data)
    if policy.v1 and data[: len(_V1_START)] == _V1_START[: len(data)]:
        return _v1(data)
    raise ProxyError("the connection does not start with a PROXY header of an allowed version")


def may_be_header(data: bytes, policy: ProxyPolicy) -> bool:
    """Whether these first octets can still become a PROXY header."""
    starts = ((policy.v2, V2_SIGNATURE), (policy.v1, _V1_START))
    return any(on and data[: len(start)] == start[: len(data)] for on, start in starts)


def _v1(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, V1_MAX)
    if end < 0:
        if len(data) >= V1_MAX:
            raise ProxyError(f"the PROXY line is longer than {V1_MAX} octets")
        return None
    line = data[: end + 2]
    if _V1_UNKNOWN.fullmatch(line):
        return ProxyHeader(1, len(line))
    match = _V1_LINE.fullmatch(line)
    if match is None:
        raise ProxyError(f"malformed PROXY line {line!r}")
    family: type[Address] = IPv4Address if match[1] == b"TCP4" else IPv6Address
    try:
        source = _endpoint(family(match[2].decode()), int(match[4]))
        target = _endpoint(family(match[3].decode()), int(match[5]))
    except ValueError as error:
        raise ProxyError(f"malformed PROXY line {line!r}: {error}") from None
    return ProxyHeader(1, len(line), source, target)


def _v2(data: bytes) -> ProxyHeader | None:
    if len(data) < 16:
        return None
    version, command, family = data[12] >> 4, data[12] & 15, data[13]
    if version != 2 or command not in (0, 1):
        raise ProxyError(f"PROXY version {version}, command {command} is unknown")
    length = 16 + int.from_bytes(data[14:16], "big")
    if length > V2_MAX:
        raise ProxyError(f"a PROXY header of {length} octets is longer than {V2_MAX}")
    if len(data) < length:
        return None
    body = data[16:length]
    size = {0x11: 4, 0x21: 16}.get(family)
    if command == 0 or size is None:
        return _without_address(length, command, family)
    if len(body) < 2 * size + 4:
        raise ProxyError("the PROXY header is too short for its addresses")
    kind: type[Address] = IPv4Address if size == 4 else IPv6Address
    ports = 2 * size
    source = Endpoint(_plain(kind(body[:size])), int.from_bytes(body[ports : ports + 2], "big"))
    target = Endpoint(_plain(kind(body[size:ports])), int.from_bytes(body[ports + 2 : ports + 4], "big"))
    authority, tls = _extras(body[ports + 4 :])
    return ProxyHeader(2, length, source, target, authority, tls)


def _without_address(length: int, command: int, family: int) -> ProxyHeader:
    if command == 1 and family != 0:
        raise ProxyError(f"PROXY address family 0x{family:02x} is not TCP over IP")
    return ProxyHeader(2, length)


def _extras(octets: bytes) -> tuple[str, bool]:
    authority, tls = "", False
    for kind, value in _tlvs(octets):
        if kind == TYPE_AUTHORITY:
            authority = value.decode("ascii", "replace")
        elif kind == TYPE_SSL and value:
            tls = bool(value[0] & 1)
    return authority, tls


def _tlvs(octets: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(octets):
        size = int.from_bytes(octets[at + 1 : at + 3], "big")
        if at + 3 + size > len(octets):
            raise ProxyError("the PROXY header ends inside one of its fields")
        yield octets[at], octets[at + 3 : at + 3 + size]
        at += 3 + size


def _endpoint(at: Address, port: int) -> Endpoint:
    if port > 65535:
        raise ValueError(f"port {port} is above 65535")
    return Endpoint(_plain(at), port)


def _plain(at: Address) -> Address:
    if isinstance(at, IPv6Address) and at.ipv4_mapped is not None:
        return at.ipv4_mapped
    return at


def header_v1(source: Endpoint, target: Endpoint) -> bytes:
    """The version 1 header that a proxy sends for this connection."""
    family = f"TCP{source.address.version}"
    return f"PROXY {family} {source.address} {target.address} {source.port} {target.port}\r\n".encode()


def header_v2(source: Endpoint, target: Endpoint) -> bytes:
    """The version 2 header that a proxy sends for this connection."""
    family = 0x11 if source.address.version == 4 else 0x21
    ports = source.port.to_bytes(2, "big") + target.port.to_bytes(2, "big")
    body = source.address.packed + target.address.packed + ports
    return V2_SIGNATURE + bytes((0x21, family)) + len(body).to_bytes(2, "big") + body
