"""A room is booked within its hours: by what it says of itself, or by what is in its calendar. RFC 7953."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from groupware.calendar.hours import weekly
from groupware.model.annotation import AVAILABILITY
from groupware.model.errors import Malformed
from groupware.store.api import WriteTx
from tests.protocol.dav.test_scheduling import ALICE, invites, room, the_one
from tests.support.davstand import Client, Stand, event

Hours = Callable[[Stand, bytes], object]


async def beside(stand: Stand, octets: bytes) -> None:
    """The room's own availability."""
    who = await stand.house.read(lambda tx: tx.identity(tx.account("room@example.test").id))

    def work(tx: WriteTx) -> None:
        tx.annotate(tx.schedule_inbox(), {AVAILABILITY: octets})

    await stand.house.write(work, who)


async def in_calendar(stand: Stand, octets: bytes) -> None:
    """An object in its calendar, put there by who looks after it."""
    await stand.share("room", "Calendar", "carol@example.test", "lrswipte")
    said = await stand.client("carol").put("/dav/calendars/room@example.test/Calendar/hours.ics", octets)
    assert said.status == 201


async def asks(client: Client, start: str, end: str, *lines: str) -> str:
    await client.put(ALICE + "m.ics", event("m", start, *invites("room"), *lines, end=end))
    return next(line for line in (await the_one(client, ALICE))[1].split("\r\n") if "room@" in line)


async def words(stand: Stand) -> str:
    at = "alice@example.test"
    lines = await stand.house.read(lambda tx: tx.timeline(tx.locate(tx.account(at).id, "Calendar").id, "m"))
    return " ".join(each.text for each in lines)


@pytest.mark.parametrize("where", [beside, in_calendar])
@pytest.mark.parametrize(
    ("start", "end", "answer"),
    [
        ("20261201T080000Z", "20261201T090000Z", "ACCEPTED"),
        ("20261201T163000Z", "20261201T170000Z", "ACCEPTED"),
        ("20261201T163000Z", "20261201T173000Z", "DECLINED"),
        ("20261205T100000Z", "20261205T110000Z", "DECLINED"),
    ],
)
async def test_outside_of_its_hours_it_declines(
    stand: Stand, alice: Client, where: Hours, start: str, end: str, answer: str
) -> None:
    await room(stand)
    await where(stand, weekly("Mon-Fri 09:00-18:00", "Europe/Berlin"))  # type: ignore[misc]
    assert f"PARTSTAT={answer}" in await asks(alice, start, end)


async def test_it_names_when_it_is_closed_and_free_times_within_its_hours(stand: Stand, alice: Client) -> None:
    await room(stand, resourceBufferBefore=15, resourceBufferAfter=15)
    await beside(stand, weekly("Mon-Fri 09:00-18:00", "Europe/Berlin"))
    await asks(alice, "20261204T163000Z", "20261204T173000Z")
    said = await words(stand)
    assert "closed from 2026-12-04 17:00 to 2026-12-07 08:00 (UTC)" in said
    assert "free 2026-12-07 08:00 to 09:00; 2026-12-07 09:00 to 10:00" in said


async def test_a_set_that_leaves_the_hours_once_is_declined(stand: Stand, alice: Client) -> None:
    await room(stand)
    await beside(stand, weekly("Mon-Thu 09:00-18:00", "Europe/Berlin"))
    assert "DECLINED" in await asks(alice, "20261201T100000Z", "20261201T110000Z", "RRULE:FREQ=DAILY;COUNT=4")


async def test_a_room_that_may_be_booked_twice_keeps_its_hours(stand: Stand, alice: Client) -> None:
    await room(stand, resourceConflicts=True)
    await beside(stand, weekly("Mon-Fri 09:00-18:00", "Europe/Berlin"))
    assert "DECLINED" in await asks(alice, "20261205T100000Z", "20261205T110000Z")


@pytest.mark.parametrize(
    ("text", "zone"),
    [("", "UTC"), ("Mon", "UTC"), ("Xyz 08:00-09:00", "UTC"), ("Mon 09:00-08:00", "UTC"), ("Mon 08:00-24:30", "UTC"),
     ("Mon 08:70-09:00", "UTC"), ("Mon 08:00-09:00", "Mars/Base")],
)  # fmt: skip
def test_hours_that_are_none_are_refused(text: str, zone: str) -> None:
    with pytest.raises(Malformed):
        weekly(text, zone)
