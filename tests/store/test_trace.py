"""The trace: found by what people know, seen by whom it concerns, kept for a while; and where a message went since."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from groupware.model.errors import GroupwareError, NoRight, NotFound
from groupware.model.event import Event, Landing, TraceFilter
from groupware.model.folder import Role
from groupware.model.ids import EVERY, AccountId
from groupware.model.principal import OPERATOR, Principal
from groupware.model.times import micros
from groupware.store.api import WriteTx
from groupware.store.upkeep import forget_trace
from tests.store.world import World, deliver, letter


def noted(world: World, *events: Event) -> None:
    def work(tx: WriteTx) -> None:
        for each in events:
            tx.note(each)

    world.write(OPERATOR, work)


def received(message: str, sender: str, by: AccountId | None = None, header: str = "", **facts: str) -> Event:
    return Event("received", by, {"from": sender, "recipients": 2, **facts}, message, {sender: {}}, header)


def delivered(message: str, *to: str, by: AccountId | None = None) -> Event:
    return Event("delivered", by, {"to": " ".join(to)}, message, {each: {} for each in to})


def names(world: World, who: Principal, message: str) -> list[tuple[str, object]]:
    return [(row.event.name, row.event.facts.get("to")) for row in world.read(who, lambda tx: tx.trace(message))]


def found(world: World, who: Principal, wanted: TraceFilter, limit: int = 100) -> list[tuple[str, str]]:
    return [(row.event.message, row.event.name) for row in world.read(who, lambda tx: tx.find_trace(wanted, limit))]


def test_a_row_is_kept_for_each_address_and_found_by_it(world: World) -> None:
    noted(world, received("M1", "x@far.test", peer="192.0.2.1"), delivered("M1", "Alice@example.test", "b@far.test"))
    assert names(world, OPERATOR, "M1") == [
        ("received", None),
        ("delivered", "Alice@example.test"),
        ("delivered", "b@far.test"),
    ]
    assert found(world, OPERATOR, TraceFilter("alice@EXAMPLE.test")) == [("M1", "delivered")]
    assert found(world, OPERATOR, TraceFilter("x@far.test")) == [("M1", "received")]


def test_messages_are_found_by_id_peer_verdict_and_time(world: World) -> None:
    noted(world, received("M1", "x@far.test", header="one@far.test", peer="192.0.2.1"))
    noted(world, delivered("M1", "alice@example.test"), received("M2", "y@far.test", peer="192.0.2.2"))
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    cases = [
        (TraceFilter(letter="one@far.test"), [("M1", "received")]),
        (TraceFilter(letter="ONE@far.test"), []),
        (TraceFilter(peer="192.0.2.2"), [("M2", "received")]),
        (TraceFilter(names=("delivered",)), [("M1", "delivered")]),
        (TraceFilter(since=now - hour), [("M2", "received"), ("M1", "delivered"), ("M1", "received")]),
        (TraceFilter(since=now + hour), []),
        (TraceFilter(until=now - hour), []),
    ]
    for wanted, expected in cases:
        assert found(world, OPERATOR, wanted) == expected, wanted
    assert found(world, OPERATOR, TraceFilter(), 1) == [("M2", "received")]


def test_what_is_written_down_later_has_the_time_at_which_it_was(world: World) -> None:
    ago = datetime.now(UTC) - timedelta(minutes=1)
    noted(world, replace(received("M1", "x@far.test"), at=micros(ago)))
    assert [row.at for row in world.read(OPERATOR, lambda tx: tx.trace("M1"))] == [ago]


def test_many_rows_are_gone_through_page_by_page(world: World) -> None:
    noted(world, received("M0", "x@far.test", peer="192.0.2.9"))
    noted(world, *(received(f"M{number}", "x@far.test") for number in range(1, 1200)))
    assert found(world, OPERATOR, TraceFilter("x@far.test", peer="192.0.2.9")) == [("M0", "received")]
    assert len(found(world, OPERATOR, TraceFilter(), 5000)) == 1200


def test_a_recipient_sees_neither_who_else_it_went_to_nor_how_many(world: World) -> None:
    noted(world, received("M1", "x@far.test"), delivered("M1", world.alice.name, world.bob.name))
    assert names(world, world.alice, "M1") == [("received", None), ("delivered", world.alice.name)]
    [first, *_] = world.read(world.alice, lambda tx: tx.trace("M1"))
    assert dict(first.event.facts) == {"from": "x@far.test"}
    assert found(world, world.alice, TraceFilter()) == [("M1", "delivered")]
    assert found(world, world.alice, TraceFilter(letter="")) == [("M1", "delivered")]


def test_who_has_submitted_a_message_sees_all_of_it(world: World) -> None:
    by = AccountId(world.alice.account)
    noted(world, received("M1", world.alice.name, by), delivered("M1", world.bob.name, "c@far.test", by=by))
    assert len(names(world, world.alice, "M1")) == 3
    assert found(world, world.alice, TraceFilter()) == [("M1", "received")]


def test_who_says_to_be_somebody_shows_nobody_anything(world: World) -> None:
    noted(world, received("M1", world.alice.name), delivered("M1", world.bob.name))
    with pytest.raises(NotFound):
        names(world, world.alice, "M1")


@pytest.mark.parametrize("message", ["M1", "M2"])
def test_what_concerns_others_looks_like_what_is_not_there(world: World, message: str) -> None:
    noted(world, received("M1", "x@far.test"), delivered("M1", world.bob.name))
    with pytest.raises(NotFound) as failed:
        world.read(world.alice, lambda tx: tx.trace(message))
    assert str(failed.value) == f"{message}: there is no trace of such a message"
    assert found(world, world.alice, TraceFilter()) == []
    with pytest.raises(NoRight):
        found(world, world.alice, TraceFilter(world.bob.name))


def test_ones_aliases_are_ones_own(world: World) -> None:
    world.write(OPERATOR, lambda tx: tx.put_alias(world.alice.name, "queen@example.test"))
    noted(world, delivered("M1", "queen@example.test"))
    assert found(world, world.alice, TraceFilter("Queen@example.test")) == [("M1", "delivered")]
    assert found(world, world.alice, TraceFilter()) == [("M1", "delivered")]


def test_a_recipient_finds_a_message_by_what_its_header_says(world: World) -> None:
    noted(world, received("M1", "x@far.test", header="one@far.test"), delivered("M1", world.alice.name))
    assert found(world, world.alice, TraceFilter(letter="one@far.test")) == [("M1", "received")]
    assert found(world, world.bob, TraceFilter(letter="one@far.test")) == []


def test_who_administers_a_domain_sees_its_addresses(world: World) -> None:
    postmaster = world.read(OPERATOR, lambda tx: tx.identity(tx.account("postmaster@example.test").id))
    noted(world, received("M1", "x@far.test"), delivered("M1", world.alice.name, "b@far.test"))
    assert names(world, postmaster, "M1") == [("received", None), ("delivered", world.alice.name)]
    assert found(world, postmaster, TraceFilter(world.alice.name)) == [("M1", "delivered")]
    with pytest.raises(NoRight):
        found(world, postmaster, TraceFilter("b@far.test"))


def test_old_rows_go_in_small_steps_and_new_ones_stay(world: World) -> None:
    noted(world, *(received(f"M{number}", "x@far.test") for number in range(2500)))
    later = datetime.now(UTC) + timedelta(days=29)
    assert asyncio.run(forget_trace(world.house.store, now=later)) == 0
    world.write(OPERATOR, lambda tx: tx.put_setting("traceRetention", 28))
    assert asyncio.run(forget_trace(world.house.store, now=later)) == 2500
    assert found(world, OPERATOR, TraceFilter()) == []
    noted(world, received("M1", "x@far.test"))
    world.write(OPERATOR, lambda tx: tx.put_setting("traceRetention", 0))
    assert asyncio.run(forget_trace(world.house.store, now=later)) == 0


# --- where it went


def test_messages_that_one_write_moves_on_their_own_are_followed_each(world: World) -> None:
    inbox = world.read(world.alice, lambda tx: tx.role(world.alice.account, Role.INBOX).id)
    trash = world.read(world.alice, lambda tx: tx.role(world.alice.account, Role.TRASH).id)
    for _ in range(3):
        world.write(OPERATOR, lambda tx: deliver(tx, inbox, letter()))
    one, two, three = world.read(world.alice, lambda tx: tx.uids(inbox))[-3:]

    def work(tx: WriteTx) -> None:
        tx.move(inbox, ((one, one),), world.work)
        tx.move(inbox, ((two, two),), trash)
        tx.expunge(inbox, ((three, three),), deleted_only=False)

    world.write(world.alice, work)
    found = world.read(world.alice, lambda tx: [tx.movements(inbox, each) for each in (one, two, three)])
    told = [[(each.what, json.loads(each.facts).get("to")) for each in steps] for steps in found]
    assert told == [[("item.left", world.work)], [("item.left", trash)], [("item.removed", None)]]


def test_a_message_is_followed_through_folders(world: World) -> None:
    def arrive(tx: WriteTx) -> Landing:
        inbox = tx.role(world.alice.account, Role.INBOX).id
        deliver(tx, inbox, letter())
        return deliver(tx, inbox, letter())

    landing, work = world.write(OPERATOR, arrive), world.work
    inbox, uid = landing.folder, landing.uid
    assert world.read(world.alice, lambda tx: tx.movements(inbox, uid)) == []
    pairs = world.write(world.alice, lambda tx: tx.move(inbox, EVERY, work))
    trash = world.read(world.alice, lambda tx: tx.role(world.alice.account, Role.TRASH).id)
    [(_, there)] = [pair for pair in pairs if pair[0] == uid]
    [(_, last)] = world.write(world.alice, lambda tx: tx.move(work, ((there, there),), trash))
    world.write(world.alice, lambda tx: tx.expunge(trash, ((last, last),), deleted_only=False))
    steps = world.read(world.alice, lambda tx: tx.movements(inbox, uid))
    assert [(each.what, each.folder, each.actor) for each in steps] == [
        ("item.left", inbox, world.alice.name),
        ("item.left", work, world.alice.name),
        ("item.removed", trash, world.alice.name),
    ]
    assert world.read(OPERATOR, lambda tx: tx.movements(inbox, uid))[0].path.startswith("Other Users/")
    with pytest.raises(GroupwareError):
        world.read(world.bob, lambda tx: tx.movements(inbox, uid))
