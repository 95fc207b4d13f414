"""Marks: after COMMIT, to whoever watches, in this process and in others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event

import psycopg
import pytest

from groupware.model.ids import FolderId, ModSeq
from groupware.model.item import Kind
from groupware.model.principal import OPERATOR
from groupware.model.rights import parse_rights
from groupware.store import SharedBus, SqlStore, open_bus, open_store
from groupware.store.api import POLICY, QUEUE, SERVER_ENTRIES, Bus
from groupware.store.bus import LocalBus, PostgresEar, SqliteEar
from groupware.store.marks import LONGEST, decoded, encoded
from groupware.store.sql.engine import psycopg_url
from mailcore.server import storage
from mailcore.server.config import load
from tests.store.conftest import Place

PATIENCE = 20.0
A, B = FolderId(7), FolderId(8)


def marks(**modseqs: int) -> dict[FolderId, ModSeq]:
    return {FolderId(int(name[1:])): ModSeq(modseq) for name, modseq in modseqs.items()}


async def test_a_watch_hears_of_its_folders_alone() -> None:
    bus = LocalBus()
    watch = bus.watch([A])
    bus.publish(marks(f7=3, f8=4))
    assert await watch.changed(PATIENCE) == {A: 3}


async def test_marks_coalesce_to_the_newest() -> None:
    bus = LocalBus()
    watch = bus.watch([A, B])
    for mark in (marks(f7=3), marks(f7=5, f8=1), marks(f7=4)):
        bus.publish(mark)
    assert await watch.changed(PATIENCE) == {A: 5, B: 1}


async def test_one_who_waits_is_woken_from_any_thread() -> None:
    bus = LocalBus()
    watch = bus.watch([A])
    waiting = asyncio.create_task(watch.changed(PATIENCE))
    await asyncio.to_thread(bus.publish, marks(f7=3))
    assert await waiting == {A: 3}


async def test_without_news_the_wait_ends_empty() -> None:
    assert await LocalBus().watch([A]).changed(0.01) == {}


async def test_a_mark_that_was_told_is_not_told_again() -> None:
    bus = LocalBus()
    watch = bus.watch([A])
    bus.publish(marks(f7=3))
    assert await watch.changed(PATIENCE) == {A: 3}
    bus.publish(marks(f7=3))
    assert await watch.changed(0.01) == {}


async def test_what_came_before_a_watch_shows_in_the_count_of_news() -> None:
    bus = LocalBus()
    before = bus.news
    bus.watch([A])
    assert bus.news == before
    bus.publish(marks(f8=1))
    assert bus.news != before


async def test_a_watch_that_is_closed_hears_no_more() -> None:
    bus = LocalBus()
    watch = bus.watch([A])
    watch.close()
    bus.publish(marks(f7=3))
    assert await watch.changed(0.01) == {}
    assert bus.watched() == []


def test_a_watch_whose_loop_has_ended_harms_nobody() -> None:
    bus = LocalBus()

    async def begin() -> None:
        bus.watch([A])

    asyncio.run(begin())
    bus.publish(marks(f7=3))
    assert bus.watched() == [A]


def test_many_marks_go_in_pieces_that_fit() -> None:
    many = {FolderId(number * 1_000_003): ModSeq(number + 10**12) for number in range(2000)}
    payloads = list(encoded(many))
    assert len(payloads) > 1 and max(map(len, payloads)) <= LONGEST
    together: dict[FolderId, ModSeq] = {}
    for payload in payloads:
        together |= decoded(payload)
    assert together == many


# --- two processes on one database: two buses and two stores


@pytest.fixture
def buses(place: Place) -> Iterator[Callable[[], SharedBus]]:
    made: list[SharedBus] = []

    def open_one() -> SharedBus:
        made.append(open_bus(place.data, place.url))
        made[-1].listen()
        return made[-1]

    yield open_one
    for bus in made:
        bus.close()


async def new_folder(store: SqlStore, path: str) -> FolderId:
    folder = await store.write(OPERATOR, lambda tx: tx.add_folder(OPERATOR.account, path, Kind.MAIL))
    return folder.id


async def test_another_process_hears_of_a_commit(store: SqlStore, buses: Callable[[], SharedBus]) -> None:
    at = await new_folder(store, "News")
    watch = buses().watch([at])
    found = await change_until_heard(store, watch.changed, at)
    assert found[at] > 0


async def test_another_process_hears_in_the_folders_below_what_happens_to_one(
    store: SqlStore, buses: Callable[[], SharedBus]
) -> None:
    above, below = await new_folder(store, "News"), await new_folder(store, "News/Old")
    watch = buses().watch([below])
    await change_until_heard(store, watch.changed, below)
    await store.write(OPERATOR, lambda tx: tx.grant(above, "anyone", parse_rights("lr")))
    assert below in await watch.changed(PATIENCE)


async def test_another_process_hears_of_annotations_of_the_server(
    store: SqlStore, buses: Callable[[], SharedBus]
) -> None:
    watch, newest = buses().watch([SERVER_ENTRIES]), ModSeq(0)
    found: dict[FolderId, ModSeq] = {}
    for number in range(200):  # an ear needs a moment until it listens
        entry = {"/shared/comment": b"%d" % number}
        newest = await store.write(OPERATOR, lambda tx, entry=entry: tx.annotate(None, entry))  # type: ignore[misc]
        if found := dict(await watch.changed(0.1)):
            break
    assert found.keys() == {SERVER_ENTRIES}
    assert 0 < found[SERVER_ENTRIES] <= newest


async def test_another_process_hears_that_the_rules_have_changed(
    store: SqlStore, buses: Callable[[], SharedBus]
) -> None:
    watch = buses().watch([POLICY])
    found: dict[FolderId, ModSeq] = {}
    for _ in range(200):  # an ear needs a moment until it listens
        await store.write(OPERATOR, lambda tx: tx.put_policy([]))
        if found := dict(await watch.changed(0.1)):
            break
    assert found.keys() == {POLICY}


async def test_an_ear_that_begins_to_listen_tells_the_epoch_of_the_rules(store: SqlStore, place: Place) -> None:
    await store.write(OPERATOR, lambda tx: tx.put_policy([]))
    bus, stopped = LocalBus(), Event()
    watch = bus.watch([POLICY])
    ear = PostgresEar(psycopg_url(place.url)) if place.url else SqliteEar(place.data)
    listening = asyncio.create_task(asyncio.to_thread(ear.listen, stopped, bus))
    assert dict(await watch.changed(PATIENCE)) == {POLICY: 1}
    stopped.set()
    await listening


async def change_until_heard(store: SqlStore, changed: Callable[..., object], at: FolderId) -> dict[FolderId, ModSeq]:
    """Change the folder again and again: an ear needs a moment until it listens."""
    for number in range(200):
        await store.write(OPERATOR, lambda tx, n=number: tx.set_folder(at, quota_items=1000 + n))  # type: ignore[misc]
        found = await changed(0.1)  # type: ignore[misc]
        if found:
            return dict(found)
    raise AssertionError("nothing was heard")


async def test_the_bus_of_a_new_database_hears_from_the_start(
    other: Place, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    lost: list[Exception] = []
    monkeypatch.setattr(storage, "_deaf", lost.append)
    config = load(None, data=other.data, environ={"DATABASE_URL": other.url} if other.url else {})
    here = await storage.open_storage(config)
    there = await storage.open_storage(config, listen=False)
    try:
        at = await new_folder(here.store, "News")
        watch = here.bus.watch([at])
        await change_until_heard(there.store, watch.changed, at)
        assert lost == []
    finally:
        await there.close()
        await here.close()


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
async def test_an_ear_that_was_cut_off_comes_back(place: Place, store: SqlStore) -> None:
    cut = asyncio.Event()
    loop = asyncio.get_running_loop()
    bus = open_bus(place.data, place.url, failed=lambda error: loop.call_soon_threadsafe(cut.set))
    bus.listen()
    try:
        at = await new_folder(store, "News")
        watch = bus.watch([at])
        await change_until_heard(store, watch.changed, at)
        hang_up(place)
        await asyncio.wait_for(cut.wait(), PATIENCE)
        await store.write(OPERATOR, lambda tx: tx.set_folder(at, quota_items=5))
        now = await store.read(OPERATOR, lambda tx: tx.folder(at).modseq)
        heard: dict[FolderId, ModSeq] = {}
        while heard.get(at) != now:  # what was changed before may be heard of first
            heard = dict(await watch.changed(PATIENCE))
            assert heard, "nothing was heard"
    finally:
        bus.close()


def hang_up(place: Place) -> None:
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'postroom-bus'"
        )


async def test_nobody_hears_of_what_was_rolled_back(store: SqlStore, place: Place) -> None:
    bus: Bus = LocalBus()
    other = open_store(place.data, place.url, bus=bus)
    try:
        at = await new_folder(other, "News")
        watch = bus.watch([at, QUEUE])
        with suppress(ZeroDivisionError):
            await other.write(OPERATOR, lambda tx: (tx.set_folder(at, quota_items=5), 1 // 0))
        assert await watch.changed(0.05) == {}
    finally:
        await other.close()
