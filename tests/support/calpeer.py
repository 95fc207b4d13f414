"""Another server that has calendars, over HTTP; it can do wrong where a test wants it to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from groupware.calendar.item import read_item
from groupware.model.folder import Folder
from groupware.model.ids import EVERY
from groupware.model.item import Item, Kind
from groupware.model.rights import LEVELS
from groupware.model.source import CalendarSource
from groupware.model.times import now_micros
from groupware.store.api import WriteTx
from mailcore.server.errands import LEASE, ErrandService
from mailcore.server.parts import ServiceSetup
from mailcore.subscriptions import fetch as fetching
from mailcore.subscriptions.fetch import Desk, fetch
from mailcore.subscriptions.service import desk_of, errands_of
from tests.support.certificates import Authority
from tests.support.poppeer import Names
from tests.support.postoffice import PostOffice

HOST, BOB = "cal.far.test", "bob@example.test"


def event(uid: str, *lines: str, day: int = 1) -> str:
    """An event of an hour, with more lines."""
    times = f"DTSTART:202610{day:02}T090000Z\r\nDTEND:202610{day:02}T100000Z\r\n"
    more = "".join(f"{each}\r\n" for each in lines)
    return f"BEGIN:VEVENT\r\nUID:{uid}\r\n{times}SUMMARY:{uid}\r\n{more}END:VEVENT\r\n"


def calendar(*events: str, head: str = "") -> bytes:
    """A calendar of these, as careless servers have them: without PRODID and DTSTAMP."""
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:PUBLISH\r\n{head}{''.join(events)}END:VCALENDAR\r\n".encode()


Handler = Callable[[Mapping[str, str], asyncio.StreamWriter], Any]


@dataclass
class CalPeer:
    """What is there by path, and what was asked for."""

    pages: dict[str, bytes] = field(default_factory=dict)
    """By path: whole answers."""
    heard: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    """Paths and headers."""
    port: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    """`/slow` ends when this is set."""

    def has(self, path: str, body: bytes, *headers: str, status: str = "200 OK") -> None:
        """Answers that from now on."""
        head = "".join(f"{each}\r\n" for each in headers)
        self.pages[path] = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            path = (await reader.readline()).decode().split(" ")[1]
            headers: dict[str, str] = {}
            while line := (await reader.readline()).strip():
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            self.heard.append((path, headers))
            tag = headers.get("if-none-match")
            page = self.pages.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            if tag is not None and f"ETag: {tag}\r\n".encode() in page:
                page = f"HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n".encode()
            writer.write(page)
            await writer.drain()
            if path == "/slow":
                await self.held.wait()
        except (OSError, IndexError, ssl.SSLError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def cal_peer(context: ssl.SSLContext | None = None) -> AsyncIterator[CalPeer]:
    """A peer on loopback."""
    peer = CalPeer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0, ssl=context)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        peer.held.set()
        server.close()


@dataclass
class Following:
    """The service's parts over a post office, and a calendar of Bob's that is filled from elsewhere."""

    office: PostOffice
    desk: Desk
    at: Folder = field(init=False)

    async def subscribe(self, url: str, name: str = "Far", **more: Any) -> CalendarSource:
        """Bob subscribes to an address."""

        def work(tx: WriteTx) -> tuple[Folder, CalendarSource]:
            folder = tx.add_folder(tx.account(BOB).id, name, Kind.CALENDAR)
            return folder, tx.put_calendar_source(CalendarSource(folder.id, folder.owner, url, **more))

        self.at, made = await self.office.store.write(fetching.WHO, work)
        return made

    async def source(self) -> CalendarSource:
        [found] = await self.office.read(lambda tx: tx.calendar_sources(self.at.owner))
        return found

    async def claimed(self) -> CalendarSource:
        """The source, held; its time has come whenever it is due."""

        def work(tx: WriteTx) -> CalendarSource | None:
            [known] = tx.calendar_sources(self.at.owner)
            if known.due > now_micros():
                tx.settle_calendar_source(replace(known, due=0))
            return tx.claim_calendar_source(known.folder, now_micros() + int(LEASE * 1_000_000))

        found = await self.office.store.write(fetching.WHO, work)
        assert found is not None, "somebody is at it"
        return found

    async def once(self) -> CalendarSource:
        """Fetches now; the source afterwards."""
        await fetch(self.desk, await self.claimed())
        return await self.source()

    async def items(self) -> dict[str, Item]:
        """What is in the calendar, by UID."""

        def work(tx: Any) -> list[Item]:
            return list(tx.items(self.at.id, EVERY))

        found = {}
        for each in await self.office.read(work):
            octets = await self.office.blobs.read(each.blob)
            found[octets.partition(b"UID:")[2].partition(b"\r\n")[0].decode()] = each
        return found

    async def text(self, uid: str) -> str:
        """The octets of one event."""
        return (await self.office.blobs.read((await self.items())[uid].blob)).decode()

    def service(self) -> ErrandService[CalendarSource]:
        """The service itself."""
        return ErrandService("subscriptions", errands_of(self.desk))


def following_at(office: PostOffice, authority: Authority | None = None, **section: object) -> Following:
    """A desk that may look into one's own network."""
    base = office.config.subscriptions
    changed = {"private": True, "ports": (), "answer_timeout": 5, **section}
    config = replace(office.config, subscriptions=base.model_copy(update=changed))
    desk = desk_of(office.parts, ServiceSetup("subscriptions", config.services["subscriptions"], config))
    context = desk.asking.context
    if authority is not None:
        context = ssl.create_default_context(cafile=str(authority.ca_file))
    desk.asking = replace(desk.asking, dns=cast(Any, Names()), context=context)
    return Following(office, desk)


async def filled(house: Any, name: str = "alice", path: str = "Far") -> Folder:
    """A calendar of somebody's that is filled from elsewhere, with one event in it (`far`), and shared with all."""
    octets = calendar(event("far", "DTSTAMP:20261001T000000Z", "PRIORITY:1")).replace(
        b"METHOD:PUBLISH\r\n", b"PRODID:x\r\n"
    )
    new = (await read_item(octets, house.blobs, "far.ics"))[1]

    def work(tx: WriteTx) -> Folder:
        folder = tx.add_folder(tx.account(f"{name}@example.test").id, path, Kind.CALENDAR)
        tx.put_calendar_source(CalendarSource(folder.id, folder.owner, f"https://{HOST}/a.ics"))
        held = tx.claim_calendar_source(folder.id, now_micros() + int(LEASE * 1_000_000))
        assert held is not None
        tx.feed_calendar(held, [new], [])
        tx.settle_calendar_source(replace(held, done=now_micros(), due=1 << 60, digest="x"))
        tx.grant(folder.id, "everyone", LEVELS["master"])
        return tx.folder(folder.id)

    return cast(Folder, await house.store.write(fetching.WHO, work))
