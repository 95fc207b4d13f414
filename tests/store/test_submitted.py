"""Mail that waits for its time, and is taken back before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from groupware.model.errors import Conflict, NotFound
from groupware.model.event import Envelope, Recipient
from groupware.model.ids import BlobId, QueueId
from groupware.model.principal import OPERATOR
from groupware.store.sql import schema
from tests.store.world import World

BLOB = BlobId("5a" * 32)


def put(world: World, after: timedelta) -> QueueId:
    """Bob and somebody elsewhere are to have a message after a time."""
    due = datetime.now(UTC) + after
    people = (Recipient("bob@example.test"), Recipient("x@far.test"))
    envelope = Envelope("alice@example.test", people, BLOB, 4, b"body", by=world.alice.account, message="m1", due=due)
    return world.write(world.alice, lambda tx: tx.enqueue(envelope))


def test_what_waits_is_offered_to_nobody(world: World) -> None:
    queue = put(world, timedelta(hours=1))
    for local in (True, False):
        assert world.write(OPERATOR, lambda tx, local=local: tx.lease(9, 60, local=local)) == []  # type: ignore[misc]
    entry = world.read(world.alice, lambda tx: tx.submitted(queue))
    assert entry is not None and {each.state for each in entry.recipients} == {"waiting"}
    assert world.read(world.bob, lambda tx: tx.submitted(queue)) is None


def test_it_is_taken_back_by_who_submitted_it_and_nobody_else(world: World) -> None:
    queue = put(world, timedelta(hours=1))
    with pytest.raises(NotFound):
        world.write(world.bob, lambda tx: tx.withdraw(queue))
    world.write(world.alice, lambda tx: tx.withdraw(queue))
    assert world.read(OPERATOR, lambda tx: tx.queued()) == []
    with world.house.store.database.readers.connect() as connection:
        assert connection.scalar(select(schema.blob.c.refs).where(schema.blob.c.hash == BLOB)) == 0
    [row] = world.read(world.alice, lambda tx: [each for each in tx.trace("m1") if each.event.name == "withdrawn"][:1])
    assert row.event.facts["queue"] == queue
    with pytest.raises(NotFound):
        world.write(world.alice, lambda tx: tx.withdraw(queue))


def test_what_is_due_is_not_taken_back(world: World) -> None:
    queue = put(world, timedelta(seconds=-1))
    with pytest.raises(Conflict):
        world.write(world.alice, lambda tx: tx.withdraw(queue))
    assert len(world.read(OPERATOR, lambda tx: tx.queued())) == 1


def test_what_an_administrator_holds_is_not_taken_back(world: World) -> None:
    queue = put(world, timedelta(hours=1))
    world.write(OPERATOR, lambda tx: tx.hold_queued(queue))
    with pytest.raises(Conflict):
        world.write(world.alice, lambda tx: tx.withdraw(queue))
