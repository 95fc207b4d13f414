"""A small name server on loopback, UDP and TCP on one port, that answers from a table and can misbehave."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class Zone:
    """What the server knows, and how it misbehaves. `records` maps (name, type) to texts; names end with a dot."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    ttl: int = 300
    soa: str | None = "ns.test. root.test. 1 2 3 4 60"
    silent: int = 0  # so many UDP questions get no answer
    broken: int = 0  # so many get SERVFAIL
    no_edns: bool = False  # a question with EDNS gets FORMERR
    truncate: bool = False  # UDP answers are cut off
    mute: bool = False  # it says nothing over TCP; `reached` and `left`: somebody has asked there, and has hung up
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    follow: bool = True  # aliases are followed in one answer
    forge: bool = False  # before each answer come wrong ones
    signed: bool = False  # it says that it has checked its answers (AD), to who asks for that
    refused: tuple[str, ...] = ()  # names that get SERVFAIL, as what fails the check does
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def answer(self, wire: bytes, transport: str) -> list[bytes]:
        """The datagrams that answer a question."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind, transport))
        if self.silent and transport == "udp":
            self.silent -= 1
            return []
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if self.signed and query.flags & dns.flags.AD:
            reply.flags |= dns.flags.AD
        if name in self.refused:
            reply.set_rcode(dns.rcode.SERVFAIL)
            return [reply.to_wire()]
        if self.broken:
            self.broken -= 1
            reply.set_rcode(dns.rcode.SERVFAIL)
            return [reply.to_wire()]
        if self.no_edns and query.edns >= 0:
            plain = dns.message.make_query(question.name, question.rdtype, id=query.id)
            reply = dns.message.make_response(plain)
            reply.set_rcode(dns.rcode.FORMERR)
            return [reply.to_wire()]
        self._fill(reply, name, kind)
        if self.truncate and transport == "udp":
            reply.answer, reply.authority = [], []
            reply.flags |= dns.flags.TC
        return [*(_forged(query, kind) if self.forge else []), reply.to_wire(max_size=65535)]

    def _fill(self, reply: dns.message.Message, name: str, kind: str) -> None:
        for _ in range(20):
            if (name, kind) in self.records:
                reply.answer.append(dns.rrset.from_text(name, self.ttl, "IN", kind, *self.records[(name, kind)]))
                return
            alias = self.records.get((name, "CNAME"))
            if alias is None:
                break
            if not any(found.name == dns.name.from_text(name) for found in reply.answer):
                reply.answer.append(dns.rrset.from_text(name, self.ttl, "IN", "CNAME", *alias))
            name = alias[0]
            if not self.follow:
                return
        if not any(known == name for known, _ in self.records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        if self.soa is not None:
            reply.authority.append(dns.rrset.from_text("test.", self.ttl, "IN", "SOA", self.soa))


def _forged(query: dns.message.Message, kind: str) -> list[bytes]:
    """Answers that must be ignored: another number, another question, no answer at all, and rubbish."""
    name = query.question[0].name.to_text()
    number = dns.message.make_response(query)
    number.answer.append(dns.rrset.from_text(name, 300, "IN", "A", "203.0.113.66"))
    number.id = query.id ^ 1
    other = dns.message.make_query("other.test.", kind, id=query.id)
    question = dns.message.make_response(other)
    question.answer.append(dns.rrset.from_text("other.test.", 300, "IN", "A", "203.0.113.66"))
    return [number.to_wire(), question.to_wire(), query.to_wire(), b"rubbish", b""]


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is one
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for wire in self._zone.answer(data, "udp"):
            self._transport.sendto(wire, addr)


async def _opened(
    zone: Zone, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], host: str
) -> tuple[asyncio.Server, asyncio.DatagramTransport, int]:
    """A port that is free for TCP and for UDP, both open."""
    loop = asyncio.get_running_loop()
    for attempt in range(20):
        tcp = await asyncio.start_server(serve, host, 0)
        port = tcp.sockets[0].getsockname()[1]
        try:
            udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(zone), local_addr=(host, port))
        except OSError:
            tcp.close()
            if attempt == 19:
                raise
        else:
            return tcp, udp, port
    raise AssertionError


@asynccontextmanager
async def serving(zone: Zone, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Run a server for this zone; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        question = await reader.readexactly(length)
        if zone.mute:
            zone.reached.set()
            assert await reader.read() == b""
            zone.left.set()
            writer.close()
            return
        for wire in zone.answer(question, "tcp"):
            writer.write(struct.pack("!H", len(wire)) + wire)
        await writer.drain()
        writer.close()

    tcp, udp, port = await _opened(zone, serve, host)
    try:
        async with tcp:
            yield port
    finally:
        udp.close()
