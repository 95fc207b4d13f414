"""Mail of a mailbox on another server comes here once, whatever breaks, and is removed there only when it is safe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groupware.model.errors import TryAgain
from groupware.model.principal import OPERATOR
from groupware.model.times import now_micros
from groupware.store.api import WriteTx
from mailcore.rpop.fetch import fetch
from mailcore.server.errands import LONGEST_PAUSE
from tests.protocol.queue.conftest import place as place
from tests.protocol.queue.conftest import settled_postgres as settled_postgres
from tests.support.certificates import Authority
from tests.support.poppeer import BOB, Fetching, PopPeer, fetching_at, letter, pop_peer, served_by
from tests.support.postoffice import Place, post_office

ONE, TWO, THREE = letter("one"), letter("two"), letter("three")
MINUTE = 60 * 1_000_000


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def rpop(tmp_path: Path, authority: Authority) -> AsyncIterator[Fetching]:
    async with post_office(Place(tmp_path)) as office:
        yield fetching_at(office, authority)


@pytest.fixture
async def peer(authority: Authority) -> AsyncIterator[PopPeer]:
    async with pop_peer(served_by(authority), ONE, TWO) as made:
        yield made


def subjects(letters: list[bytes]) -> list[str]:
    return sorted(each.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode() for each in letters)


async def test_what_is_there_comes_once_and_stays_where_that_is_wanted(rpop: Fetching, peer: PopPeer) -> None:
    await rpop.add(peer)
    for _ in range(2):
        box = await rpop.once()
        assert (box.said, box.tries, box.fetched) == ("", 0, 2)
    assert subjects(await rpop.letters()) == ["one", "two"]
    assert list(peer.letters) == ["u1", "u2"] and peer.heard.count("RETR 1") == 1
    peer.letters["u3"] = THREE
    assert (await rpop.once()).fetched == 3
    assert rpop.office.parts.counters.total("RPOP_RetrievedMessage") == 3


async def test_a_message_is_stored_as_it_was_under_a_line_that_says_where_from(rpop: Fetching, peer: PopPeer) -> None:
    peer.letters = {"u1": b"Return-Path: <ann@elsewhere.test>\r\n" + ONE}
    await rpop.add(peer)
    await rpop.once()
    (found,) = await rpop.letters()
    assert found.startswith(b"Return-Path: <ann@elsewhere.test>\r\nReceived: from pop.far.test ([127.0.0.1])\r\n\tby ")
    assert b"for <bob@example.test>" in found and found.endswith(ONE)


async def test_what_was_fetched_is_removed_there_where_that_is_wanted(rpop: Fetching, peer: PopPeer) -> None:
    await rpop.add(peer, keep=False)
    await rpop.once()
    assert peer.letters == {} and subjects(await rpop.letters()) == ["one", "two"]


async def test_a_connection_that_breaks_before_its_end_removes_nothing_and_nothing_comes_twice(
    rpop: Fetching, peer: PopPeer
) -> None:
    await rpop.add(peer, keep=False)
    peer.hang_up_at = "QUIT"
    box = await rpop.once()
    assert box.tries == 1 and len(peer.letters) == 2 and len(await rpop.letters()) == 2
    peer.hang_up_at = ""
    box = await rpop.once()
    assert (box.tries, peer.letters, len(await rpop.letters())) == (0, {}, 2)


async def test_a_write_that_fails_remembers_nothing_and_removes_nothing(
    rpop: Fetching, peer: PopPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from groupware.store.sql import remotes

    def broken(*given: object, **more: object) -> None:
        raise TryAgain("the disk is full")

    await rpop.add(peer, keep=False)
    with monkeypatch.context() as patched:
        patched.setattr(remotes, "remember", broken)
        assert "the disk is full" in (await rpop.once()).said
    assert len(peer.letters) == 2 and await rpop.letters() == []
    await rpop.once()
    assert peer.letters == {} and len(await rpop.letters()) == 2


async def test_who_has_lost_the_lease_delivers_nothing_more(place: Place, authority: Authority) -> None:
    async with post_office(place) as office, pop_peer(served_by(authority), ONE, TWO) as peer:
        rpop = fetching_at(office, authority)
        await rpop.add(peer, keep=False)
        peer.gate.clear()
        slow = asyncio.create_task(fetch(rpop.desk, await rpop.claimed(0)))  # its lease ends at once
        await peer.retrieving.get()
        other = asyncio.create_task(fetch(rpop.desk, await rpop.claimed()))
        await peer.retrieving.get()
        peer.gate.set()
        await asyncio.gather(slow, other)
        assert subjects(await rpop.letters()) == ["one", "two"]
        assert (await rpop.box()).fetched == 2


async def test_two_services_fetch_a_mailbox_once(place: Place, authority: Authority) -> None:
    async with post_office(place) as office, pop_peer(served_by(authority), ONE, TWO) as peer:
        rpop = fetching_at(office, authority)
        await rpop.add(peer)
        peer.gate.clear()
        services = [rpop.service(), rpop.service()]
        tasks = [asyncio.create_task(each.work()) for each in services]
        await peer.retrieving.get()
        assert await office.store.write(OPERATOR, lambda tx: tx.claim_remote_box(rpop.number, now_micros())) is None
        peer.gate.set()
        while not (await rpop.box()).done:
            await office.log.moved()
        assert peer.connections == 1 and len(await rpop.letters()) == 2
        for each in services:
            await each.drain(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_asks_for_it_again_and_again_waits_a_minute_each_time(rpop: Fetching, peer: PopPeer) -> None:
    await rpop.add(peer)
    await rpop.once()
    when = await rpop.office.store.write(OPERATOR, lambda tx: tx.hasten_remote_box(rpop.number, BOB))
    box = await rpop.box()
    assert box.due == when == box.begun + MINUTE


async def test_it_goes_to_the_chosen_folder_and_to_the_inbox_when_that_is_gone(rpop: Fetching, peer: PopPeer) -> None:
    at = await rpop.folder("Far")
    await rpop.add(peer, folder=at)
    await rpop.once()
    assert len(await rpop.letters("Far")) == 2 and await rpop.letters() == []
    await rpop.office.store.write(OPERATOR, lambda tx: tx.delete_folder(at))
    peer.letters["u3"] = THREE
    await rpop.once()
    assert subjects(await rpop.letters()) == ["three"]


async def test_the_owners_script_has_its_say(rpop: Fetching, peer: PopPeer) -> None:
    text = b"""require "fileinto"; if header :is "subject" "one" { fileinto "Seen"; }
        elsif header :is "subject" "two" { discard; }"""

    def script(tx: WriteTx) -> None:
        account = tx.account(BOB).id
        tx.put_script("main", text, account)
        tx.activate_script("main", account)

    await rpop.office.store.write(OPERATOR, script)
    await rpop.folder("Seen")
    peer.letters["u3"] = THREE
    await rpop.add(peer, folder=await rpop.folder("Far"), keep=False)
    box = await rpop.once()
    assert subjects(await rpop.letters("Seen")) == ["one"] and subjects(await rpop.letters("Far")) == ["three"]
    assert (box.fetched, peer.letters) == (3, {})


async def test_what_a_script_refuses_stays_there_and_is_told(rpop: Fetching, peer: PopPeer) -> None:
    def script(tx: WriteTx) -> None:
        account = tx.account(BOB).id
        tx.put_script("main", b'require "reject"; if header :is "subject" "one" { reject "no thanks"; }', account)
        tx.activate_script("main", account)

    await rpop.office.store.write(OPERATOR, script)
    await rpop.add(peer, keep=False)
    for _ in range(2):
        box = await rpop.once()
        assert list(peer.letters) == ["u1"] and subjects(await rpop.letters()) == ["two"]
    assert box.tries == 0 and peer.heard.count("RETR 1") == 1
    assert await rpop.office.queue() == []  # the sender is told nothing by a server that was not asked


async def test_a_full_mailbox_leaves_the_rest_there(rpop: Fetching, peer: PopPeer) -> None:
    await rpop.add(peer, keep=False)
    await rpop.office.store.write(OPERATOR, lambda tx: tx.put_setting("mailboxMessageCount", 1, tx.account(BOB).id))
    box = await rpop.once()
    assert box.tries == 1 and "the rest waits there" in box.said
    assert list(peer.letters) == ["u2"] and subjects(await rpop.letters()) == ["one"]


async def test_a_message_that_is_too_large_stays_there(tmp_path: Path, authority: Authority, peer: PopPeer) -> None:
    async with post_office(Place(tmp_path)) as office:
        rpop = fetching_at(office, authority, max_message_size=1)
        peer.letters = {"u1": ONE + b"x" * 2000, "u2": TWO}
        await rpop.add(peer, keep=False)
        box = await rpop.once()
        assert (box.said, box.tries) == ("[someStay] 1 stay there: larger than 1 KB", 0)
        assert list(peer.letters) == ["u1"] and subjects(await rpop.letters()) == ["two"]


async def test_what_goes_round_in_circles_is_left_there(rpop: Fetching, peer: PopPeer) -> None:
    peer.letters = {"u1": letter("round", *["Received: from a by b"] * 40)}
    await rpop.add(peer, keep=False)
    assert "round in circles" in (await rpop.once()).said
    assert (await rpop.once()).said == "" and peer.heard.count("RETR 1") == 1
    assert list(peer.letters) == ["u1"] and await rpop.letters() == []


async def test_more_than_one_connection_is_to_bring_is_fetched_at_once_after_it(rpop: Fetching, peer: PopPeer) -> None:
    rpop.desk.most = 1
    await rpop.add(peer)
    box = await rpop.once()
    assert box.fetched == 1 and box.due <= now_micros()
    box = await rpop.once()
    assert box.fetched == 2 and box.due > now_micros() + 9 * MINUTE


async def test_names_that_others_claim_to_have_from_us_are_taken_out(rpop: Fetching, peer: PopPeer) -> None:
    host = rpop.desk.here.authserv_id
    peer.letters = {"u1": letter("forged", f"Authentication-Results: {host}; dmarc=pass", "X-Other: stays")}
    await rpop.add(peer)
    await rpop.once()
    (found,) = await rpop.letters()
    assert b"dmarc=pass" not in found and b"X-Other: stays" in found


async def test_who_may_not_is_not_fetched_for(rpop: Fetching, peer: PopPeer) -> None:
    await rpop.add(peer)
    await rpop.office.store.write(OPERATOR, lambda tx: tx.put_setting("rpop", False, tx.account(BOB).id))
    box = await rpop.once()
    assert "switched off" in box.said and peer.connections == 0


async def test_the_pause_doubles_up_to_a_day_and_no_further(rpop: Fetching, peer: PopPeer) -> None:
    await rpop.add(peer, password="wrong")
    pauses = []
    for _ in range(10):
        before = now_micros()
        box = await rpop.once()
        pauses.append(round((box.due - before) / MINUTE))
    assert pauses[:4] == [10, 20, 40, 80] and pauses[-1] == 24 * 60
    assert box.said.startswith("[notLetIn] ") and "does not let" in box.said
    assert box.tries == 10 and box.done == 0
    assert LONGEST_PAUSE == 24 * 3600
