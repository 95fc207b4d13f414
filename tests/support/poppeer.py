"""Another server's POP3 with a mailbox, over TLS; it can break where a test wants it to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from groupware.model.ids import EVERY, FolderId
from groupware.model.remote import RemoteBox, RemoteTls
from groupware.model.times import now_micros
from groupware.store.api import WriteTx
from mailcore.rpop import fetch as fetching
from mailcore.rpop.fetch import Desk, fetch
from mailcore.rpop.secret import sealed
from mailcore.rpop.service import desk_of, errands_of
from mailcore.server.errands import LEASE, ErrandService
from mailcore.server.parts import ServiceSetup
from tests.support.certificates import Authority
from tests.support.postoffice import PostOffice

HOST, USER, PASSWORD = "pop.far.test", "alice@far.test", "s3cret word"
BOB = "bob@example.test"


def letter(subject: str, *fields: str) -> bytes:
    """A message."""
    head = "\r\n".join((*fields, "From: Ann <ann@elsewhere.test>", f"Subject: {subject}", f"Message-ID: <{subject}@x>"))
    return f"{head}\r\n\r\n.Hello\r\n..\r\n".encode()


@dataclass
class PopPeer:
    """What is there, and what was asked for."""

    letters: dict[str, bytes] = field(default_factory=dict)
    """By UIDL."""
    heard: list[str] = field(default_factory=list)
    hang_up_at: str = ""
    """The word of the command at which the connection ends."""
    answers: dict[str, bytes] = field(default_factory=dict)
    """Other answers than its own, by the word of the command; `` is the greeting."""
    plain: bool = False
    context: ssl.SSLContext | None = None
    port: int = 0
    connections: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """RETR waits for it."""
    retrieving: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    """The arguments of RETR as they come."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there, marked = dict(enumerate(self.letters.items(), 1)), set[str]()
        writer.write(self.answers.get("", b"+OK far\r\n"))
        try:
            while line := await reader.readline():
                word, _, rest = line.decode().strip().partition(" ")
                self.heard.append(line.decode().strip())
                if word == self.hang_up_at:
                    break
                if word in self.answers:
                    writer.write(self.answers[word])
                    continue
                if word == "STLS" and self.context is not None:
                    writer.write(b"+OK\r\n+OK this was said too early\r\n")
                    await writer.start_tls(self.context)
                    continue
                if word == "RETR":
                    await self.retrieving.put(rest)
                    await self.gate.wait()
                writer.write(self._answer(word, rest, there, marked))
                if word == "QUIT":
                    for uid in marked:
                        self.letters.pop(uid, None)
                    break
        except (OSError, ssl.SSLError):
            pass
        finally:
            writer.close()

    def _answer(self, word: str, rest: str, there: dict[int, tuple[str, bytes]], marked: set[str]) -> bytes:
        match word:
            case "USER" | "QUIT" | "NOOP":
                return b"+OK\r\n"
            case "PASS":
                return b"+OK\r\n" if rest == PASSWORD else b"-ERR [AUTH] no\r\n"
            case "UIDL":
                return (
                    b"+OK\r\n" + b"".join(b"%d %s\r\n" % (n, uid.encode()) for n, (uid, _) in there.items()) + b".\r\n"
                )
            case "LIST":
                return b"+OK\r\n" + b"".join(b"%d %d\r\n" % (n, len(each)) for n, (_, each) in there.items()) + b".\r\n"
            case "RETR":
                lines = there[int(rest)][1].replace(b"\r\n.", b"\r\n..")
                return b"+OK\r\n" + (b"." + lines if lines.startswith(b".") else lines) + b".\r\n"
            case "DELE":
                marked.add(there[int(rest)][0])
                return b"+OK\r\n"
        return b"-ERR what?\r\n"


@asynccontextmanager
async def pop_peer(context: ssl.SSLContext, *letters: bytes, tls: RemoteTls = "implicit") -> AsyncIterator[PopPeer]:
    """A peer on loopback, with these messages."""
    peer = PopPeer({f"u{number}": each for number, each in enumerate(letters, 1)}, context=context)
    peer.gate.set()
    first = context if tls == "implicit" else None
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0, ssl=first)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()


class Names:
    """Every host is this machine."""

    async def addresses(self, host: str) -> tuple[str, ...]:
        return ("127.0.0.1",)


@dataclass
class Fetching:
    """The service's parts over a post office, and Bob's mailbox elsewhere."""

    office: PostOffice
    desk: Desk
    number: int = 0

    async def add(self, peer: PopPeer, **more: Any) -> int:
        """Bob has the peer's mailbox fetched."""
        secret = sealed(more.pop("password", PASSWORD), self.desk.secret)
        new = RemoteBox(0, cast(Any, 0), HOST, peer.port, "implicit", USER, secret, None, 10, True)
        self.number = await self.office.store.write(
            fetching.WHO, lambda tx: tx.put_remote_box(replace(new, **more), BOB)
        )
        return self.number

    async def box(self) -> RemoteBox:
        boxes = await self.office.read(lambda tx: tx.remote_boxes(BOB))
        return next(each for each in boxes if each.number == self.number)

    async def once(self, lease: float = LEASE) -> RemoteBox:
        """Fetches now, whether it is due or not; the box afterwards."""
        await fetch(self.desk, await self.claimed(lease))
        return await self.box()

    async def claimed(self, lease: float = LEASE) -> RemoteBox:
        def work(tx: WriteTx) -> RemoteBox | None:
            known = next(each for each in tx.remote_boxes(BOB) if each.number == self.number)
            if known.due > now_micros():  # as if its time had come
                assert tx.claim_remote_box(self.number, 1) is None
                held = replace(known, lease=0)
                tx.settle_remote_box(held, 0, known.tries, known.said)
            return tx.claim_remote_box(self.number, now_micros() + int(lease * 1_000_000))

        found = await self.office.store.write(fetching.WHO, work)
        assert found is not None, "somebody is at it"
        return found

    async def folder(self, name: str) -> FolderId:
        """A new folder of Bob's."""
        return await self.office.store.write(fetching.WHO, lambda tx: tx.add_folder(tx.account(BOB).id, name).id)

    async def letters(self, path: str = "INBOX") -> list[bytes]:
        """What is in a folder of Bob's."""

        def work(tx: Any) -> list[Any]:
            return [each.blob for each in tx.items(tx.locate(tx.account(BOB).id, path).id, EVERY)]

        return [await self.office.blobs.read(blob) for blob in await self.office.read(work)]

    def service(self) -> ErrandService[RemoteBox]:
        """The service itself."""
        return ErrandService("rpop", errands_of(self.desk))


def fetching_at(office: PostOffice, authority: Authority, **rpop: object) -> Fetching:
    """A desk that trusts the authority and may look into one's own network."""
    section = office.config.rpop.model_copy(update={"private": True, "ports": (), "answer_timeout": 5, **rpop})
    config = replace(office.config, rpop=section)
    desk = desk_of(office.parts, ServiceSetup("rpop", config.services["rpop"], config))
    desk.dns = cast(Any, Names())
    desk.context = ssl.create_default_context(cafile=str(authority.ca_file))
    return Fetching(office, desk)


def served_by(authority: Authority, *hosts: str) -> ssl.SSLContext:
    """What a server has that the authority has signed for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.sign("pop", *(hosts or (HOST,))))
    return context
