"""A reconnect storm: devices come at once to a server just started, while somebody works by IMAP and on the web.

`python -m tests.support.eas.storm [DEVICES]`; two devices to an account. It prints what docs/performance.md tells.
"""

from __future__ import annotations

import asyncio
import base64
import imaplib
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.support.eas import measure
from tests.support.eas.measure import UNLIMITED, resident, say, ticks
from tests.support.eas.wire import write
from tests.support.server import PASSWORD, Person, RunningServer, running


async def device(port: int, token: str, name: str) -> float:
    """A device that signs in, asks for its folders and syncs INBOX; the moment at which it is done."""
    ask = write(("FolderHierarchy:FolderSync", ("FolderHierarchy:SyncKey", "0")))
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(measure._request("FolderSync", name, token, ask))
        line = await reader.readline()
        writer.close()
        if b" 200 " in line:
            return time.perf_counter()
        assert b" 503 " in line, line
        await asyncio.sleep(0.5)


def imap(port: int, who: Person, found: list[float], stop: list[bool]) -> None:
    """Asks INBOX for its state again and again."""
    client = imaplib.IMAP4("127.0.0.1", port)
    client.login(who.address, who.password)
    while not stop:
        begun = time.perf_counter()
        client.select("INBOX")
        client.fetch("1:10", "(FLAGS ENVELOPE)")
        found.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.05)
    client.logout()


def web(port: int, who: Person, found: list[float], stop: list[bool]) -> None:
    """Asks JMAP for its session again and again."""
    said = base64.b64encode(f"{who.address}:{PASSWORD}".encode()).decode()
    while not stop:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/jmap/session", headers={"Authorization": f"Basic {said}"}
        )
        begun = time.perf_counter()
        with urllib.request.urlopen(request, timeout=120) as got:
            got.read()
        found.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.05)


def told(name: str, found: list[float]) -> None:
    """The median and the worst."""
    if found:
        late, middle = sorted(found)[int(len(found) * 0.99)], statistics.median(found)
        say(f"{name}: {len(found)} times, median {middle:.1f} ms, 99 % {late:.1f} ms, worst {max(found):.1f} ms")


async def storm(server: RunningServer, devices: int) -> None:
    """All at once."""
    people = [await asyncio.to_thread(server.account, f"storm{number}") for number in range(devices // 2)]
    worker = await asyncio.to_thread(server.account, "worker")
    await asyncio.to_thread(measure.fill, server, worker, "INBOX", 1000)
    quiet: list[list[float]] = [[], []]
    busy: list[list[float]] = [[], []]
    stop: list[bool] = []
    for rows in (quiet, busy):
        stop = []
        watches = [
            asyncio.create_task(asyncio.to_thread(imap, server.port("imap"), worker, rows[0], stop)),
            asyncio.create_task(asyncio.to_thread(web, server.port("http"), worker, rows[1], stop)),
        ]
        await asyncio.sleep(3)
        if rows is busy:
            tokens = [base64.b64encode(f"{each.address}:{PASSWORD}".encode()).decode() for each in people]
            begun, spent = time.perf_counter(), ticks(server.process.pid)
            port = server.port("http")
            done = await asyncio.gather(*(device(port, tokens[at % len(tokens)], f"D{at}") for at in range(devices)))
            took = [each - begun for each in done]
            used = (ticks(server.process.pid) - spent) / 100
            say(
                f"{devices} devices of {len(people)} accounts: half after {statistics.median(took):.1f} s, all after"
                f" {max(took):.1f} s; {used:.1f} s of processor time, {resident(server.process.pid) / 1024:.0f} MB"
            )
        stop.append(True)
        await asyncio.gather(*watches)
    for name, rows in (("before", quiet), ("meanwhile", busy)):
        told(f"IMAP {name}", rows[0])
        told(f"JMAP {name}", rows[1])


def main(devices: int) -> None:
    """The same over a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        (data / "postroom.toml").write_text(UNLIMITED)
        with running(data) as server:
            asyncio.run(storm(server, devices))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
