"""The rights matrix over CalDAV: every right by itself, what it lets one do, and what not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.matrix.grantees import WAYS, sharing
from tests.matrix.trial import held_in, try_all
from tests.protocol.dav.test_attachments import urls
from tests.protocol.dav.test_push import registration
from tests.support.davstand import Client, Said, dav_stand, event

WORK = "/dav/calendars/alice@example.test/Calendar/"


async def attach(client: Client) -> Said:
    """Attaches a file to the event."""
    return await client.ask("POST", WORK + "a.ics?action=attachment-add", b"x", content_type="text/plain")


class Scene:
    """Alice's calendar with an event in it."""

    def __init__(self, alice: Client, bob: Client) -> None:
        self.alice, self.bob = alice, bob
        self.there = False

    async def made(self) -> None:
        assert (await self.alice.put(WORK + "a.ics", event("1"))).status in (201, 204)
        self.there = True

    async def cleared(self) -> None:
        await self.alice.ask("DELETE", WORK + "new.ics")
        self.there = False

    async def listed(self) -> bool:
        said = await self.bob.props(WORK, "D:getetag", depth=1)
        return said.status == 207 and WORK + "a.ics" in said.hrefs

    async def got(self) -> bool:
        return (await self.bob.ask("GET", WORK + "a.ics")).status == 200

    async def synced(self) -> bool:
        return (await self.bob.sync(WORK)).status == 207

    async def put(self) -> bool:
        return (await self.bob.put(WORK + "new.ics", event("new"))).status == 201

    async def changed(self) -> bool:
        return (await self.bob.put(WORK + "a.ics", event("1", summary="Changed"))).status == 204

    async def deleted(self) -> bool:
        return (await self.bob.ask("DELETE", WORK + "a.ics")).status == 204

    async def attached(self) -> bool:
        return (await attach(self.bob)).status == 201

    async def fetched(self) -> bool:
        """What Alice has attached."""
        await attach(self.alice)
        self.there = False
        [url] = urls((await self.alice.ask("GET", WORK + "a.ics")).body.decode().replace("\r\n ", ""))
        return (await self.bob.ask("GET", url)).status == 200

    async def told(self) -> bool:
        body = registration("https://push.example.test/")
        return (await self.bob.ask("POST", WORK, body, content_type="application/xml")).status == 204

    async def shared(self) -> bool:
        body = "<D:acl xmlns:D='DAV:'><D:ace><D:principal><D:all/></D:principal><D:grant/></D:ace></D:acl>"
        return (await self.bob.ask("ACL", WORK, body)).status == 200

    async def looked_up(self) -> bool:
        return (await self.bob.props(WORK, "D:displayname")).status == 207


ACTIONS: dict[str, tuple[str, Callable[[Scene], Awaitable[bool]]]] = {
    "list": ("lr", Scene.listed),
    "get": ("lr", Scene.got),
    "sync": ("lr", Scene.synced),
    "put": ("li", Scene.put),
    "change": ("lrite", Scene.changed),
    "delete": ("lrte", Scene.deleted),
    "attach": ("lrite", Scene.attached),
    "fetch what is attached": ("lr", Scene.fetched),
    "be told": ("lr", Scene.told),
    "share": ("la", Scene.shared),
    "look up": ("l", Scene.looked_up),
}
"""What is done, and the rights that it takes."""
READING = ("list", "get", "sync", "be told", "look up")
"""What leaves everything as it is."""


@pytest.mark.parametrize("how", WAYS)
async def test_each_action_takes_the_rights_that_the_store_asks_for(tmp_path: Path, how: str) -> None:
    async with dav_stand(tmp_path) as stand:
        shared = await sharing(stand.house, how, "Calendar")
        await try_all(
            Scene(stand.client("alice"), stand.client("bob")), shared, held_in(how, ACTIONS), ACTIONS, READING
        )
