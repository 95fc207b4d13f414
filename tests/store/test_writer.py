"""What is written together: one COMMIT, and what fails is alone with it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
import pytest

from groupware.model.errors import AlreadyExists, DiskFull, GroupwareError, OverQuota, TryAgain
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import EVERY, Uid
from groupware.model.principal import DELIVERY, Principal
from groupware.model.rights import ALL, Right
from groupware.store import open_store
from groupware.store.api import ReadTx, WriteTx
from groupware.store.sql.engine import trouble
from tests.store.conftest import Place
from tests.store.house import House, Silent
from tests.store.world import World, deliver, letter

WAIT = 30


@pytest.fixture
def elsewhere(place: Place, world: World) -> Iterator[House]:
    """The same database, opened by another process."""
    store = open_store(place.data, place.url, bus=Silent())  # type: ignore[arg-type]
    yield House(store)
    asyncio.run(store.close())


class Held:
    """Work that waits in its transaction until it is let go."""

    def __init__(self, house: House, who: Principal) -> None:
        self._begun, self._go = threading.Event(), threading.Event()
        self.done: Future[None] = house.store.write_later(who, self._wait)
        assert self._begun.wait(WAIT)

    def _wait(self, tx: WriteTx) -> None:
        self._begun.set()
        assert self._go.wait(WAIT)

    def let_go(self) -> None:
        self._go.set()
        self.done.result(WAIT)


def add(world: World) -> object:
    return lambda tx: tx.append(world.work, [letter()])


def fail(world: World, error: BaseException) -> object:
    def work(tx: WriteTx) -> None:
        tx.append(world.work, [letter()])
        raise error

    return work


@pytest.mark.parametrize("error", [KeyError("bug"), AlreadyExists("taken"), StopIteration("next"), MemoryError()])
def test_who_fails_in_a_batch_is_alone_with_it(world: World, error: BaseException) -> None:
    held = Held(world.house, world.alice)
    works = [add(world), fail(world, error), add(world)]
    waiting = [world.house.store.write_later(world.alice, work) for work in works]  # type: ignore[arg-type]
    held.let_go()
    told = [each.exception(WAIT) for each in waiting]
    assert (told[0], told[2]) == (None, None)
    assert told[1] is not None and str(error) in str(told[1])
    assert [item.uid for item in world.read(world.alice, lambda tx: tx.items(world.work, EVERY))] == [1, 2]


async def test_work_that_raises_stop_iteration_keeps_nobody_waiting(world: World) -> None:
    store = world.house.store

    def bug(tx: WriteTx) -> None:
        next(iter(()))

    async with asyncio.timeout(WAIT):
        bad, good = await asyncio.gather(
            store.write(world.alice, bug), store.write(world.alice, add(world)), return_exceptions=True
        )
    assert isinstance(bad, RuntimeError)
    assert isinstance(good, list)


def test_work_that_raises_has_changed_nothing(world: World) -> None:
    world.put()
    before = world.folder(world.alice), world.read(world.alice, lambda tx: tx.entries(world.work))

    def work(tx: WriteTx) -> None:
        tx.append(world.work, [letter()])
        tx.update_flags(world.work, EVERY, FlagChange(add=Flags.DELETED))
        tx.expunge(world.work, EVERY)
        tx.create_folder("New")
        tx.grant("Work", "everyone", Right.LOOKUP)
        raise AlreadyExists("changed my mind")

    with pytest.raises(AlreadyExists):
        world.write(world.alice, work)
    assert (world.folder(world.alice), world.read(world.alice, lambda tx: tx.entries(world.work))) == before
    assert world.rights(world.bob) == Right.NONE


def test_a_refusal_in_a_batch_does_not_undo_its_neighbours(world: World) -> None:
    held = Held(world.house, world.alice)
    waiting = [
        world.house.store.write_later(who, add(world))  # type: ignore[arg-type]
        for who in (world.alice, world.bob, world.alice)
    ]
    held.let_go()
    assert [type(each.exception(WAIT)).__name__ for each in waiting] == ["NoneType", "NotFound", "NoneType"]


def test_a_grant_that_was_rolled_back_is_not_remembered(world: World) -> None:
    def work(tx: WriteTx) -> None:
        tx.grant("Work", "everyone", ALL)
        tx.explain("Work", world.bob.name)
        raise AlreadyExists("no")

    with pytest.raises(AlreadyExists):
        world.write(world.alice, work)
    world.grant("Work", "everyone", "l")  # the tree is at the number it would have had
    assert world.rights(world.bob) == Right.LOOKUP


def test_after_the_end_nothing_is_taken_on(place: Place, world: World) -> None:
    store = open_store(place.data, place.url, bus=Silent())  # type: ignore[arg-type]
    asyncio.run(store.close())
    with pytest.raises(TryAgain, match="stopping"):
        store.write_later(world.alice, add(world))  # type: ignore[arg-type]


# --- two processes --------------------------------------------------------------------------------------------------


def test_two_that_move_against_each_other_both_get_through(world: World, elsewhere: House) -> None:
    world.grant("Work", world.bob, "lrswite")
    inbox = world.folder(world.bob, "INBOX").id
    world.put(*(letter() for _ in range(20)))
    world.put(*(letter() for _ in range(20)), at=inbox, who=world.bob)
    waiting = []
    for uid in range(1, 21):
        for house, here, there in ((world.house, world.work, inbox), (elsewhere, inbox, world.work)):
            uids = [(uid, uid)]
            work = lambda tx, here=here, there=there, uids=uids: tx.move(here, uids, there)  # noqa: E731
            waiting.append(house.store.write_later(world.bob, work))
    assert sum(len(each.result(WAIT)) for each in waiting) == 40
    assert (world.folder(world.alice).total, world.folder(world.bob, inbox).total) == (20, 20)


def test_two_processes_do_not_fill_a_folder_beyond_its_quota(world: World, elsewhere: House) -> None:
    world.write(world.alice, lambda tx: tx.set_folder("Work", quota_items=5))
    waiting = [
        house.store.write_later(DELIVERY, lambda tx: deliver(tx, world.work, letter()))
        for _ in range(10)
        for house in (world.house, elsewhere)
    ]
    told = [each.exception(WAIT) for each in waiting]
    assert [type(each) for each in told if each is not None] == [OverQuota] * 15
    assert world.folder(world.alice).total == 5


def test_two_processes_that_make_the_same_folder_are_told_so(world: World, elsewhere: House) -> None:
    waiting = [
        house.store.write_later(world.alice, lambda tx, number=number: tx.create_folder(f"Race/{number}"))  # type: ignore[misc]
        for number in range(10)
        for house in (world.house, elsewhere)
    ]
    told = [each.exception(WAIT) for each in waiting]
    assert {type(each) for each in told if each is not None} == {AlreadyExists}
    assert sum(each is None for each in told) == 10


def test_what_is_delivered_to_a_folder_that_goes_meanwhile_is_refused_in_words(world: World, elsewhere: House) -> None:
    waiting = [
        world.house.store.write_later(world.alice, lambda tx: tx.delete_folder(world.deep)),
        *(elsewhere.store.write_later(DELIVERY, lambda tx: deliver(tx, world.deep, letter())) for _ in range(10)),
    ]
    told = [each.exception(WAIT) for each in waiting]
    assert all(each is None or isinstance(each, GroupwareError) for each in told)
    assert world.read(world.alice, lambda tx: tx.quota(world.work)) == []


# --- the database's troubles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("database is locked"),
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.OperationalError("disk I/O error"),
        psycopg.OperationalError("the connection is closed"),
        psycopg.errors.DeadlockDetected("deadlock detected"),
        psycopg.errors.DiskFull("no space"),
    ],
)
def test_what_passes_by_itself_is_try_again(error: Exception) -> None:
    assert isinstance(trouble(error), TryAgain)


def test_a_disk_that_is_full_is_told_of() -> None:
    for error in (sqlite3.OperationalError("database or disk is full"), psycopg.errors.DiskFull("no space")):
        assert isinstance(trouble(error), DiskFull)


def test_what_is_a_bug_stays_one() -> None:
    error = sqlite3.IntegrityError("UNIQUE constraint failed")
    assert trouble(error) is error


def test_the_version_is_the_same_until_somebody_commits(world: World, elsewhere: House) -> None:
    version = world.house.store.version
    before = version()
    world.read(world.alice, lambda tx: tx.folder(world.work))
    read = version()
    world.put(letter())
    written = version()
    elsewhere.write(lambda tx: tx.append(world.work, [letter()]), world.alice)
    if world.house.store.database.postgres:
        assert {before, read, written, version()} == {None}
    else:
        assert before == read
        assert len({before, written, version()}) == 3


def test_the_version_of_another_connection_is_another(world: World) -> None:
    store = world.house.store
    if store.database.postgres:
        assert store.version() is None
        return
    with ThreadPoolExecutor(1) as other:
        assert store.version() != other.submit(store.version).result(WAIT)


def test_a_read_sees_nothing_that_is_committed_while_it_lasts(world: World, elsewhere: House) -> None:
    def work(tx: ReadTx) -> tuple[Sequence[Uid], Sequence[Uid]]:
        before = tx.uids(world.work)
        elsewhere.write(lambda other: other.append(world.work, [letter()]), world.alice)
        return before, tx.uids(world.work)

    store = world.house.store
    before, after = asyncio.run(store.glance(world.alice, work))
    assert before == after
    assert len(asyncio.run(store.glance(world.alice, lambda tx: tx.uids(world.work)))) == len(before) + 1


def test_a_read_whose_statements_were_built_for_it_ends_with_it(world: World) -> None:
    store = world.house.store

    def paths() -> list[str]:
        return [each.path for each in asyncio.run(store.glance(world.bob, lambda tx: tx.folders()))]

    before = paths()
    world.write(world.bob, lambda tx: tx.create_folder("Later"))
    assert set(paths()) - set(before) == {"Later"}
