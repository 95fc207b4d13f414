"""The matrix of lenses: what each right tells of a calendar, in every way that there is to ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from groupware.calendar.blocks import sees_times
from groupware.model.rights import LEVELS, STANDARD, Right, letters
from tests.support.davstand import Client, Said, Stand, dav_stand, event

WORK = "/dav/calendars/alice@example.test/Calendar/"
BOB = "bob@example.test"
DAY = datetime.now(UTC) + timedelta(days=3)
SOON, NEXT = f"{DAY:%Y%m%d}T100000Z", f"{DAY:%Y%m%d}T120000Z"
OPEN = event("open", SOON, "LOCATION:Attic", "ATTENDEE:mailto:x@else.test", "RRULE:FREQ=DAILY;COUNT=2", summary="Visit")
HIDDEN = event("private", NEXT, "CLASS:PRIVATE", "LOCATION:Cellar", summary="Doctor")
WORDS = ("Visit", "Attic", "x@else.test", "Doctor", "Cellar")
WHOLE, TITLES = {"Visit", "Attic", "x@else.test"}, {"Visit"}
PRIVATE, PRIVATE_TITLES = {"Doctor", "Cellar"}, {"Doctor"}
LEVEL = frozenset(LEVELS.values())
HELD = [
    *LEVEL,
    *(Right.LOOKUP | each for each in (Right.FREEBUSY, Right.TITLES, Right.READ, Right.PRIVATE)),
    Right.TITLES,
    Right.TITLES | Right.PRIVATE | Right.LOOKUP,
    Right.READ | Right.TITLES | Right.LOOKUP,
    Right.READ | Right.PRIVATE | Right.LOOKUP,
    STANDARD & ~Right.READ,
    STANDARD & ~Right.READ | Right.TITLES,
]


def told(rights: Right) -> set[str] | None:
    """The words that somebody with these rights may find; None: objects are not to be had at all.

    Who knows when the calendar takes time, and no more, has an event for each such time, which says nothing.
    """
    if sees_times(rights):
        return set()
    if Right.LOOKUP not in rights or not rights & (Right.READ | Right.TITLES):
        return None
    whole = Right.READ in rights
    found = WHOLE if whole else TITLES
    return found | ((PRIVATE if whole else PRIVATE_TITLES) if Right.PRIVATE in rights else set())


def words(said: Said) -> set[str] | None:
    if said.status in (403, 404):
        return None
    text = said.body.decode().replace("\r\n ", "").replace("&#13;\n ", "")
    return {word for word in WORDS if word in text}


async def all_ways(client: Client) -> Mapping[str, set[str] | None]:
    """What is found in each way to ask for the objects."""
    data = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
    hrefs = "".join(f"<D:href>{WORK}{name}.ics</D:href>" for name in ("open", "private"))
    expand = f"<C:calendar-data><C:expand start='{SOON}' end='{DAY:%Y}1231T000000Z'/></C:calendar-data>"
    asked = {
        "multiget": await client.report(WORK, "C:calendar-multiget", data + hrefs),
        "query": await client.query(WORK, "<C:comp-filter name='VEVENT'/>"),
        "expand": await client.query(WORK, "<C:comp-filter name='VEVENT'/>", expand),
        "sync": await client.report(WORK, "D:sync-collection", f"<D:sync-token/><D:sync-level>1</D:sync-level>{data}"),
        "whole": await client.ask("GET", WORK),
    }
    return {way: words(said) for way, said in asked.items()}


async def one_by_one(client: Client) -> set[str] | None:
    got = [words(await client.ask("GET", f"{WORK}{name}.ics")) for name in ("open", "private")]
    return None if got == [None, None] else {word for each in got if each is not None for word in each}


async def matched(client: Client, prop: str, text: str) -> list[str] | None:
    """What a search for a text finds."""
    look = f"<C:prop-filter name='{prop}'><C:text-match>{text}</C:text-match></C:prop-filter>"
    said = await client.query(WORK, f"<C:comp-filter name='VEVENT'>{look}</C:comp-filter>")
    return said.hrefs if said.status == 207 else None


@pytest.fixture
async def filled(tmp_path: Path):  # type: ignore[no-untyped-def]
    async with dav_stand(tmp_path) as stand:
        alice = stand.client("alice")
        assert (await alice.put(WORK + "open.ics", OPEN)).status == 201
        assert (await alice.put(WORK + "private.ics", HIDDEN)).status == 201
        yield stand


async def test_each_right_tells_the_same_in_every_way(filled: Stand) -> None:
    bob = filled.client("bob")
    for held in dict.fromkeys(HELD):
        await filled.share("alice", "Calendar", BOB, letters(held))
        wanted = told(held)
        for way, found in {**await all_ways(bob), "get": await one_by_one(bob)}.items():
            named = way == "get" and sees_times(held)  # by the names of the true ones, which are not there
            assert found == (None if named else wanted), (letters(held), way)


async def test_a_search_finds_nothing_by_what_is_not_told(filled: Stand) -> None:
    bob = filled.client("bob")
    for held in dict.fromkeys(HELD):
        await filled.share("alice", "Calendar", BOB, letters(held))
        wanted = told(held)
        for prop, text in (("SUMMARY", "Visit"), ("LOCATION", "Attic"), ("ATTENDEE", "x@else.test")):
            found = await matched(bob, prop, text)
            expected = None if wanted is None else [WORK + "open.ics"] if text in wanted else []
            assert found == expected, (letters(held), prop)


async def test_links_tell_what_their_rights_tell(filled: Stand) -> None:
    for held in dict.fromkeys(each for each in HELD if each and Right.ADMIN not in each):
        got = await filled.fetch(await filled.publish("alice", "Calendar", letters(held)))
        wanted = told(held)
        if wanted is None:
            assert words(got) in (None, set()), letters(held)
        else:
            assert words(got) == wanted, letters(held)


async def test_who_knows_titles_knows_when_somebody_is_busy(filled: Stand) -> None:
    bob = filled.client("bob")
    for held, knows in (("l", False), ("l9", True), ("l8", True), ("lr", True)):
        await filled.share("alice", "Calendar", BOB, held)
        range_ = f"<C:time-range start='{SOON}' end='{DAY:%Y}1231T000000Z'/>"
        said = await bob.report(WORK, "C:free-busy-query", range_)
        assert (said.status == 200 and NEXT.encode() in said.body) is knows, held
