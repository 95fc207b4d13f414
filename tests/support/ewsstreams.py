"""What streams of events of EWS take while they wait: `python -m tests.support.ewsstreams [STREAMS]`."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import tempfile
from pathlib import Path

import httpx

from connectors.ews.wire import MESSAGES, SOAP, TYPES
from tests.support.eas.measure import UNLIMITED, resident, say, ticks
from tests.support.server import PASSWORD, RunningServer, running

OF_EACH = 100
"""Streams of one account."""
SUBSCRIBE = (
    '<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds>'
    "<t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>"
)
LISTEN = (
    "<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>{}</t:SubscriptionId></m:SubscriptionIds>"
    "<m:ConnectionTimeout>30</m:ConnectionTimeout></m:GetStreamingEvents>"
)


def envelope(inside: str) -> bytes:
    """A request."""
    spaces = f'xmlns:s="{SOAP}" xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"'
    return f"<s:Envelope {spaces}><s:Body>{inside}</s:Body></s:Envelope>".encode()


async def listening(port: int, token: str, subscription: str) -> asyncio.StreamWriter:
    """A connection whose stream has begun."""
    body = envelope(LISTEN.format(subscription))
    head = (
        "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"
        f"Authorization: Basic {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + body)
    line = await reader.readline()
    assert b" 200 " in line, line
    await reader.readuntil(b"NoError")
    return writer


async def measured(server: RunningServer, streams: int) -> None:
    """Opens them, and looks at what the server has taken."""
    people = [await asyncio.to_thread(server.account) for _ in range(-(-streams // OF_EACH))]
    port, pid = server.port("http"), server.process.pid
    who: list[tuple[str, str]] = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        for each in people:
            token = base64.b64encode(f"{each.address}:{PASSWORD}".encode()).decode()
            got = await http.post("/EWS/Exchange.asmx", content=envelope(SUBSCRIBE), auth=(each.address, PASSWORD))
            who.append((token, got.text.partition("SubscriptionId>")[2].partition("<")[0]))
    before = resident(pid)
    held = [await listening(port, *who[at % len(who)]) for at in range(streams)]
    await asyncio.sleep(10)
    after, spent = resident(pid), ticks(pid)
    await asyncio.sleep(20)
    busy = 100 * (ticks(pid) - spent) / os.sysconf("SC_CLK_TCK") / 20
    say(f"{streams} streams: {(after - before) / streams:.1f} KB each, {busy:.2f} % of a core")
    for writer in held:
        writer.close()


def main(streams: int) -> None:
    """The same over a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        (data / "postroom.toml").write_text(UNLIMITED)
        with running(data) as server:
            asyncio.run(measured(server, streams))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
