"""Calendar objects in the store: found by UID and by time, and not by who may not read what is private."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from groupware.model.errors import IdentTaken, NotFound, Refused
from groupware.model.flags import Flags
from groupware.model.ids import EVERY, BlobId, FolderId, Uid, Uids
from groupware.model.item import ALWAYS, Kind, NewItem, ObjectKeys, Span
from groupware.store import upkeep
from tests.store.world import World, letter

DAY = 86_400


def event(name: str, *starts: int, private: bool = False, lasts: int = 3600, ident: str = "") -> NewItem:
    spans = tuple(Span(start, start + lasts, False, "B") for start in starts)
    keys = ObjectKeys(ident or name, "VEVENT", private, spans, min(starts, default=0), max(starts, default=0) + lasts)
    return NewItem(Kind.CALENDAR, BlobId(name.rjust(64, "0")), 3, b"", b"body", name=name, object=keys)


@pytest.fixture
def calendar(world: World) -> FolderId:
    return world.write(world.alice, lambda tx: tx.create_folder("Plans", Kind.CALENDAR)).id


def put(world: World, at: FolderId, *new: NewItem) -> list[Uid]:
    return [each.uid for each in world.write(world.alice, lambda tx: tx.append(at, new))]


def found(world: World, at: FolderId, low: int, high: int) -> list[Uid]:
    return sorted({uid for uid, _ in world.read(world.alice, lambda tx: tx.spans(at, low, high)).found})


def test_an_object_is_found_when_it_takes_place_and_at_no_other_time(world: World, calendar: FolderId) -> None:
    put(world, calendar, event("a", DAY, 3 * DAY), event("b", 2 * DAY))
    assert found(world, calendar, DAY, DAY + 1) == [1]
    assert found(world, calendar, DAY + 3599, 2 * DAY + 1) == [1, 2]
    assert found(world, calendar, DAY + 3600, 2 * DAY) == []


def test_what_takes_months_is_found_in_the_middle(world: World, calendar: FolderId) -> None:
    put(world, calendar, event("long", 0, lasts=200 * DAY), event("b", 100 * DAY))
    assert found(world, calendar, 100 * DAY, 100 * DAY + 1) == [1, 2]
    assert found(world, calendar, 200 * DAY, 300 * DAY) == []


def test_an_object_of_which_not_all_is_kept_is_named(world: World, calendar: FolderId) -> None:
    new = event("daily", 10 * DAY)
    assert new.object is not None
    keys = replace(new.object, first=0, last=ALWAYS, exact_from=0, exact_to=20 * DAY)
    put(world, calendar, replace(new, object=keys))
    assert world.read(world.alice, lambda tx: tx.spans(calendar, 5 * DAY, 15 * DAY)).rest == []
    assert world.read(world.alice, lambda tx: tx.spans(calendar, 15 * DAY, 25 * DAY)).rest == [(1, new.blob)]


def test_those_of_one_kind_alone_are_found(world: World, calendar: FolderId) -> None:
    free = event("free", DAY)
    assert free.object is not None
    keys = replace(free.object, component="VFREEBUSY", last=ALWAYS, exact_to=2 * DAY)
    put(world, calendar, replace(free, object=keys), event("a", DAY))
    for component, uids, rest in (("VEVENT", {2}, []), ("VFREEBUSY", {1}, [(1, free.blob)]), ("VTODO", set(), [])):
        placed = world.read(world.alice, lambda tx, kind=component: tx.spans(calendar, DAY, 9 * DAY, kind))  # type: ignore[misc]
        assert ({uid for uid, _ in placed.found}, placed.rest) == (uids, rest)


def test_what_filters_ask_is_told_to_who_may_read_it(world: World, calendar: FolderId) -> None:
    kept = [
        replace(each, object=replace(each.object, facts=each.name or ""))
        for each in (  # type: ignore[type-var]
            event("a", DAY),
            event("b", DAY, private=True),
            event("c", DAY),
        )
    ]
    put(world, calendar, *kept)
    world.grant(calendar, world.bob, "lr")
    asked = [(Uid(1), Uid(2))]
    assert world.read(world.alice, lambda tx: tx.facts(calendar, asked, alarms=True)) == [(1, "a"), (2, "b")]
    assert world.read(world.bob, lambda tx: tx.facts(calendar, EVERY, alarms=True)) == [(1, "a"), (3, "c")]


def test_so_many_are_told_of_as_are_asked_for_behind_those_that_are_private(world: World, calendar: FolderId) -> None:
    put(world, calendar, *(event(f"e{number}", DAY, private=number not in (4, 7, 8)) for number in range(1, 10)))
    world.grant(calendar, world.bob, "lr")

    def asked(ranges: Uids, limit: int) -> list[Uid]:
        return [each.uid for each in world.read(world.bob, lambda tx: tx.items(calendar, ranges, limit=limit))]

    assert (asked(EVERY, 2), asked(EVERY, 3), asked(EVERY, 9)) == ([4, 7], [4, 7, 8], [4, 7, 8])
    assert asked([(Uid(1), Uid(5)), (Uid(7), Uid(9))], 2) == [4, 7]


def test_what_waits_for_what_filters_ask_gets_it_once(world: World, calendar: FolderId) -> None:
    new = [event("a", DAY), event("b", DAY)]
    put(world, calendar, *(replace(each, object=replace(each.object, facts=None)) for each in new))  # type: ignore[type-var]
    store = world.house.store
    assert world.read(world.alice, lambda tx: tx.facts(calendar, EVERY, alarms=False)) == [(1, ""), (2, "")]
    waiting = asyncio.run(upkeep.waiting_facts(store, 5))
    assert [(each.folder, each.uid, each.blob) for each in waiting] == [
        (calendar, number, each.blob) for number, each in enumerate(new, 1)
    ]
    asyncio.run(upkeep.put_facts(store, [(waiting[0], "first")]))
    asyncio.run(upkeep.put_facts(store, [(each, "later") for each in waiting]))
    assert asyncio.run(upkeep.waiting_facts(store, 5)) == []
    assert world.read(world.alice, lambda tx: tx.facts(calendar, EVERY, alarms=False)) == [(1, "first"), (2, "later")]


def test_a_uid_is_there_once_in_a_folder(world: World, calendar: FolderId) -> None:
    put(world, calendar, event("a", DAY, ident="same"))
    with pytest.raises(IdentTaken) as caught:
        put(world, calendar, event("b", DAY, ident="same"))
    assert caught.value.name == "a"
    assert world.read(world.alice, lambda tx: tx.identified(calendar, "same")) == ["a"]


def test_a_replaced_object_takes_place_at_its_new_time_alone(world: World, calendar: FolderId) -> None:
    put(world, calendar, event("a", DAY))
    world.write(world.alice, lambda tx: tx.replace(calendar, "a", replace(event("a", 5 * DAY), blob=BlobId("c" * 64))))
    assert found(world, calendar, 0, 2 * DAY) == []
    assert found(world, calendar, 5 * DAY, 6 * DAY) == [2]


def test_an_object_keeps_its_uid_when_it_is_replaced(world: World, calendar: FolderId) -> None:
    put(world, calendar, event("a", DAY, ident="one"), event("b", DAY, ident="two"))
    with pytest.raises(IdentTaken):
        world.write(world.alice, lambda tx: tx.replace(calendar, "a", event("a", DAY, ident="two")))


def test_what_is_taken_away_takes_no_place(world: World, calendar: FolderId) -> None:
    put(world, calendar, event("a", DAY))
    world.write(world.alice, lambda tx: tx.expunge(calendar, EVERY, deleted_only=False))
    assert found(world, calendar, 0, 2 * DAY) == []
    assert world.read(world.alice, lambda tx: tx.objects(calendar, "VEVENT")) == []


def test_a_moved_object_takes_place_where_it_is(world: World, calendar: FolderId) -> None:
    there = world.write(world.alice, lambda tx: tx.create_folder("Other", Kind.CALENDAR)).id
    put(world, calendar, event("a", DAY), event("b", DAY))
    world.write(world.alice, lambda tx: tx.move(calendar, [(Uid(1), Uid(1))], there))
    world.write(world.alice, lambda tx: tx.copy(calendar, [(Uid(2), Uid(2))], there))
    assert found(world, calendar, 0, 2 * DAY) == [2]
    assert found(world, there, 0, 2 * DAY) == [1, 2]


def test_an_event_has_no_place_among_mail(world: World) -> None:
    with pytest.raises(Refused, match="for mail"):
        world.write(world.alice, lambda tx: tx.append(world.work, [event("a", DAY)]))


@pytest.mark.parametrize("rights", ["lrs", "lrswipkxtea"])
def test_what_is_private_is_not_there_without_the_right_to_it(world: World, calendar: FolderId, rights: str) -> None:
    put(world, calendar, event("open", DAY), event("secret", DAY, private=True))
    world.grant("Plans", world.bob, rights)
    bob = world.bob
    assert [each.name for each in world.read(bob, lambda tx: tx.items(calendar, EVERY))] == ["open"]
    assert [each.name for each in world.read(bob, lambda tx: tx.items_named(calendar, ["secret", "open"]))] == ["open"]
    assert world.read(bob, lambda tx: tx.uids(calendar)) == [1]
    assert [each.uid for each in world.read(bob, lambda tx: tx.entries(calendar))] == [1]
    assert world.read(bob, lambda tx: tx.columns(calendar, ("saved",), EVERY))[0][0] == 1
    assert len(world.read(bob, lambda tx: tx.columns(calendar, ("saved",), EVERY))) == 1
    assert [each.name for each in world.read(bob, lambda tx: tx.delta(calendar, 0)).changed] == ["open"]
    assert [uid for uid, _ in world.read(bob, lambda tx: tx.spans(calendar, 0, 2 * DAY)).found] == [1]
    assert world.read(bob, lambda tx: tx.objects(calendar, "VEVENT")) == [1]
    assert world.read(bob, lambda tx: tx.identified(calendar, "secret")) == []
    with pytest.raises(NotFound):
        world.read(bob, lambda tx: tx.item(calendar, "secret"))


def test_what_is_private_is_read_with_the_right_to_it(world: World, calendar: FolderId) -> None:
    put(world, calendar, event("secret", DAY, private=True))
    world.grant("Plans", world.bob, "lr5")
    assert world.read(world.bob, lambda tx: tx.item(calendar, "secret")).uid == 1


def test_nobody_takes_away_what_is_hidden_from_them(world: World, calendar: FolderId) -> None:
    put(world, calendar, event("secret", DAY, private=True))
    world.grant("Plans", world.bob, "lrswipte")
    assert world.write(world.bob, lambda tx: tx.expunge(calendar, EVERY, deleted_only=False)) == []
    with pytest.raises(NotFound):
        world.write(world.bob, lambda tx: tx.replace(calendar, "secret", event("secret", DAY)))


def test_the_right_to_free_and_busy_tells_times_and_nothing_else(world: World, calendar: FolderId) -> None:
    put(world, calendar, event("secret", DAY, private=True))
    world.grant("Plans", world.bob, "9")
    assert [span for _, span in world.read(world.bob, lambda tx: tx.busy(calendar, 0, 2 * DAY)).found] == [
        Span(DAY, DAY + 3600, False, "B")
    ]
    with pytest.raises(NotFound):
        world.read(world.bob, lambda tx: tx.spans(calendar, 0, 2 * DAY))
    with pytest.raises(NotFound):
        world.read(world.bob, lambda tx: tx.folder(calendar))


def test_times_take_a_right(world: World, calendar: FolderId) -> None:
    world.grant("Plans", world.bob, "lswip")
    with pytest.raises(NotFound):
        world.read(world.bob, lambda tx: tx.busy(calendar, 0, 1))


def test_mail_is_not_asked_for_what_is_private(world: World) -> None:
    world.put(letter(100))
    world.grant("Work", world.bob, "lrs")
    assert world.read(world.bob, lambda tx: tx.uids(world.work)) == [1]


def test_what_one_has_put_in_oneself_one_reads(world: World, calendar: FolderId) -> None:
    world.grant("Plans", world.bob, "lrswite")
    world.write(world.bob, lambda tx: tx.append(calendar, [event("mine", DAY, private=True)]))
    put(world, calendar, event("hers", DAY, private=True))
    assert [each.name for each in world.read(world.bob, lambda tx: tx.items(calendar, EVERY))] == ["mine"]


def test_flags_of_what_is_hidden_stay_as_they_are(world: World, calendar: FolderId) -> None:
    put(world, calendar, *[event(f"e{number}", DAY, private=number == 50) for number in range(100)])
    world.grant("Plans", world.bob, "lrswite")
    world.mark(world.bob, Flags.FLAGGED, at=calendar)
    plain = [each.uid for each in world.read(world.alice, lambda tx: tx.entries(calendar)) if not each.bits]
    assert plain == [51]


def test_a_uid_that_something_hidden_has_does_not_tell_its_name(world: World, calendar: FolderId) -> None:
    put(world, calendar, event("secret", DAY, private=True, ident="same"))
    world.grant("Plans", world.bob, "lri")
    with pytest.raises(IdentTaken) as caught:
        world.write(world.bob, lambda tx: tx.append(calendar, [event("b", DAY, ident="same")]))
    assert caught.value.name == ""


@pytest.mark.parametrize("verb", ["copy", "move"])
def test_where_its_name_is_taken_it_gets_another(world: World, calendar: FolderId, verb: str) -> None:
    other = world.write(world.alice, lambda tx: tx.create_folder("Other", Kind.CALENDAR)).id
    put(world, calendar, event("a.ics", 0, ident="one"), event("b.ics", 0, ident="two"))
    put(world, other, event("a.ics", 0, ident="three"))
    pairs = world.write(world.alice, lambda tx: getattr(tx, verb)(calendar, EVERY, other))
    named = {item.uid: item.name for item in world.read(world.alice, lambda tx: tx.items(other, EVERY))}
    assert [named[uid] for _, uid in pairs] == [f"a-{pairs[0][1]}.ics", "b.ics"]
    assert len(set(named.values())) == 3


def test_a_name_that_is_long_and_taken_is_cut(world: World, calendar: FolderId) -> None:
    long = "x" * 251 + ".ics"
    other = world.write(world.alice, lambda tx: tx.create_folder("Other", Kind.CALENDAR)).id
    put(world, calendar, replace(event("one", 0), name=long))
    put(world, other, replace(event("two", 0), name=long))
    world.write(world.alice, lambda tx: tx.move(calendar, EVERY, other))
    names = [item.name for item in world.read(world.alice, lambda tx: tx.items(other, EVERY))]
    assert (len(set(names)), {len(name) for name in names}) == (2, {255})


@pytest.mark.parametrize("verb", ["copy", "move"])
def test_an_object_whose_uid_is_there_already_stays_where_it_is(world: World, calendar: FolderId, verb: str) -> None:
    other = world.write(world.alice, lambda tx: tx.create_folder("Other", Kind.CALENDAR)).id
    for at in (calendar, other):
        put(world, at, event("a.ics", 0, ident="one"))
    with pytest.raises(IdentTaken):
        world.write(world.alice, lambda tx: getattr(tx, verb)(calendar, EVERY, other))
    assert [len(world.read(world.alice, lambda tx, at=at: tx.uids(at))) for at in (calendar, other)] == [1, 1]
