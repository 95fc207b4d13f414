"""How quick ActiveSync is, asked of a real server over HTTP: `python -m tests.support.eas.measure [PINGS]`.

It prints what docs/performance.md tells: each figure is the median of several requests, in milliseconds.
"""

from __future__ import annotations

import asyncio
import base64
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from groupware.mime.item import Marks, read_item
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import ranges
from groupware.model.item import NewItem
from groupware.store.api import WriteTx
from tests.support.eas.stand import PATH, Phone
from tests.support.eas.wire import read, write
from tests.support.server import PASSWORD, Person, RunningServer, running

BODY = "The words of a message, as people write them to each other.\r\n" * 30
PREFERENCE = ("AirSyncBase:BodyPreference", ("AirSyncBase:Type", 1), ("AirSyncBase:TruncationSize", 500))
UNLIMITED = """[[listener]]
name = "http"
max_connections = 100000
max_interval_connections = 0
peer_max_connections = 100000
peer_max_interval_connections = 0
"""
OF_EACH = 100
"""Devices of one account that wait."""


def say(text: str) -> None:
    """One line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fill(server: RunningServer, who: Person, path: str, many: int) -> None:
    """Puts so many messages into a folder."""
    for at in range(0, many, 500):
        items = []
        for number in range(at, min(at + 500, many)):
            head = (
                f"From: ann@far.test\r\nTo: {who.address}\r\nSubject: Number {number}\r\nMessage-ID: <{number}@x>\r\n"
            )
            items.append(server.site.run(read_item((head + "\r\n" + BODY).encode(), server.site.blobs, Marks())))

        def work(tx: WriteTx, items: list = items) -> None:  # type: ignore[type-arg]
            tx.append(tx.locate(tx.account(who.address).id, path).id, items)

        server.write(work)


async def median(work: Callable[[], Awaitable[object]], times: int = 7) -> float:
    """Milliseconds."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        await work()
        found.append((time.perf_counter() - begun) * 1000)
    return statistics.median(found)


async def syncing(server: RunningServer, http: httpx.AsyncClient) -> None:
    """FolderSync, a first Sync, and Sync after ten changes in folders of several sizes."""
    who = await asyncio.to_thread(server.account, "sync")
    for number in range(190):
        await asyncio.to_thread(server.folder, who, f"Folder {number}")
    phone = Phone(http, who.address.partition("@")[0], password=PASSWORD)
    phone.domain = server.domain

    async def anew() -> None:
        await phone.post("FolderSync", write(("FolderHierarchy:FolderSync", ("FolderHierarchy:SyncKey", "0"))))

    say(f"FolderSync of 200 folders: {await median(anew):.1f} ms")
    await phone.folder_sync()
    say(f"FolderSync with nothing new: {await median(phone.folder_sync):.1f} ms")
    for many in (1_000, 10_000, 50_000):
        await asyncio.to_thread(server.folder, who, f"Mail {many}")
        await asyncio.to_thread(fill, server, who, f"Mail {many}", many)
        await phone.folder_sync()
        at = await phone.at(f"Mail {many}")
        first, after = [], []
        for _ in range(5):
            phone.keys.pop(at, None)
            phone.there.pop(at, None)
            await phone.sync(at, options=(PREFERENCE,))
            begun = time.perf_counter()
            got = await phone.sync_as_sent(at, window=512)
            first.append((time.perf_counter() - begun) * 1000)
            phone.take(at, got)
        while (await phone.sync(at, window=512)).find("MoreAvailable") is not None:
            pass
        for turn in range(7):

            def work(tx: WriteTx, many: int = many, turn: int = turn) -> None:
                folder = tx.locate(tx.account(who.address).id, f"Mail {many}")
                change = FlagChange(add=Flags.FLAGGED) if turn % 2 == 0 else FlagChange(remove=Flags.FLAGGED)
                tx.update_flags(folder.id, ranges(range(1, 11)), change)

            await asyncio.to_thread(server.write, work)
            begun = time.perf_counter()
            said = await phone.sync(at)
            after.append((time.perf_counter() - begun) * 1000)
            assert len(said.every("Commands/Change")) == 10
        nothing = await median(lambda at=at: phone.sync_as_sent(at))  # type: ignore[misc]
        say(
            f"{many} messages: first Sync of 512 {statistics.median(first):.1f} ms,"
            f" after 10 changes {statistics.median(after):.1f} ms, with nothing new {nothing:.1f} ms"
        )


