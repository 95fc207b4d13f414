"""Calendars that are filled from elsewhere: who makes one, what it may be, and who fills it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from groupware.model.errors import NoRight, NotFound, OverQuota, Refused, TryAgain
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, FolderId
from groupware.model.item import Kind
from groupware.model.principal import Principal
from groupware.model.rights import LEVELS, WRITING, Right
from groupware.model.source import CalendarSource
from groupware.model.times import now_micros
from groupware.store.api import WriteTx
from tests.store.test_objects import event
from tests.store.world import World

URL, HOUR = "https://far.test/a.ics", 3600 * 1_000_000


@pytest.fixture
def calendar(world: World) -> FolderId:
    return world.write(world.alice, lambda tx: tx.create_folder("Far", Kind.CALENDAR)).id


def put(world: World, at: FolderId, who: Principal | None = None, url: str = URL) -> CalendarSource:
    new = CalendarSource(at, world.alice.account, url)
    return world.write(who or world.alice, lambda tx: tx.put_calendar_source(new))


def held(world: World, at: FolderId) -> CalendarSource:
    found = world.house.write(lambda tx: tx.claim_calendar_source(at, now_micros() + HOUR))
    assert found is not None
    return found


def names(world: World, at: FolderId) -> list[str]:
    return [each.name for each in world.read(world.alice, lambda tx: tx.items(at, EVERY))]


def test_its_owner_has_it_filled_and_nobody_else_does(world: World, calendar: FolderId) -> None:
    with pytest.raises(NotFound):
        put(world, calendar, world.bob)
    world.write(world.alice, lambda tx: tx.grant(calendar, world.bob.name, LEVELS["editor"]))
    with pytest.raises(NoRight):
        put(world, calendar, world.bob)
    put(world, calendar)
    assert [each.folder for each in world.read(world.alice, lambda tx: tx.calendar_sources())] == [calendar]
    assert world.read(world.bob, lambda tx: tx.calendar_sources(world.alice.account)) == []
    for who in (world.alice, world.bob):
        rights = world.read(who, lambda tx: tx.folder(calendar).rights)
        assert Right.READ in rights and not rights & WRITING


def test_what_comes_goes_in_under_the_lease_alone(world: World, calendar: FolderId) -> None:
    put(world, calendar)
    source = held(world, calendar)
    assert world.house.write(lambda tx: tx.claim_calendar_source(calendar, now_micros() + HOUR)) is None
    world.house.write(lambda tx: tx.feed_calendar(source, [event("a", 1), event("b", 2)], []))
    changed = replace(event("a", 5, ident="a"), blob=event("c").blob)
    world.house.write(lambda tx: tx.feed_calendar(source, [changed, event("d", 3)], ["b", "never"]))
    assert sorted(names(world, calendar)) == ["a", "d"]
    with pytest.raises(NoRight):
        world.write(world.alice, lambda tx: tx.feed_calendar(source, [], ["a"]))
    with pytest.raises(TryAgain):
        world.house.write(lambda tx: tx.feed_calendar(replace(source, lease=1), [], ["a"]))
    assert world.house.write(lambda tx: tx.settle_calendar_source(replace(source, due=now_micros() + HOUR)))
    with pytest.raises(TryAgain):
        world.house.write(lambda tx: tx.feed_calendar(source, [], ["a"]))
    assert world.house.read(lambda tx: tx.due_calendar_sources(9)) == []
    assert (world.house.read(lambda tx: tx.next_calendar_source()) or 0) > now_micros()


def test_nobody_else_changes_what_is_in_it(world: World, calendar: FolderId) -> None:
    put(world, calendar)
    source = held(world, calendar)
    world.house.write(lambda tx: tx.feed_calendar(source, [event("a", 1)], []))

    def own(tx: WriteTx) -> FolderId:
        return tx.role(world.alice.account, "calendar").id

    for work in (
        lambda tx: tx.append(calendar, [event("x", 1)]),
        lambda tx: tx.replace(calendar, "a", event("a", 2)),
        lambda tx: tx.expunge(calendar, EVERY, deleted_only=False),
        lambda tx: tx.move(calendar, EVERY, own(tx)),
        lambda tx: tx.update_flags(calendar, EVERY, FlagChange(add=Flags.DELETED)),
        lambda tx: tx.create_folder("Far/Below", Kind.CALENDAR),
    ):
        for ask in (lambda work=work: world.write(world.alice, work), lambda work=work: world.house.write(work)):
            with pytest.raises((NoRight, NotFound)):
                ask()
    world.write(world.alice, lambda tx: tx.copy(calendar, EVERY, own(tx)))
    assert names(world, calendar) == ["a"]


def test_what_it_may_be(world: World, calendar: FolderId) -> None:
    mail = world.write(world.alice, lambda tx: tx.create_folder("Box", Kind.MAIL)).id
    own = world.read(world.alice, lambda tx: tx.role(world.alice.account, "calendar")).id
    for at in (mail, own):
        with pytest.raises(Refused, match="calendar of its own"):
            put(world, at)
    world.write(world.alice, lambda tx: tx.append(calendar, [event("a", 1)]))
    with pytest.raises(Refused, match="not empty"):
        put(world, calendar)
    new = CalendarSource(calendar, world.alice.account, URL)
    world.write(world.alice, lambda tx: tx.put_calendar_source(new, over=True))
    assert names(world, calendar) == ["a"]
    with pytest.raises(Refused, match="filled from elsewhere"):
        world.write(world.alice, lambda tx: tx.set_folder(calendar, role="contacts"))


def test_settings_say_whether_and_how_many(world: World, calendar: FolderId) -> None:
    def set_(name: str, value: int | bool) -> None:
        world.house.write(lambda tx: tx.put_setting(name, value, tx.account(world.alice.account).id))

    set_("subscribedCalendars", False)
    with pytest.raises(Refused, match="switched off"):
        put(world, calendar)
    set_("subscribedCalendars", True)
    set_("subscribedCalendarCount", 1)
    put(world, calendar)
    put(world, calendar, url="https://far.test/b.ics")
    other = world.write(world.alice, lambda tx: tx.create_folder("Second", Kind.CALENDAR)).id
    with pytest.raises(OverQuota):
        put(world, other)


def test_its_name_and_looks_stay_its_owners_to_choose(world: World, calendar: FolderId) -> None:
    put(world, calendar)
    world.write(world.alice, lambda tx: tx.annotate(calendar, {"/shared/comment": b"x", "/private/comment": b"y"}))
    world.write(world.alice, lambda tx: tx.rename_folder(calendar, "Near"))
    world.write(world.alice, lambda tx: tx.delete_folder(calendar))
    assert world.read(world.alice, lambda tx: tx.calendar_sources()) == []


def test_another_address_takes_the_lease_and_what_was_known(world: World, calendar: FolderId) -> None:
    put(world, calendar)
    source = held(world, calendar)
    done = replace(source, etag="x", digest="y", ttl=60, done=now_micros(), said="2 left out")
    assert world.house.write(lambda tx: tx.settle_calendar_source(done))
    [known] = world.read(world.alice, lambda tx: tx.calendar_sources())
    assert (known.etag, known.ttl, known.said) == ("x", 60, "2 left out")
    made = put(world, calendar, url="https://far.test/b.ics")
    assert (made.etag, made.digest, made.ttl, made.done, made.lease) == ("", "", 0, 0, 0)
    assert made.due > now_micros(), "not within a minute of the last time"
