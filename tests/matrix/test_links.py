"""The rights matrix of links: every right by itself and with others, what a link shows, and what it lets one do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from groupware.model.content import parse
from groupware.model.rights import LEVELS, STANDARD, Right, letters
from groupware.store.api import WriteTx
from tests.support.davstand import Client, Stand, dav_stand, event

WORK = "/dav/calendars/alice@example.test/Calendar/"
PUBLIC = "/feed/public/alice@example.test/Calendar"
SOON = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y%m%dT100000Z")
OPEN, PRIVATE = event("open", SOON), event("private", SOON, "CLASS:PRIVATE")
SEES = Right.LOOKUP | Right.READ
CHANGES = {
    "add": Right.INSERT,
    "change": Right.INSERT | Right.TRASH | Right.EXPUNGE,
    "take away": Right.TRASH | Right.EXPUNGE,
}
"""What each kind of file to be published takes, besides reading."""
HELD = [
    *STANDARD,
    Right.FREEBUSY,
    Right.PRIVATE,
    *(SEES | each for each in STANDARD if each != Right.ADMIN),
    SEES | Right.PRIVATE,
    Right.TITLES,
    Right.LOOKUP | Right.TITLES | Right.PRIVATE,
    *(SEES | each for each in CHANGES.values()),
    *(level for level in LEVELS.values() if level and Right.ADMIN not in level),
]


def without_admin(held: Right) -> Right:
    """A link never holds `a`."""
    return held & ~Right.ADMIN


def shown(rights: Right) -> set[str] | None:
    """What is to be seen; None: nothing at all."""
    if Right.LOOKUP in rights and rights & (Right.READ | Right.TITLES):
        return {"open", "private"} if Right.PRIVATE in rights else {"open"}
    return {"busy"} if rights & (Right.FREEBUSY | Right.TITLES | Right.READ) else None


async def seen(stand: Stand, link: str) -> set[str] | None:
    got = await stand.fetch(link + ".ics" if link == PUBLIC else link)
    if got.status == 404:
        return None
    found = parse(got.body)[0].named("VEVENT")
    return {"busy" if each.text("SUMMARY") == "Busy" else each.text("UID") for each in found}


def file(action: str) -> str:
    """What is published for an action."""
    if action == "take away":
        return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
    if action == "change":
        return OPEN.replace("SUMMARY:Meeting", "SUMMARY:Changed")
    return OPEN.replace("END:VCALENDAR\r\n", "") + event("new", SOON).partition("PRODID:test\r\n")[2]


async def refill(alice: Client) -> None:
    await alice.ask("DELETE", WORK + "new.ics")
    for name in (await alice.props(WORK, "D:getetag", depth=1)).hrefs[1:]:
        await alice.ask("DELETE", name)
    await alice.put(WORK + "open.ics", OPEN)
    await alice.put(WORK + "private.ics", PRIVATE)


async def done(stand: Stand, alice: Client, link: str, action: str) -> bool:
    """Whether a file is taken; when it is not, nothing has changed."""
    await refill(alice)
    before = (await alice.ask("GET", WORK)).body
    got = await stand.fetch(link + ".ics" if link == PUBLIC else link, "PUT", file(action))
    after = (await alice.ask("GET", WORK)).body
    assert (got.status == 200) is (after != before)
    assert b"UID:private" in after
    return got.status == 200


@pytest.mark.parametrize("how", ["link", "anyone", "denied"])
async def test_a_link_shows_and_lets_change_what_its_rights_say(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_pause(_: float) -> None:
        """Who guesses waits; not this test."""

    monkeypatch.setattr("connectors.dav.feeds.asyncio.sleep", no_pause)
    monkeypatch.setattr("groupware.store.sql.links.MOST", 1000)
    async with dav_stand(tmp_path) as stand:
        monkeypatch.setattr("mailcore.server.gate.RuleGate.blocked", lambda *_: 0.0)
        alice = stand.client("alice")
        await refill(alice)
        for held in dict.fromkeys(map(without_admin, HELD)):
            if not held:
                continue
            link = await opened(stand, how, held)
            rights = held & ~Right.READ if how == "denied" else held
            assert await seen(stand, link) == shown(rights), (how, letters(held))
            for action, needs in CHANGES.items() if Right.PRIVATE not in rights else ():
                allowed = (SEES | needs) in rights
                assert await done(stand, alice, link, action) is allowed, (how, letters(held), action)
            await refill(alice)


async def opened(stand: Stand, how: str, held: Right) -> str:
    """A link, or the public path, with these rights; `denied`: `r` is denied to anyone above."""
    if how == "anyone":
        await stand.share("alice", "Calendar", "anyone", letters(held))
        return PUBLIC

    def deny(tx: WriteTx) -> None:
        root = tx.locate(tx.account("alice@example.test").id, "").id
        tx.grant(root, "anyone", Right.NONE, Right.READ)

    if how == "denied":
        await stand.house.write(deny)
    return await stand.publish("alice", "Calendar", letters(held))