async def waiting(server: RunningServer, many: int) -> None:
    """So many Pings at once: what each takes of memory, what they take of a core, how soon one is told."""
    people = [await asyncio.to_thread(server.account, f"ping{n}") for n in range(-(-many // OF_EACH) + 1)]
    tokens = [base64.b64encode(f"{each.address}:{PASSWORD}".encode()).decode() for each in people]
    pid, port = server.process.pid, server.port("http")
    base = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60)
    inboxes = []
    for person in people:
        phone = Phone(base, person.address.partition("@")[0], password=PASSWORD)
        phone.domain = server.domain
        inboxes.append(await phone.at("INBOX"))
    await base.aclose()
    before, spent = resident(pid), ticks(pid)
    await asyncio.sleep(20)
    idle = _share(pid, spent, 20)
    streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    begun = time.perf_counter()
    for number in range(many):
        who = number % (len(people) - 1)
        streams.append(await _asked(port, tokens[who], f"D{number}", inboxes[who]))
    say(f"{many} devices have asked within {time.perf_counter() - begun:.0f} s")
    await asyncio.sleep(10)
    after, spent = resident(pid), ticks(pid)
    await asyncio.sleep(20)
    busy = _share(pid, spent, 20)
    say(f"each takes {(after - before) / many:.1f} KB; {busy:.2f} % of a core, {idle:.2f} % before")
    delays = [await _told(port, tokens[-1], inboxes[-1], f"W{number}") for number in range(5)]
    say(f"a device is told {statistics.median(delays):.1f} ms after another one asked for the change")
    for _, writer in streams:
        writer.close()


def _share(pid: int, spent: int, seconds: float) -> float:
    """Of a core, in percent."""
    return 100 * (ticks(pid) - spent) / os.sysconf("SC_CLK_TCK") / seconds


async def _told(port: int, token: str, at: str, device: str) -> float:
    """Milliseconds from a change that one device sends to the answer of another that waits for it."""
    reader, writer = await _asked(port, token, device, at)
    other, sends = await asyncio.open_connection("127.0.0.1", port)
    key = "0"
    for _ in range(3):
        key = await _synced(other, sends, token, at, key)
    data = ("AirSync:ApplicationData", ("Email:Subject", device))
    add = ("AirSync:Commands", ("AirSync:Add", ("AirSync:ClientId", "1"), data))
    inside = ("AirSync:SyncKey", key), ("AirSync:CollectionId", at), add
    await asyncio.sleep(0.5)
    begun = time.perf_counter()
    tree = ("AirSync:Sync", ("AirSync:Collections", ("AirSync:Collection", *inside)))
    sends.write(_request("Sync", "OTHER", token, write(tree)))
    assert b" 200 " in await asyncio.wait_for(reader.readline(), 30)
    found = (time.perf_counter() - begun) * 1000
    for each in (writer, sends):
        each.close()
    return found


async def _synced(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str, at: str, key: str) -> str:
    inside = ("AirSync:SyncKey", key), ("AirSync:CollectionId", at)
    tree = ("AirSync:Sync", ("AirSync:Collections", ("AirSync:Collection", *inside)))
    writer.write(_request("Sync", "OTHER", token, write(tree)))
    octets = await _answer(reader)
    return (read(octets).get("Collections/Collection/SyncKey") or key) if octets else key


async def _asked(port: int, token: str, device: str, at: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection with a Ping on it, of a device that has synced an empty INBOX."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = "0"
    for _ in range(3):
        inside = ("AirSync:SyncKey", key), ("AirSync:CollectionId", at)
        tree = ("AirSync:Sync", ("AirSync:Collections", ("AirSync:Collection", *inside)))
        writer.write(_request("Sync", device, token, write(tree)))
        octets = await _answer(reader)
        if octets:
            key = read(octets).get("Collections/Collection/SyncKey") or key
    folders = ("Ping:Folders", ("Ping:Folder", ("Ping:Id", at), ("Ping:Class", "Email")))
    writer.write(_request("Ping", device, token, write(("Ping:Ping", ("Ping:HeartbeatInterval", 3000), folders))))
    await writer.drain()
    return reader, writer


def _request(command: str, device: str, token: str, body: bytes) -> bytes:
    head = [
        f"POST {PATH}?Cmd={command}&User=x&DeviceId={device}&DeviceType=Test HTTP/1.1",
        "Host: mail.example.test",
        f"Authorization: Basic {token}",
        "MS-ASProtocolVersion: 16.1",
        "Content-Type: application/vnd.ms-sync.wbxml",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


async def _answer(reader: asyncio.StreamReader) -> bytes:
    length = 0
    assert b" 200 " in (line := await reader.readline()), line
    while (line := await reader.readline()) not in (b"\r\n", b""):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return await reader.readexactly(length) if length else b""


def resident(pid: int) -> int:
    """KB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def ticks(pid: int) -> int:
    """Of processor time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _letter(server: RunningServer) -> NewItem:
    return server.site.run(read_item(b"Subject: x\r\n\r\nx", server.site.blobs, Marks()))


async def measured(server: RunningServer, pings: int) -> None:
    """Measures everything."""
    await waiting(server, pings)  # first: what a large sync leaves to the allocator is no Ping's
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port('http')}", timeout=120) as http:
        await syncing(server, http)


def main(pings: int) -> None:
    """The same over a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        (data / "postroom.toml").write_text(UNLIMITED)
        with running(data) as server:
            asyncio.run(measured(server, pings))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
