"""Filters on states, people, alarms and times of tasks are answered by what is kept beside the objects."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from groupware.model.errors import NotFound, TryAgain
from groupware.store import SqlBlobs
from groupware.store.api import WriteTx
from mailcore.server.kept_facts import fill
from tests.protocol.dav.test_reports import TASKS, WORK, between, names
from tests.support.davstand import Client, Stand, event

BOB = "bob@example.test"
TAGS = "<D:getetag/>"
MATCH = '<C:prop-filter name="{}"><C:text-match>{}</C:text-match></C:prop-filter>'
ABSENT = '<C:prop-filter name="{}"><C:is-not-defined/></C:prop-filter>'
SAYS = (
    '<C:prop-filter name="ATTENDEE"><C:text-match>bob@</C:text-match>'
    '<C:param-filter name="PARTSTAT"><C:text-match>DECLINED</C:text-match></C:param-filter></C:prop-filter>'
)
CHRISTMAS_EVE = '<C:time-range start="20261224T000000Z" end="20261225T000000Z"/>'
ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:x", "END:VALARM")


def task(uid: str, *lines: str) -> str:
    return event(uid, "20261201T090000Z", *lines).replace("VEVENT", "VTODO")


def forget(tx: WriteTx) -> None:
    """All objects are as they were before there were facts."""
    tx.sql.change(text("UPDATE object_key SET facts = NULL"), {})  # type: ignore[attr-defined]


def comp(kind: str, inside: str) -> str:
    return f'<C:comp-filter name="{kind}">{inside}</C:comp-filter>'


@pytest.fixture
async def read(stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read of octets from now on; calendars that have something in them."""
    await alice.put(TASKS + "done.ics", task("done", "STATUS:COMPLETED", "COMPLETED:20261205T100000Z"))
    await alice.put(TASKS + "half.ics", task("half", "STATUS:IN-PROCESS", "PERCENT-COMPLETE:50", "CATEGORIES:Home,Ü"))
    await alice.put(TASKS + "due.ics", task("due", "DUE:20261224T100000Z"))
    people = "ORGANIZER:mailto:boss@far.test", f"ATTENDEE;PARTSTAT=DECLINED:mailto:{BOB}"
    await alice.put(WORK + "plain.ics", event("plain", "20261201T100000Z", end="20261201T110000Z"))
    await alice.put(WORK + "people.ics", event("people", "20261202T100000Z", *people, "TRANSP:TRANSPARENT"))
    await alice.put(WORK + "rings.ics", event("rings", "20261203T100000Z", "RRULE:FREQ=DAILY;COUNT=3", *ALARM))
    return blobs_read(monkeypatch)


