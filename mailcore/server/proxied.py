"""Taking a PROXY header off an accepted socket: exactly the header, for what follows belongs to TLS or the session."""

import asyncio
import socket
from typing import Final

from mailcore.server.proxy import V2_MAX, ProxyError, ProxyHeader, ProxyPolicy, may_be_header, read_header

_ANY: Final = 1  # SO_RCVLOWAT as it is when nobody has touched it


async def take_header(accepted: socket.socket, policy: ProxyPolicy) -> ProxyHeader | None:
    """The header that the trusted peer sends; None when it may come without one and does. ProxyError, OSError."""
    try:
        async with asyncio.timeout(policy.timeout):
            return await _header(accepted, policy)
    except TimeoutError:
        if policy.optional and not _peek(accepted):
            return None
        raise ProxyError(f"no whole PROXY header within {policy.timeout:g} seconds") from None
    finally:
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, _ANY)


async def _header(accepted: socket.socket, policy: ProxyPolicy) -> ProxyHeader | None:
    seen = 0
    while True:
        # a socket with input that is only looked at stays readable; the low-water mark makes it wait for more
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, seen + 1)
        await _readable(accepted)
        data = _peek(accepted)
        if len(data) <= seen:
            raise ProxyError("the peer hung up before its PROXY header was whole")
        seen = len(data)
        if policy.optional and not may_be_header(data, policy):
            return None
        header = read_header(data, policy)
        if header is not None:
            accepted.recv(header.length)
            return header


def _peek(accepted: socket.socket) -> bytes:
    try:
        return accepted.recv(V2_MAX, socket.MSG_PEEK)
    except BlockingIOError:
        return b""


async def _readable(waited_for: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(waited_for.fileno(), wake)
    try:
        await ready
    finally:
        loop.remove_reader(waited_for.fileno())
