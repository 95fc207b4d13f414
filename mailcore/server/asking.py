"""HTTP asked of other servers where strangers say which: pictures, ways out of lists, calendars, push services.

1. The host is looked up, has to be of the Internet, and the address that was looked at is the one connected to; each
   redirection is looked at anew by who follows it.
2. Nothing of ours goes along: no cookies, no Referer, no proxy of the environment.
3. What comes is read within its bound, also when it was compressed.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urlsplit

from mailcore.server.dns import Resolver
from mailcore.server.reach import public_address

if TYPE_CHECKING:
    import httpx

REDIRECTED: Final = (301, 302, 303, 307, 308)
PORTS: Final = {"http": 80, "https": 443}
_STEP: Final = 64 * 1024


class Asked(NamedTuple):
    """An address taken apart."""

    scheme: str
    host: str
    port: int
    netloc: str
    target: str
    """Path and query, as they are sent."""


class TooLarge(Exception):
    """More comes than is read; the text says how much would be."""


def taken_apart(url: str, ports: Sequence[int] = tuple(PORTS.values())) -> Asked | None:
    """The parts of an address; None where nothing is asked. `ports`: those allowed; none: all."""
    try:
        found = urlsplit(url)
        port = found.port
    except ValueError:
        return None
    if found.scheme not in PORTS or not found.hostname or found.username is not None or not url.isprintable():
        return None
    port = PORTS[found.scheme] if port is None else port
    if not port or (ports and port not in ports):
        return None
    target = quote(found.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(found.query, safe='/%:@!$&()*+,;=~-._?')}" if found.query else ""
    return Asked(found.scheme, found.hostname, port, found.netloc, target + query)


@asynccontextmanager
async def asked(
    dns: Resolver,
    at: Asked,
    headers: Mapping[str, str],
    *,
    seconds: float,
    private: bool = False,
    method: str = "GET",
    body: bytes | None = None,
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[httpx.Response]:
    """The answer, whose body is not read yet. `NotPublic`, `DnsError`, `OSError`, `httpx.HTTPError`.

    `seconds`: how long the other server may be silent.
    """
    import httpx  # large, and needed by few

    address = await public_address(dns, at.host, private=private)
    where = f"[{address}]" if ":" in address else address
    async with (
        httpx.AsyncClient(trust_env=False, timeout=seconds, verify=context or True) as client,
        client.stream(
            method,
            f"{at.scheme}://{where}:{at.port}{at.target}",
            headers={"host": at.netloc, "user-agent": "Postroom", "accept-encoding": "gzip", **headers},
            content=body,
            extensions={"sni_hostname": at.host},
        ) as answer,
    ):
        yield answer


async def body_of(answer: httpx.Response, most: int) -> bytes:
    """The octets of an answer, uncompressed, `most` at the most. `TooLarge`; `httpx.HTTPError` where it breaks off."""
    import httpx

    zipped = answer.headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip")
    unzip, found = zlib.decompressobj(wbits=31), bytearray()
    try:
        async for raw in answer.aiter_raw():
            piece = raw
            while piece:
                found += unzip.decompress(piece, _STEP) if zipped else piece
                piece = unzip.unconsumed_tail if zipped else b""
                if len(found) > most:
                    raise TooLarge(f"it has more than {most} octets")
        found += unzip.flush() if zipped else b""
    except zlib.error:
        raise httpx.DecodingError("what it sends cannot be uncompressed") from None
    if zipped and not unzip.eof:
        raise httpx.RemoteProtocolError("it ends in the middle")
    return bytes(found)