def blobs_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The octets that are read from now on."""
    found: list[str] = []
    plain = SqlBlobs.read_many

    async def read_many(self: SqlBlobs, blobs: Sequence[str]) -> object:
        found.extend(blobs)
        return await plain(self, blobs)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlBlobs, "read_many", read_many)
    return found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (comp("VTODO", ABSENT.format("COMPLETED")), ["due.ics", "half.ics"]),
        (comp("VTODO", MATCH.format("STATUS", "completed")), ["done.ics"]),
        (comp("VTODO", MATCH.format("PERCENT-COMPLETE", "50")), ["half.ics"]),
        (comp("VTODO", MATCH.format("CATEGORIES", "Ü")), ["half.ics"]),
        (comp("VTODO", MATCH.format("UID", "due")), ["due.ics"]),
        (comp("VTODO", f'<C:prop-filter name="DUE">{CHRISTMAS_EVE}</C:prop-filter>'), ["due.ics"]),
        (comp("VEVENT", SAYS), ["people.ics"]),
        (comp("VEVENT", MATCH.format("TRANSP", "TRANSPARENT")), ["people.ics"]),
        (comp("VEVENT", comp("VALARM", "<C:is-not-defined/>")), ["people.ics", "plain.ics"]),
        (
            comp("VEVENT", comp("VALARM", '<C:time-range start="20261204T094000Z" end="20261204T095000Z"/>')),
            ["rings.ics"],
        ),
        (between("20261202T000000Z", "20261205T000000Z", ABSENT.format("ATTENDEE")), ["rings.ics"]),
        (comp("VEVENT", "<C:is-not-defined/>"), []),
    ],
)
async def test_a_filter_is_answered_without_the_octets(
    alice: Client, read: list[str], asked: str, found: list[str]
) -> None:
    said = await alice.query(TASKS if "VTODO" in asked else WORK, asked, TAGS)
    assert (sorted(names(said)), read) == (found, [])


async def test_a_filter_that_asks_for_more_reads_them(alice: Client, read: list[str]) -> None:
    said = await alice.query(WORK, comp("VEVENT", ABSENT.format("X-OWN")), TAGS)
    assert (len(names(said)), len(read)) == (3, 3)


async def test_what_was_stored_before_is_found_and_is_known_after_a_while(
    stand: Stand, alice: Client, read: list[str]
) -> None:
    await stand.house.write(forget)
    asked = comp("VTODO", ABSENT.format("COMPLETED"))
    assert sorted(names(await alice.query(TASKS, asked, TAGS))) == ["due.ics", "half.ics"]
    assert len(read) == 3
    assert await fill(stand.house.store, stand.house.blobs, 4) == 4
    assert await fill(stand.house.store, stand.house.blobs) == 2
    assert await fill(stand.house.store, stand.house.blobs) == 0
    read.clear()
    assert sorted(names(await alice.query(TASKS, asked, TAGS))) == ["due.ics", "half.ics"]
    assert read == []


async def test_facts_of_another_version_are_not_asked(stand: Stand, alice: Client, read: list[str]) -> None:
    def other(tx: WriteTx) -> None:
        tx.sql.change(text("UPDATE object_key SET facts = '[0,\"VTODO\",[]]'"), {})  # type: ignore[attr-defined]

    await stand.house.write(other)
    said = await alice.query(TASKS, comp("VTODO", ABSENT.format("COMPLETED")), TAGS)
    assert (sorted(names(said)), len(read)) == (["due.ics", "half.ics"], 3)


async def test_what_is_lost_waits_no_more_and_what_is_out_of_reach_does(
    stand: Stand, alice: Client, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await stand.house.write(forget)
    [lost, *_] = await stand.house.items("alice", "Tasks")

    async def nothing(self: SqlBlobs, blobs: Sequence[str]) -> object:
        return {}

    async def alone(self: SqlBlobs, blob: str) -> bytes:
        raise NotFound("lost") if blob == lost.blob else TryAgain("later")

    with monkeypatch.context() as patch:
        patch.setattr(SqlBlobs, "read_many", nothing)
        patch.setattr(SqlBlobs, "read", alone)
        assert await fill(stand.house.store, stand.house.blobs) == 1
    assert await fill(stand.house.store, stand.house.blobs) == 5


async def test_what_somebody_may_not_see_lets_nothing_through(
    stand: Stand, alice: Client, bob: Client, read: list[str]
) -> None:
    await alice.put(WORK + "secret.ics", event("secret", "20261201T100000Z", "CLASS:PRIVATE", "STATUS:TENTATIVE"))
    await stand.share("alice", "Calendar", BOB, "lrs")
    assert names(await bob.query(WORK, comp("VEVENT", MATCH.format("STATUS", "TENTATIVE")), TAGS)) == []
    assert names(await bob.query(WORK, comp("VEVENT", SAYS), TAGS)) == ["people.ics"]
    await stand.share("alice", "Calendar", BOB, "titles")
    assert names(await bob.query(WORK, comp("VEVENT", SAYS), TAGS)) == []
    await stand.share("alice", "Calendar", BOB, "l9")
    assert names(await bob.query(WORK, comp("VEVENT", SAYS), TAGS)) == []


async def test_a_copy_keeps_what_is_known_of_it(alice: Client, read: list[str]) -> None:
    home = "/dav/calendars/alice@example.test"
    await alice.ask("MKCALENDAR", f"{home}/other/")
    assert (await alice.ask("MOVE", WORK + "people.ics", destination=f"{home}/other/people.ics")).status == 201
    read.clear()
    assert names(await alice.query(f"{home}/other/", comp("VEVENT", SAYS), TAGS)) == ["people.ics"]
    assert read == []


async def test_objects_are_asked_some_at_a_time(
    alice: Client, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.dav.reports.FACTS_AT_ONCE", 2)
    every = comp("VEVENT", ABSENT.format("CATEGORIES"))
    assert len(names(await alice.query(WORK, every, TAGS))) == 3
    week = between("20261201T000000Z", "20261208T000000Z", ABSENT.format("CATEGORIES"))
    assert len(names(await alice.query(WORK, week, TAGS))) == 3
    assert read == []


async def test_alarms_that_ring_long_before_their_event_are_found(alice: Client, read: list[str]) -> None:
    def ringing(trigger: str) -> list[str]:
        return [line if not line.startswith("TRIGGER") else f"TRIGGER{trigger}" for line in ALARM]

    fixed = ringing(";VALUE=DATE-TIME:20261231T100000Z")
    await alice.put(WORK + "far.ics", event("far", "20270301T100000Z", *ringing(":-P60D")))
    await alice.put(WORK + "fixed.ics", event("fixed", "20270301T100000Z", *fixed))
    await alice.put(WORK + "near.ics", event("near", "20270101T100000Z", "RRULE:FREQ=YEARLY", *ringing(":-P1D")))
    every = ["far.ics", "fixed.ics", "near.ics"]
    for day, found in (("20261231", every), ("20270301", []), ("20291231", ["near.ics"])):
        range_ = f'<C:time-range start="{day}T000000Z" end="{day}T235900Z"/>'
        assert sorted(names(await alice.query(WORK, comp("VEVENT", comp("VALARM", range_)), TAGS))) == found
    assert read == []
