"""Mail that scanners hold back: where it lies, who gets it when it is released, and that nobody gets it twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from connectors.scanners.teaching import teach
from groupware.model.errors import GroupwareError, NotFound, Refused
from groupware.model.event import Target
from groupware.model.ids import EVERY, AccountId
from groupware.model.item import Item, Kind, NewItem
from groupware.model.mailinglist import Subscriber
from groupware.model.principal import DELIVERY, OPERATOR, NewAccount, PrincipalKind
from groupware.store.api import ReadTx, WriteTx
from mailcore.queue.quarantine import Desk, Entry, delete, listed, one, release
from mailcore.queue.releasing import release_all
from mailcore.server.config import load
from mailcore.server.parts import ServiceSetup
from mailcore.server.running import Running
from mailcore.server.tasks import Supervisor
from mailcore.smtp.processing import processing
from tests.protocol.scanners import test_filter
from tests.protocol.scanners.test_filter import ALICE, BOB, MESSAGE, Pupil, desk
from tests.support.dnstable import Table
from tests.support.eventlog import RecordingLog

SPAM = "quarantine_score = 10.0\njunk_score = 5.0"


def quarantine(at: test_filter.Desk) -> Desk:
    return Desk(at.here.store, at.here.blobs, at.here.parts.secret, at.here.log)


async def found(at: test_filter.Desk) -> Sequence[Entry]:
    return await listed(quarantine(at))


async def held(at: test_filter.Desk, *to: str) -> Entry:
    """One message that was held back."""
    at.rspamd.score = 12.0
    assert (await at.send(*to)).startswith("250")
    [entry] = await found(at)
    return await one(quarantine(at), entry.item.id)


@asynccontextmanager
async def processed(at: test_filter.Desk, folder: Path) -> AsyncIterator[None]:
    """Processing runs, until the queue is empty at the end."""
    config = load(folder / "postroom.toml", data=folder, environ={}, services=())
    setup = ServiceSetup("processing", config.services["processing"], config)
    async with Supervisor(RecordingLog()) as tasks:
        parts = replace(at.here.parts, dns=cast(Any, Table()))
        running = Running(processing(parts, setup), tasks, cast(Any, None))
        try:
            yield
            async with asyncio.timeout(20):
                while await at.here.queued():
                    await at.here.log.moved()
        finally:
            await running.stop(5)


async def test_nobody_gets_it_and_the_sender_is_told_that_it_was_taken(tmp_path: Path) -> None:
    async with desk(tmp_path, SPAM) as at:
        entry = await held(at, ALICE, BOB)
        assert [await at.folders(each) for each in (ALICE, BOB)] == [{}, {}]
        assert entry.held is not None
        assert [each.address for each in entry.held.recipients] == [ALICE, BOB]
        assert (entry.held.sender, entry.held.reason) == ("a@far.test", "rspamd: spam score 12")
        assert entry.held.octets.endswith(MESSAGE.partition(b"\r\n\r\n")[2])
        assert entry.place.path == "Public/example.test/Quarantine"


async def test_below_the_score_it_is_junk(tmp_path: Path) -> None:
    async with desk(tmp_path, SPAM) as at:
        at.rspamd.score = 9.9
        await at.send()
        assert await at.folders() == {"Junk": 1}
        assert await found(at) == []


async def test_what_a_scanner_wants_set_apart_is_held_back_where_it_is_obeyed(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.rspamd.action = "quarantine"
        await at.send()
        assert len(await found(at)) == 1


async def test_or_goes_to_junk_where_it_is_not(tmp_path: Path) -> None:
    async with desk(tmp_path, "obey = false") as at:
        at.rspamd.action = "quarantine"
        await at.send()
        assert await at.folders() == {"Junk": 1}


async def test_released_it_goes_to_all_it_was_for_without_being_looked_at_again(tmp_path: Path) -> None:
    async with desk(tmp_path, SPAM) as at:
        entry = await held(at, ALICE, BOB)
        asked = at.rspamd.asked
        async with processed(at, tmp_path):
            await release(quarantine(at), entry, "the operator (ann)")
        assert [await at.folders(each) for each in (ALICE, BOB)] == [{"INBOX": 1}, {"INBOX": 1}]
        assert at.rspamd.asked == asked
        [octets] = await at.here.bodies("alice")
        assert entry.held is not None
        assert octets == b"Return-Path: <a@far.test>\r\n" + entry.held.octets
        assert await found(at) == []
        told = await at.here.trace(entry.held.message)
        assert {each.event.name for each in told} >= {"received", "quarantined", "released", "delivered"}
        assert {each.event.facts["who"] for each in told if each.event.name == "released"} == {"the operator (ann)"}


async def test_what_the_owner_s_rules_say_holds_for_what_is_released(tmp_path: Path) -> None:
    def work(tx: WriteTx) -> None:
        account = tx.account(ALICE).id
        tx.put_script("main", b'require "fileinto"; fileinto "Archive";', account)
        tx.activate_script("main", account)

    async with desk(tmp_path, SPAM) as at:
        await at.here.write(work)
        entry = await held(at)
        async with processed(at, tmp_path):
            await release(quarantine(at), entry, "x")
        assert await at.folders() == {"Archive": 1}


async def test_it_is_released_once_whoever_is_at_it(tmp_path: Path) -> None:
    async with desk(tmp_path, SPAM) as at:
        entry = await held(at)
        both = await asyncio.gather(
            release(quarantine(at), entry, "a"), release(quarantine(at), entry, "b"), return_exceptions=True
        )
        assert sorted(isinstance(each, NotFound) for each in both) == [False, True]
        [waiting] = await at.here.queued()
        assert waiting.envelope.cleared
        with pytest.raises(NotFound, match="somebody else has released or deleted it"):
            await delete(quarantine(at), entry, "c")


async def test_the_scanner_learns_that_it_was_no_spam_as_it_came(tmp_path: Path) -> None:
    async with desk(tmp_path, SPAM) as at:
        entry = await held(at)
        await release(quarantine(at), entry, "x")
        pupil = Pupil()
        assert await teach(at.here.store, at.here.blobs, [pupil], RecordingLog()) == 1
        assert entry.held is not None
        assert pupil.learned == [(entry.held.octets, False, ALICE)]


async def test_or_that_it_was_where_it_is_deleted_as_such(tmp_path: Path) -> None:
    async with desk(tmp_path, SPAM) as at:
        entry = await held(at)
        await delete(quarantine(at), entry, "x", spam=True)
        pupil = Pupil()
        await teach(at.here.store, at.here.blobs, [pupil], RecordingLog())
        assert [(spam, who) for _, spam, who in pupil.learned] == [(True, ALICE)]
        assert (await found(at), await at.here.queued()) == ([], [])
        assert entry.held is not None
        assert "withheld" in [each.event.name for each in await at.here.trace(entry.held.message)]


async def test_people_may_have_a_quarantine_of_their_own_and_take_their_mail_out(tmp_path: Path) -> None:
    async with desk(tmp_path, SPAM) as at:
        await at.here.write(lambda tx: tx.put_setting("quarantineAccess", "recipient", tx.account(ALICE).id))
        at.rspamd.score = 12.0
        await at.send(ALICE, BOB)
        assert await at.folders() == {"Quarantine": 1}
        assert sorted(each.place.path for each in await found(at)) == [
            "Other Users/alice@example.test/Quarantine",
            "Public/example.test/Quarantine",
        ]
        for each in await found(at):
            assert each.held is not None
            assert len(each.held.recipients) == 1


async def test_what_somebody_has_put_there_is_not_sent_on(tmp_path: Path) -> None:
    async with desk(tmp_path, SPAM) as at:
        entry = await held(at)
        octets = await at.here.blobs.read(entry.item.blob)
        forged = octets.replace(b'["alice@example.test"', b'["carol@far.test"')
        stored = await at.here.blobs.put(forged)

        def work(tx: WriteTx) -> None:
            new = NewItem(Kind.MAIL, stored.blob, stored.size, b"", stored.body)
            [verdict] = tx.deliver([Target("folder", folder=entry.place.at)], new)
            assert not isinstance(verdict, GroupwareError)

        await at.here.parts.store.write(DELIVERY, work)
        other = next(each for each in await found(at) if each.item.id != entry.item.id)
        assert other.held is None
        with pytest.raises(Refused, match="has not held it back"):
            await release(quarantine(at), await one(quarantine(at), other.item.id), "x")
        await delete(quarantine(at), other, "x")
        assert len(await found(at)) == 1


async def test_only_what_is_held_back_can_be_released(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.send()

        def work(tx: ReadTx) -> Item:
            return tx.items(tx.role(tx.account(ALICE).id, "inbox").id, EVERY)[0]

        item = await at.here.parts.store.read(OPERATOR, work)
        with pytest.raises(NotFound, match="in quarantine"):
            await one(quarantine(at), item.id)


async def test_what_was_for_a_list_is_not_held_back_again_for_each_subscriber(tmp_path: Path) -> None:
    name = "news@example.test"

    def work(tx: WriteTx) -> None:
        tx.put_account(NewAccount(name, PrincipalKind.LIST))
        tx.put_setting("listModerate", "none", tx.account(name).id)
        for each in (ALICE, BOB):
            tx.put_subscriber(name, Subscriber(each))

    async with desk(tmp_path, SPAM) as at:
        await at.here.write(work)
        entry = await held(at, name)
        asked = at.rspamd.asked
        async with processed(at, tmp_path):
            await release(quarantine(at), entry, "x")
            async with asyncio.timeout(20):
                while not (await at.folders(ALICE) and await at.folders(BOB)):
                    await at.here.log.moved()
        assert [await at.folders(each) for each in (ALICE, BOB)] == [{"INBOX": 1}, {"INBOX": 1}]
        assert (at.rspamd.asked, await found(at)) == (asked, [])


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ({"listModerate": "all"}, "Moderation"),
        ({"listModerate": "nonMembers", "listSenderAllow": "all"}, "Moderation"),
        ({"listModerate": "none", "listSenderAllow": "members"}, "Rejected"),
        ({"listModerate": "none", "listSenderAllow": "all", "listDigest": True}, "Digest"),
    ],
)
async def test_a_list_judges_what_was_released_as_it_judges_all_mail(
    tmp_path: Path, settings: Mapping[str, str | bool], folder: str
) -> None:
    name = "news@example.test"

    def work(tx: WriteTx) -> AccountId:
        of = tx.put_account(NewAccount(name, PrincipalKind.LIST)).id
        for each, value in settings.items():
            tx.put_setting(each, value, of)
        tx.put_subscriber(name, Subscriber(ALICE, delivery="digest"))
        return of

    def total(tx: ReadTx) -> int:
        try:
            return tx.locate(of, folder).total
        except NotFound:
            return 0

    async with desk(tmp_path, SPAM) as at:
        of = await at.here.write(work)
        entry = await held(at, name)
        async with processed(at, tmp_path):
            await release(quarantine(at), entry, "x")
            async with asyncio.timeout(20):
                while not await at.here.read(total):
                    await at.here.log.moved()
        assert await at.folders() == {}


async def test_who_administers_the_domain_releases_it_in_a_mail_program(tmp_path: Path) -> None:
    async with desk(tmp_path, SPAM) as at:
        entry = await held(at, ALICE)
        who = await at.here.read(lambda tx: tx.identity(tx.account("postmaster@example.test").id))

        def move(tx: WriteTx) -> None:
            there = tx.folder("Public/Quarantine").id
            tx.move(there, EVERY, tx.folder("Public/Quarantine/Release").id)

        async with processed(at, tmp_path):
            await at.here.parts.store.write(who, move)
            async with asyncio.timeout(20):
                while not await at.folders():
                    await at.here.log.moved()
        assert await at.folders() == {"INBOX": 1}
        assert entry.held is not None
        told = await at.here.trace(entry.held.message)
        assert {each.event.facts["who"] for each in told if each.event.name == "released"} == {who.name}
        assert await found(at) == []


async def test_what_was_never_held_back_goes_nowhere_from_there(tmp_path: Path) -> None:
    async with desk(tmp_path, SPAM) as at:
        entry = await held(at, ALICE)
        stored = await at.here.blobs.put(MESSAGE)
        foreign = NewItem(Kind.MAIL, stored.blob, stored.size, b"", stored.body)
        await at.here.write(lambda tx: tx.append(tx.folder(f"{entry.place.path}/Release").id, [foreign]))
        assert await release_all(quarantine(at)) == 0
        assert len(await found(at)) == 2
        assert await at.here.queued() == []
