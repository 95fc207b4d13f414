"""A mail server that does what the test tells it to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

DROP = "drop"
HANG = "hang"
EXTENSIONS = ("PIPELINING", "SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES")


@dataclass
class Taken:
    """A message that the peer took."""

    sender: str
    recipients: list[str]
    octets: bytes


@dataclass
class Peer:
    """`answers`: what is answered to a line that begins so, instead of the usual; the longest beginning counts.

    An answer may be DROP (hang up) or HANG (say nothing until `release`). A list gives one answer after another.
    """

    extensions: tuple[str, ...] = EXTENSIONS
    greeting: str = "220 peer.test ESMTP"
    answers: dict[str, str | list[str]] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    tls_first: bool = False
    lines: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    eager: bool = False
    """It answers DATA with 354 even without recipients."""
    now: int = 0
    most: int = 0
    port: int = 0
    secured: int = 0
    callers: list[str] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something happened that makes the condition true."""
        async with asyncio.timeout(20):
            while not condition():
                self.moved.clear()
                await self.moved.wait()

    def commands(self, verb: str) -> list[str]:
        """The lines that began with this verb."""
        return [line for line in self.lines if line.upper().startswith(verb)]

    def answer_to(self, line: str) -> str | None:
        """What the script says to this line."""
        for start in sorted(self.answers, key=len, reverse=True):
            if line.upper().startswith(start.upper()):
                found = self.answers[start]
                if isinstance(found, str):
                    return found
                return found.pop(0) if found else None
        return None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.callers.append(writer.get_extra_info("peername")[0])
        self.now += 1
        self.most = max(self.most, self.now)
        self.moved.set()
        with suppress(OSError, asyncio.IncompleteReadError):
            await _Session(self, reader, writer).run()
        self.now -= 1
        self.moved.set()
        writer.close()


class _Session:
    def __init__(self, peer: Peer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peer, self.reader, self.writer = peer, reader, writer
        self.sender, self.recipients = "", list[str]()
        self.within = False  # a transaction: MAIL was said, and it has not ended
        self.secure = peer.tls_first

    def say(self, text: str) -> None:
        self.writer.write(text.encode() + b"\r\n")

    async def run(self) -> None:
        peer = self.peer
        if peer.greeting == DROP:
            return
        self.say(peer.greeting)
        while line := (await self.reader.readline()).decode().rstrip("\r\n"):
            peer.lines.append(line)
            peer.moved.set()
            scripted = peer.answer_to(line)
            if scripted == HANG:
                await peer.release.wait()
                scripted = None
            if scripted == DROP:
                return
            if scripted is not None:
                self.say(scripted)
                continue
            if not await self.obey(line):
                return

    async def obey(self, line: str) -> bool:
        verb = line.split(" ")[0].upper()
        if verb == "EHLO":
            offered = list(self.peer.extensions) + (["STARTTLS"] if self.peer.tls and not self.secure else [])
            words = ["peer.test", *offered]
            self.say("\r\n".join(f"250{'-' if n < len(words) - 1 else ' '}{word}" for n, word in enumerate(words)))
        elif verb == "STARTTLS":
            return await self.start_tls()
        elif verb == "AUTH":
            self.say("235 2.7.0 welcome")
        elif verb == "MAIL" and self.within:
            self.say("503 5.5.1 nested MAIL")
        elif verb == "MAIL":
            self.within = True
            self.sender, self.recipients = line[10:].split(" ")[0].strip("<>"), []
            self.say("250 2.1.0 ok")
        elif verb == "RCPT":
            self.recipients.append(line[8:].split(" ")[0].strip("<>"))
            self.say("250 2.1.5 ok")
        elif verb == "DATA":
            return await self.data()
        elif verb == "BDAT":
            self.take(await self.reader.readexactly(int(line.split(" ")[1])))
            self.within = False
            self.say("250 2.0.0 taken")
        elif verb == "RSET":
            self.within = False
            self.say("250 2.0.0 ok")
        elif verb == "QUIT":
            self.say("221 2.0.0 bye")
            return False
        else:
            self.say("250 2.0.0 ok")
        return True

    async def start_tls(self) -> bool:
        assert self.peer.tls is not None
        self.say("220 2.0.0 go ahead")
        await self.writer.drain()
        await self.writer.start_tls(self.peer.tls)
        self.secure = True
        self.peer.secured += 1
        return True

    async def data(self) -> bool:
        if not self.recipients and not self.peer.eager:
            self.say("554 5.5.1 no valid recipients")
            return True
        self.say("354 go on")
        octets = await self.message()
        self.within = False
        if octets.startswith(b"."):
            octets = octets[1:]
        octets = octets.replace(b"\r\n.", b"\r\n")
        scripted = self.peer.answer_to(".")
        if scripted == HANG:
            await self.peer.release.wait()
            scripted = None
        if scripted == DROP:
            return False
        if scripted is None:
            self.take(octets)
        self.say(scripted or "250 2.0.0 taken")
        return True

    async def message(self) -> bytes:
        """The octets up to the line that is only a dot."""
        first = await self.reader.readexactly(3)
        if first == b".\r\n":
            return b""
        return (first + await self.reader.readuntil(b"\r\n.\r\n"))[:-3]

    def take(self, octets: bytes) -> None:
        self.peer.taken.append(Taken(self.sender, list(self.recipients), octets))
        self.peer.moved.set()


@asynccontextmanager
async def serving(peer: Peer, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Peer]:
    """Run the peer; its port is in `port`."""
    server = await asyncio.start_server(peer.serve, host, port, ssl=peer.tls if peer.tls_first else None, limit=1 << 24)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        async with server:
            yield peer
    finally:
        peer.release.set()
