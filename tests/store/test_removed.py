"""What was taken out of folders: found while it is kept, brought back, forgotten (decision 345)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from groupware.model.flags import Flags
from groupware.model.ids import EVERY, BlobId, FolderId
from groupware.model.item import Item, Kind, NewItem, ObjectKeys, Removed
from groupware.model.rights import letters
from groupware.store import upkeep
from tests.store.world import World, letter, setting


def kept(world: World, at: FolderId | None = None) -> list[Removed]:
    return list(world.read(world.alice, lambda tx: tx.removed(at or world.work)))


def gone(world: World, *new: NewItem, at: FolderId | None = None) -> list[Item]:
    """Puts items in, and takes all that is there out again, the one after the other."""
    found = world.put(*new, at=at)
    for each in found:
        world.write(
            world.alice,
            lambda tx: tx.expunge(at or world.work, [(each.uid, each.uid)], deleted_only=False),  # noqa: B023
        )
    return found


def event(name: str, ident: str) -> NewItem:
    return replace(letter(name=name), kind=Kind.CALENDAR, object=ObjectKeys(ident, "VEVENT"))


def test_what_went_last_is_told_first_and_comes_back_with_its_marks_as_a_new_item(world: World) -> None:
    new = letter(100, Flags.FLAGGED | Flags.SEEN | Flags.DELETED, "work")
    first, second = gone(world, new, letter())
    assert [(each.uid, each.id, each.blob) for each in kept(world)] == [
        (each.uid, each.id, each.blob) for each in (second, first)
    ]
    back = world.write(world.alice, lambda tx: tx.recover(world.work, first.uid, world.deep, new))
    assert (back.flags, back.keywords, back.saved) == (Flags.FLAGGED | Flags.SEEN, {"work"}, first.saved)
    assert back.id != first.id and world.folder(world.alice, world.deep).total == 1
    assert [each.uid for each in kept(world)] == [second.uid]
    refused = world.refusal(world.alice, lambda tx: tx.recover(world.work, first.uid, world.deep, new))
    assert refused.startswith("NotFound:") and world.folder(world.alice, world.deep).total == 1


def test_only_the_octets_that_were_removed_come_back(world: World) -> None:
    [one] = gone(world, letter())
    assert world.refusal(world.alice, lambda tx: tx.recover(world.work, one.uid, world.deep, letter())).startswith(
        "Refused:"
    )
    assert len(kept(world)) == 1


def test_what_was_moved_or_changed_and_is_still_there_was_not_removed(world: World) -> None:
    [moved, changed] = world.put(letter(), letter(name="a"))
    world.write(world.alice, lambda tx: tx.move(world.work, [(moved.uid, moved.uid)], world.deep))
    new = letter(name="a")
    world.write(world.alice, lambda tx: tx.replace(world.work, "a", new))
    assert kept(world) == [] and changed.blob != new.blob
    world.write(world.alice, lambda tx: tx.expunge(world.work, EVERY, deleted_only=False))
    assert [each.blob for each in kept(world)] == [new.blob]  # as it was when it went, once


def test_it_takes_the_right_to_administer_the_folder(world: World) -> None:
    new = letter()
    [one] = gone(world, new)
    world.grant(world.work, world.bob, "lrswipkxte")
    assert world.refusal(world.bob, lambda tx: tx.removed(world.work)).startswith("NoRight:")
    assert world.refusal(world.bob, lambda tx: tx.recover(world.work, one.uid, world.work, new)).startswith("NoRight:")
    assert world.refusal(world.carol, lambda tx: tx.removed(world.work)).startswith("NotFound:")
    world.grant(world.work, world.bob, "lrswia")
    assert len(world.read(world.bob, lambda tx: tx.removed(world.work))) == 1
    assert world.refusal(world.bob, lambda tx: tx.forget(world.work, [one.uid])).startswith("NoRight:")
    assert "a" in letters(world.rights(world.bob))


def test_what_was_private_to_others_is_left_out(world: World) -> None:
    at = world.write(world.alice, lambda tx: tx.create_folder("Dates", Kind.CALENDAR)).id
    new, secret = event("a.ics", "u1"), event("b.ics", "u2")
    assert secret.object is not None
    secret = replace(secret, object=replace(secret.object, private=True))
    one, other = sorted(gone(world, new, secret, at=at), key=lambda each: each.uid)
    world.grant(at, world.bob, "lrswiptea")
    assert [each.uid for each in world.read(world.bob, lambda tx: tx.removed(at))] == [one.uid]
    assert world.read(world.bob, lambda tx: tx.removed(at, uid=other.uid)) == []
    refused = world.refusal(world.bob, lambda tx: tx.recover(at, other.uid, at, secret))
    assert refused.startswith("NotFound:")
    world.grant(at, world.bob, "lrswiptea5")
    back = world.write(world.bob, lambda tx: tx.recover(at, other.uid, at, secret))
    assert back.name == "b.ics" and world.read(world.alice, lambda tx: tx.identified(at, "u2")) == ["b.ics"]


def test_what_had_become_private_is_not_found_as_it_was_before(world: World) -> None:
    at = world.write(world.alice, lambda tx: tx.create_folder("Dates", Kind.CALENDAR)).id
    new = event("a.ics", "u1")
    assert new.object is not None
    later = replace(new, blob=BlobId("c" * 64), object=replace(new.object, private=True))
    world.put(new, at=at)
    world.write(world.alice, lambda tx: tx.replace(at, "a.ics", later))
    world.write(world.alice, lambda tx: tx.expunge(at, EVERY, deleted_only=False))
    world.grant(at, world.bob, "lrswiptea")
    assert world.read(world.bob, lambda tx: tx.removed(at)) == []


def test_it_gets_another_name_where_its_own_is_taken(world: World) -> None:
    new = letter(name="a.eml")
    [one] = gone(world, new)
    world.put(letter(name="a.eml"))
    back = world.write(world.alice, lambda tx: tx.recover(world.work, one.uid, world.work, new))
    assert back.name.startswith("a-") and back.name.endswith(".eml")


def test_what_is_forgotten_does_not_come_back_and_neither_does_what_is_over(world: World) -> None:
    new = letter()
    one, _ = gone(world, new, letter())
    world.write(world.alice, lambda tx: tx.forget(world.work, [one.uid]))
    assert len(kept(world)) == 1
    assert world.refusal(world.alice, lambda tx: tx.recover(world.work, one.uid, world.work, new)).startswith("NotF")
    setting(world, "removedItemsRetention", 1)
    asyncio.run(upkeep.purge(world.house.store, now=datetime.now(UTC) + timedelta(days=2)))
    assert kept(world) == []


def test_a_mailbox_that_is_full_takes_nothing_back(world: World) -> None:
    new = letter(2_000_000)
    [one] = gone(world, new)
    setting(world, "mailboxSize", 1)
    assert world.refusal(world.alice, lambda tx: tx.recover(world.work, one.uid, world.work, new)).startswith("OverQ")
    assert len(kept(world)) == 1
