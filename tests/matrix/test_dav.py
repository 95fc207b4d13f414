"""The rights matrix over CalDAV: every right by itself, what it lets one do, and what not."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.model.rights import STANDARD, Right, letters
from tests.matrix.grantees import WAYS, deny, grantee
from tests.protocol.dav.test_attachments import urls
from tests.protocol.dav.test_push import registration
from tests.support.davstand import Client, Said, dav_stand, event

WORK = "/dav/calendars/alice@example.test/Calendar/"
NEEDS = {
    "list": Right.LOOKUP | Right.READ,
    "get": Right.LOOKUP | Right.READ,
    "sync": Right.LOOKUP | Right.READ,
    "put": Right.LOOKUP | Right.INSERT,
    "change": Right.LOOKUP | Right.READ | Right.INSERT | Right.TRASH | Right.EXPUNGE,
    "delete": Right.LOOKUP | Right.READ | Right.TRASH | Right.EXPUNGE,
    "attach": Right.LOOKUP | Right.READ | Right.INSERT | Right.TRASH | Right.EXPUNGE,
    "fetch what is attached": Right.LOOKUP | Right.READ,
    "be told": Right.LOOKUP | Right.READ,
    "share": Right.LOOKUP | Right.ADMIN,
    "look up": Right.LOOKUP,
}
"""What each request takes."""
HELD = [
    Right.NONE,
    *STANDARD,
    *(Right.LOOKUP | each for each in STANDARD),
    *NEEDS.values(),
    STANDARD,
    *(STANDARD & ~each for each in STANDARD),
]


async def attach(client: Client) -> Said:
    """Attaches a file to the event."""
    return await client.ask("POST", WORK + "a.ics?action=attachment-add", b"x", content_type="text/plain")


async def done(bob: Client, alice: Client, action: str) -> bool:
    """Whether somebody gets an action through."""
    if action == "list":
        said = await bob.props(WORK, "D:getetag", depth=1)
        return said.status == 207 and WORK + "a.ics" in said.hrefs
    if action == "sync":
        return (await bob.sync(WORK)).status == 207
    if action == "look up":
        return (await bob.props(WORK, "D:displayname")).status == 207
    if action == "share":
        body = "<D:acl xmlns:D='DAV:'><D:ace><D:principal><D:all/></D:principal><D:grant/></D:ace></D:acl>"
        return (await bob.ask("ACL", WORK, body)).status == 200
    if action == "be told":
        said = await bob.ask("POST", WORK, registration("https://push.example.test/"), content_type="application/xml")
        return said.status == 204
    if action == "put":
        return (await bob.put(WORK + "new.ics", event("new"))).status == 201
    await alice.put(WORK + "a.ics", event("1"))
    if action == "get":
        return (await bob.ask("GET", WORK + "a.ics")).status == 200
    if action == "attach":
        return (await attach(bob)).status == 201
    if action == "fetch what is attached":
        await attach(alice)
        [url] = urls((await alice.ask("GET", WORK + "a.ics")).body.decode().replace("\r\n ", ""))
        return (await bob.ask("GET", url)).status == 200
    if action == "change":
        return (await bob.put(WORK + "a.ics", event("1", summary="Changed"))).status == 204
    return (await bob.ask("DELETE", WORK + "a.ics")).status == 204


@pytest.mark.parametrize("how", WAYS)
async def test_each_action_takes_the_rights_that_the_store_asks_for(tmp_path: Path, how: str) -> None:
    async with dav_stand(tmp_path) as stand:
        alice, bob = stand.client("alice"), stand.client("bob")
        whom = await grantee(stand.house, how)
        for held in dict.fromkeys(HELD):
            for action, needs in NEEDS.items():
                await alice.put(WORK + "a.ics", event("1"))
                await stand.share("alice", "Calendar", whom, letters(held))
                if how == "denied above":
                    await deny(stand.house, whom, Right.READ)
                allowed = held & ~Right.READ if how == "denied above" else held
                got = await done(bob, alice, action)
                await stand.share("alice", "Calendar", whom, "")
                await alice.ask("DELETE", WORK + "new.ics")
                assert got is (needs in allowed), (how, letters(held), action)
