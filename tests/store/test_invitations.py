"""Meetings across accounts: copies are brought up to date together, and a room has one booking at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from groupware.calendar.item import read_item
from groupware.calendar.object import read_object
from groupware.calendar.scheduling import Change, Plan, scheduled
from groupware.model.annotation import AVAILABILITY, PRIVATE, SHARED, TRANSPARENCY
from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.ids import EVERY, BlobId
from groupware.model.item import Kind, NewItem, ObjectKeys
from groupware.model.meeting import Guest, Happening, Overtaken, Visit
from groupware.model.principal import OPERATOR, NewAccount, Principal, PrincipalKind
from groupware.model.rights import Right
from groupware.store import SqlStore, open_blobs, open_store
from groupware.store.api import ReadTx, WriteTx
from groupware.store.bus import LocalBus
from groupware.store.upkeep import forget_trace
from tests.store.conftest import Place
from tests.store.world import World, setting


def item(number: int, ident: str = "m", tag: str = "") -> NewItem:
    blob = BlobId(f"{number:064x}")
    keys = ObjectKeys(ident, "VEVENT", schedule_tag=tag)
    return NewItem(Kind.CALENDAR, blob, 3, b"", b"body", name=f"{ident}.ics", object=keys)


def guest(world: World, who: Principal, ident: str = "m", by: Principal | None = None) -> Guest:
    return world.read(by or world.alice, lambda tx: tx.guest(who.account, ident))


def invite(world: World, *visits: Visit) -> None:
    world.write(world.alice, lambda tx: tx.invite(visits))


def calendar(world: World, who: Principal) -> list[str]:
    def work(tx: ReadTx) -> list[str]:
        return [each.name for each in tx.items(tx.folder("Calendar").id, EVERY)]

    return world.read(who, work)


def test_a_scheduling_inbox_is_shared_by_itself_alone(world: World) -> None:
    at = world.write(world.alice, lambda tx: tx.schedule_inbox())
    root = world.read(world.alice, lambda tx: tx.locate(world.alice.account, "")).id
    for rights in ("lrswipte", "master"):
        world.grant(root, world.bob, rights)
        assert world.rights(world.bob, at) == Right.NONE
        told = world.read(world.bob, lambda tx: tx.folders(of=world.alice.account))
        assert at not in {each.id for each in told}
    found = world.read(world.alice, lambda tx: tx.explain(at, world.bob.name))
    assert [(each.path, each.text) for each in found.reasons] == [
        ("", "opens nothing here, for this folder is shared by itself alone")
    ]
    world.grant(at, world.bob, "lrs")
    assert world.rights(world.bob, at) == Right.LOOKUP | Right.READ | Right.SEEN


def test_a_guest_gets_a_copy_and_later_another_and_loses_it(world: World) -> None:
    invite(world, Visit(guest(world, world.bob), item(1, tag="t1")))
    there = guest(world, world.bob)
    assert (there.item, there.blob, there.tag) == ("m.ics", item(1).blob, "t1")
    invite(world, Visit(there, item(2)))
    assert guest(world, world.bob).blob == item(2).blob and calendar(world, world.bob) == ["m.ics"]
    invite(world, Visit(guest(world, world.bob), gone=True))
    assert guest(world, world.bob).blob is None and calendar(world, world.bob) == []


def test_a_copy_is_the_guests_own(world: World) -> None:
    invite(world, Visit(guest(world, world.bob), item(1)))
    world.write(world.bob, lambda tx: tx.expunge(tx.folder("Calendar").id, EVERY, deleted_only=False))
    assert calendar(world, world.bob) == []
    world.refusal(world.alice, lambda tx: tx.entries(guest(world, world.bob).folder))


def test_what_has_changed_meanwhile_is_not_overwritten(world: World) -> None:
    early = guest(world, world.bob)
    invite(world, Visit(early, item(1)))
    with pytest.raises(Overtaken):
        invite(world, Visit(early, item(2)))
    late = guest(world, world.bob)
    world.write(world.bob, lambda tx: tx.append(tx.folder("Calendar").id, [item(3, "other")]))
    with pytest.raises(Overtaken):
        invite(world, Visit(late, item(4), exact=True))
    assert guest(world, world.bob).blob == item(1).blob


def test_all_guests_or_none(world: World) -> None:
    setting(world, "mailboxMessageCount", 0)
    early = guest(world, world.carol)
    invite(world, Visit(early, item(1)))
    with pytest.raises(Overtaken):
        invite(world, Visit(guest(world, world.bob), item(2)), Visit(early, item(3)))
    assert guest(world, world.bob).blob is None


def test_who_is_denied_posting_may_not_invite(world: World) -> None:
    world.write(world.bob, lambda tx: tx.grant("Calendar", "alice@example.test", Right.NONE, Right.POST))
    with pytest.raises(NoRight):
        guest(world, world.bob)
    assert guest(world, world.bob, by=world.carol).address == "bob@example.test"


def test_messages_come_into_an_inbox_of_their_own_and_the_oldest_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("groupware.store.sql.invitations.MOST_MESSAGES", 3)
    for number in range(1, 6):
        message = replace(item(number, f"x{number}"), object=None)
        invite(world, Visit(guest(world, world.bob), message=message))
    at = world.read(world.bob, lambda tx: tx.role(world.bob.account, "schedule-inbox")).id
    assert [each.name for each in world.read(world.bob, lambda tx: tx.items(at, EVERY))] == [
        "x3.ics",
        "x4.ics",
        "x5.ics",
    ]
    assert world.write(world.bob, lambda tx: tx.schedule_inbox()) == at


def test_a_timeline_is_for_who_reads_the_object(world: World) -> None:
    line = Happening("invited", "by alice", "m")
    invite(world, Visit(guest(world, world.bob), item(1), happened=(line,)))
    at = guest(world, world.bob).folder
    [found] = world.read(world.bob, lambda tx: tx.timeline(at, "m"))
    assert (found.what, found.text, found.who) == ("invited", "by alice", "alice@example.test")
    world.write(world.bob, lambda tx: tx.grant("Calendar", "alice@example.test", Right.LOOKUP | Right.READ))
    assert len(world.read(world.alice, lambda tx: tx.timeline(at, "m"))) == 1
    with pytest.raises(NotFound):
        world.read(world.alice, lambda tx: tx.timeline(at, "other"))


def test_only_a_resource_says_when_it_is_taken_to_whoever_asks(world: World) -> None:
    with pytest.raises(Refused):
        world.read(world.alice, lambda tx: tx.taken(world.bob.account, 0, 1))


def test_groups_and_nobody_are_no_guests(world: World) -> None:
    with pytest.raises(NotFound):
        world.read(world.alice, lambda tx: tx.guest(OPERATOR.account, "m"))


# --- a race -----------------------------------------------------------------------------------------------------------

PEOPLE = 4


def settled(tx: WriteTx) -> None:
    from groupware.model.principal import Domain

    tx.put_domain(Domain("example.test"))
    for number in range(PEOPLE):
        tx.put_account(NewAccount(f"p{number}@example.test"))
    tx.put_account(NewAccount("room@example.test", PrincipalKind.RESOURCE))


def meeting(number: int) -> bytes:
    who = ["ORGANIZER:mailto:p{}@example.test", "ATTENDEE:mailto:room@example.test"]
    times = ["DTSTAMP:20260101T000000Z", "DTSTART:20291201T100000Z", "DTEND:20291201T110000Z"]
    inside = [f"UID:m{number}", *times, *who]
    text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:t", "BEGIN:VEVENT", *inside, "END:VEVENT", "END:VCALENDAR", ""]
    return "\r\n".join(text).format(number).encode()


async def book(store: SqlStore, blobs: Any, number: int) -> bytes:
    """One of the people books the room; gives what is stored for them."""
    who = await store.read(OPERATOR, lambda tx: tx.identity(tx.account(f"p{number}@example.test").id))
    read, new = await read_item(meeting(number), blobs, "m.ics")
    change = Change(lambda tx: tx.folder("Calendar"), "m.ics", read, new)

    def work(tx: WriteTx, plan: Plan) -> BlobId:
        return tx.append(tx.folder("Calendar").id, [plan.item or new])[0].blob

    blob, _ = await scheduled(store, blobs, who, change, work)
    return await blobs.read(blob)


async def test_a_room_is_booked_once_however_many_race_for_it_by_two_processes(place: Place) -> None:
    place.data.mkdir(exist_ok=True)
    stores = [open_store(place.data, place.url, bus=LocalBus()) for _ in range(2)]
    bodies = [open_blobs(each, place.data) for each in stores]
    try:
        await stores[0].write(OPERATOR, settled)
        said = await asyncio.gather(*(book(stores[number % 2], bodies[number % 2], number) for number in range(PEOPLE)))
        words = [next(line for line in read_object(each).shown.all("ATTENDEE")).param("PARTSTAT") for each in said]
        assert sorted(words) == ["ACCEPTED"] + ["DECLINED"] * (PEOPLE - 1)
        taken, _ = await stores[0].read(OPERATOR, lambda tx: tx.taken(tx.account("room@example.test").id, 0, 1 << 40))
        assert len(taken.found) == 1
    finally:
        for store, body in zip(stores, bodies, strict=True):
            await store.close()
            body.close()


def test_a_timeline_is_forgotten_after_its_time(world: World) -> None:
    at = world.read(world.bob, lambda tx: tx.folder("Calendar").id)
    world.write(world.bob, lambda tx: tx.happened(at, [Happening("noted", "x", "m")] * 1200))
    later = datetime.now(UTC) + timedelta(days=31)
    assert asyncio.run(forget_trace(world.house.store, "timeline", now=later)) == 0
    world.write(OPERATOR, lambda tx: tx.put_setting("timelineRetention", 30))
    assert asyncio.run(forget_trace(world.house.store, "timeline", now=later)) == 1200
    assert world.read(world.bob, lambda tx: tx.timeline(at, "m")) == []


def test_what_counts_is_what_one_may_ask_about_and_not_what_is_transparent(world: World) -> None:
    bob = world.bob.account
    with pytest.raises(NoRight):
        world.read(world.alice, lambda tx: tx.counted(bob))
    own, more = (
        world.read(world.bob, lambda tx: tx.folder("Calendar").id),
        world.write(world.bob, lambda tx: tx.add_folder(bob, "More", kind=Kind.CALENDAR).id),
    )
    world.write(world.bob, lambda tx: tx.grant(own, world.alice.name, Right.FREEBUSY))
    assert world.read(world.alice, lambda tx: tx.counted(bob).calendars) == [own]
    assert world.read(world.bob, lambda tx: tx.counted(bob).calendars) == [own, more]
    value = b"<C:transparent/>"
    world.write(world.bob, lambda tx: tx.annotate(more, {SHARED + TRANSPARENCY: value}))
    assert world.read(world.bob, lambda tx: tx.counted(bob).calendars) == [own]
    world.write(world.bob, lambda tx: tx.grant(more, world.alice.name, Right.LOOKUP | Right.READ))
    world.write(world.alice, lambda tx: tx.annotate(more, {PRIVATE + TRANSPARENCY: b"<C:opaque/>"}))
    assert world.read(world.alice, lambda tx: tx.counted(bob).calendars) == [own]
    inbox = world.write(world.bob, lambda tx: tx.schedule_inbox())
    world.write(world.bob, lambda tx: tx.annotate(more, {AVAILABILITY: b"elsewhere"}))
    assert world.read(world.alice, lambda tx: tx.counted(bob).availability) == b""
    world.write(world.bob, lambda tx: tx.annotate(inbox, {AVAILABILITY: b"here"}))
    assert world.read(world.alice, lambda tx: tx.counted(bob).availability) == b"here"
