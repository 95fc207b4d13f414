"""One question to one name server, and what its answer holds: the only file that knows dnspython's messages."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

import dns.asyncbackend
import dns.asyncquery
import dns.flags
import dns.inet
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TXT import TXT

QueryType = Literal["A", "AAAA", "MX", "NS", "TXT", "PTR", "TLSA", "SRV"]
_MAKING: Final[set[asyncio.Task[Any]]] = set()
PAYLOAD: Final = 1232  # octets that UDP carries without being cut up on the way


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """One record: an address, a host name or a text. `preference` is that of an MX.

    A text is its strings joined; octets that are no UTF-8 are kept as surrogates (`surrogateescape`).
    """

    preference: int
    value: str


async def exchange(
    address: str, port: int, name: str, type: QueryType, seconds: float, *, edns: bool
) -> dns.message.QueryMessage:
    """One question and its answer, over TCP when UDP has no room for it (RFC 7766 §5).

    What comes from elsewhere, or answers another question, is ignored. dns.exception.Timeout when no answer comes
    within `seconds`, OSError when nobody listens there, EOFError when the server hangs up.
    """
    question = dns.message.make_query(name, type, use_edns=0 if edns else False, payload=PAYLOAD)
    question.flags |= dns.flags.AD  # say whether you have checked it, RFC 6840 §5.7
    backend = dns.asyncbackend.get_backend("asyncio")
    try:
        # Connected, so that the kernel drops what others send, and tells at once when nobody listens at the port.
        async with await _socket(backend, address, port) as sock:
            response = await dns.asyncquery.udp(
                question,
                address,
                seconds,
                port,
                ignore_unexpected=True,
                raise_on_truncation=True,
                ignore_errors=True,
                sock=sock,
            )
    except dns.message.Truncated:
        response = await _by_tcp(question, address, port, seconds)
    assert isinstance(response, dns.message.QueryMessage)
    return response


async def _by_tcp(question: dns.message.Message, address: str, port: int, seconds: float) -> dns.message.Message:
    """The answer over a connection of its own, which is closed whatever comes in between."""
    wire = question.to_wire()
    async with asyncio.timeout(seconds):
        reader, writer = await _connected(address, port)
        try:
            writer.write(len(wire).to_bytes(2) + wire)
            size = int.from_bytes(await reader.readexactly(2))
            answer = dns.message.from_wire(await reader.readexactly(size))
        finally:
            writer.close()
    if not question.is_response(answer):
        raise EOFError("it answers another question")
    return answer


async def _connected(address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection. The socket is ours until it is made, so nothing stays open when nobody waits any more."""
    sock = socket.socket(dns.inet.af_for_address(address), socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(sock, (address, port))
        return await asyncio.open_connection(sock=sock)
    except BaseException:
        sock.close()
        raise


async def _socket(backend: Any, address: str, port: int) -> Any:
    """A socket that is connected to the server. Made to its end even if nobody waits any more: a half-made one would
    stay open for good under uvloop."""
    making: asyncio.Task[Any] = asyncio.create_task(
        backend.make_socket(dns.inet.af_for_address(address), socket.SOCK_DGRAM, 0, None, (address, port))
    )
    _MAKING.add(making)
    making.add_done_callback(_MAKING.discard)
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        making.add_done_callback(_close)
        raise


def _close(made: asyncio.Task[Any]) -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().transport.close()


def records(found: Iterable[dns.rdata.Rdata]) -> tuple[Record, ...]:
    """The records of an answer, the lowest preference first."""
    return tuple(sorted(map(_record, found)))


def text(name: dns.name.Name) -> str:
    """A name in lower case without its final dot; the root is "."."""
    return name.to_text(omit_final_dot=True).lower()


def is_checked(response: dns.message.QueryMessage) -> bool:
    """Whether the server says that it has checked the answer by DNSSEC (AD). RFC 4035 §3.2.3."""
    return bool(response.flags & dns.flags.AD)


def has_soa(response: dns.message.QueryMessage) -> bool:
    """Whether a negative answer says for how long it is good. RFC 2308 §5."""
    return any(found.rdtype == dns.rdatatype.SOA for found in response.authority)


def _record(data: dns.rdata.Rdata) -> Record:
    if isinstance(data, MX):
        return Record(data.preference, text(data.exchange))
    if isinstance(data, TXT):
        return Record(0, b"".join(data.strings).decode(errors="surrogateescape"))
    if isinstance(data, (NS, PTR)):
        return Record(0, text(data.target))
    return Record(0, data.to_text())
