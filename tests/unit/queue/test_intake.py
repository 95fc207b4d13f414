"""The intake: who gets what, in one write, and what becomes of those who cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from groupware.model.errors import GroupwareError, NotFound, OverQuota, Refused, TryAgain
from groupware.model.event import Attempt, Envelope, Event, Landing, Outcome, Recipient, Target
from groupware.model.ids import AccountId, BlobId, FolderId, QueueId, Uid
from groupware.model.item import NewItem
from groupware.model.principal import DELIVERY, Principal
from mailcore.queue.intake import PROCESSING, Intake
from mailcore.queue.plans import Message
from mailcore.server.counters import Counters
from tests.support.eventlog import RecordingLog

ALICE, BOB, CAROL = AccountId(30), AccountId(20), AccountId(10)
INBOXES: Mapping[AccountId, FolderId] = {ALICE: FolderId(3), BOB: FolderId(2), CAROL: FolderId(1)}


@dataclass
class Held:
    """A blob as put."""

    blob: BlobId
    size: int
    body: bytes | None


class Bodies:
    """The blobs, in memory."""

    def __init__(self) -> None:
        self.kept: dict[BlobId, bytes] = {}

    async def put(self, octets: bytes) -> Held:
        name = BlobId(hashlib.sha256(octets).hexdigest())
        self.kept[name] = octets
        return Held(name, len(octets), octets)

    async def read(self, blob: BlobId, start: int = 0, length: int | None = None) -> bytes:
        return self.kept[blob]


@dataclass
class Rows:
    """What a write leaves behind."""

    delivered: list[tuple[FolderId, NewItem]] = field(default_factory=list)
    queued: list[Envelope] = field(default_factory=list)
    noted: list[Event] = field(default_factory=list)


class FakeStore:
    """Runs a write twice, as a store may, and keeps what the last run did."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.full: set[FolderId] = set()
        self.writes: list[Principal] = []

    async def write(self, who: Principal, work: Callable[[Any], Any]) -> Any:
        work(FakeTx(self, Rows()))
        tx = FakeTx(self, Rows())
        answer = work(tx)
        self.writes.append(who)
        self.rows.delivered += tx.rows.delivered
        self.rows.queued += tx.rows.queued
        self.rows.noted += tx.rows.noted
        return answer

    @property
    def folders(self) -> list[int]:
        return sorted(at for at, _ in self.rows.delivered)

    @property
    def waiting(self) -> list[tuple[str, ...]]:
        return [tuple(each.address for each in envelope.recipients) for envelope in self.rows.queued]


class FakeTx:
    def __init__(self, store: FakeStore, rows: Rows) -> None:
        self.store, self.rows = store, rows

    def deliver(self, to: Sequence[Target], new: NewItem) -> Sequence[Landing | GroupwareError]:
        found: list[Landing | GroupwareError] = []
        for target in to:
            at = target.folder or INBOXES[target.account or AccountId(0)]
            found.append(OverQuota("The folder is full.") if at in self.store.full else Landing(at, Uid(1)))
            if at not in self.store.full and at not in [each for each, _ in self.rows.delivered]:
                self.rows.delivered.append((at, new))
        return found

    def enqueue(self, envelope: Envelope) -> QueueId:
        self.rows.queued.append(envelope)
        return QueueId(77)

    def note(self, event: Event) -> None:
        self.rows.noted.append(event)


class Map:
    """A directory that is a table."""

    def __init__(self, table: Mapping[str, Sequence[Target] | GroupwareError]) -> None:
        self.table = table
        self.asked: list[str] = []

    async def resolve_all(self, addresses: Sequence[str]) -> Sequence[Sequence[Target] | GroupwareError]:
        self.asked += addresses
        return [self.table.get(each, NotFound(f"{each}: nobody")) for each in addresses]


def to(account: AccountId, address: str, tag: str = "") -> Target:
    return Target("account", account, address=address, tag=tag)


TABLE: Mapping[str, Sequence[Target] | GroupwareError] = {
    "alice@x": [to(ALICE, "alice@x")],
    "bob@x": [to(BOB, "bob@x")],
    "carol@x": [to(CAROL, "carol@x")],
    "al@x": [to(ALICE, "alice@x")],
    "news@x": [Target("folder", CAROL, FolderId(9), "news@x")],
    "team@x": [to(ALICE, "alice@x"), to(BOB, "bob@x"), Target("remote", address="dan@y")],
    "moved@x": [Target("remote", address="moved@y")],
    "out@y": [Target("remote", address="out@y")],
    "closed@x": Refused("closed@x takes no mail"),
    "slow@x": TryAgain("the directory is away"),
}
OCTETS = b"Received: here\r\nSubject: hi\r\n\r\nhello\r\n"


@dataclass
class Bench:
    """An intake, and what is behind it."""

    intake: Intake
    store: FakeStore
    bodies: Bodies
    directory: Map
    log: RecordingLog
    counters: Counters

    async def accept(self, *addresses: str, **options: Any) -> list[tuple[str, str, int]]:
        recipients = tuple(Recipient(each) for each in addresses)
        outcomes = await self.intake.accept(Message("from@z", recipients, OCTETS, "ID1"), **options)
        assert [each.recipient for each in outcomes] == list(addresses)
        return [(each.verdict, each.code, int(each.queue)) for each in outcomes]


@pytest.fixture
def bench() -> Bench:
    store, bodies, directory, log, counters = FakeStore(), Bodies(), Map(TABLE), RecordingLog(), Counters()
    intake = Intake(cast(Any, store), cast(Any, bodies), cast(Any, directory), counters, log)
    return Bench(intake, store, bodies, directory, log, counters)


DONE = ("sent", "2.0.0", 0)
QUEUED = ("sent", "2.0.0", 77)


async def test_local_recipients_share_one_body_that_says_where_it_came_from(bench: Bench) -> None:
    assert await bench.accept("alice@x", "bob@x") == [DONE, DONE]
    items = {item.blob for _, item in bench.store.rows.delivered}
    assert [bench.bodies.kept[blob] for blob in items] == [b"Return-Path: <from@z>\r\n" + OCTETS]
    assert bench.store.waiting == []
    assert bench.counters.total("PROCESSING_DeliveredLocal") == 2


async def test_one_write_serves_all(bench: Bench) -> None:
    await bench.accept("alice@x", "bob@x", "carol@x", "out@y")
    assert bench.store.writes == [DELIVERY]
    assert bench.store.folders == [1, 2, 3]


async def test_what_leaves_has_no_return_path(bench: Bench) -> None:
    assert await bench.accept("alice@x", "out@y") == [DONE, QUEUED]
    (envelope,) = bench.store.rows.queued
    assert bench.bodies.kept[envelope.blob] == OCTETS
    assert (envelope.sender, envelope.message, envelope.size) == ("from@z", "ID1", len(OCTETS))
    assert bench.store.waiting == [("out@y",)]


async def test_the_trace_tells_each_step_under_the_message_id(bench: Bench) -> None:
    await bench.accept("alice@x", "out@y", "nobody@x")
    assert [each.name for each in bench.store.rows.noted] == ["received", "delivered", "queued", "undelivered"]
    assert {each.message for each in bench.store.rows.noted} == {"ID1"}
    assert bench.log.named("delivered") == [{"to": "alice@x"}]
    assert bench.log.named("queued") == [{"queue": 77, "to": "out@y nobody@x"}]


async def test_two_addresses_of_one_folder_get_one_copy(bench: Bench) -> None:
    assert await bench.accept("alice@x", "al@x") == [DONE, DONE]
    assert bench.store.folders == [3]


async def test_a_group_is_served_here_and_elsewhere(bench: Bench) -> None:
    assert await bench.accept("team@x") == [QUEUED]
    assert bench.store.folders == [2, 3]
    assert bench.store.waiting == [("dan@y",)]
    assert bench.store.rows.queued[0].recipients[0].orcpt == "rfc822;team@x"


async def test_a_full_folder_holds_up_nobody(bench: Bench) -> None:
    bench.store.full = {FolderId(2)}
    assert await bench.accept("alice@x", "bob@x", "carol@x") == [DONE, QUEUED, DONE]
    assert bench.store.folders == [1, 3]
    assert bench.store.waiting == [("bob@x",)]
    assert bench.bodies.kept[bench.store.rows.queued[0].blob] == OCTETS


async def test_only_the_member_that_was_not_served_is_tried_again(bench: Bench) -> None:
    bench.store.full = {FolderId(2)}
    assert await bench.accept("team@x", keep=False) == [QUEUED]
    assert bench.store.waiting == [("dan@y", "bob@x")]


async def test_over_lmtp_a_recipient_stays_the_clients(bench: Bench) -> None:
    bench.store.full = {FolderId(2)}
    answers = await bench.accept("bob@x", "alice@x", "nobody@x", "closed@x", "slow@x", keep=False)
    assert answers == [
        ("later", "4.2.2", 0),
        DONE,
        ("failed", "5.1.1", 0),
        ("failed", "5.7.1", 0),
        ("later", "4.3.0", 0),
    ]
    assert bench.store.waiting == []


async def test_what_leads_nowhere_is_left_to_the_queue(bench: Bench) -> None:
    assert await bench.accept("alice@x", "nobody@x") == [DONE, QUEUED]
    assert bench.store.waiting == [("nobody@x",)]


async def test_everything_is_queued_while_processing_rests(bench: Bench) -> None:
    assert await bench.accept("alice@x", "out@y", settle_local=False) == [QUEUED, QUEUED]
    assert bench.store.folders == []
    assert bench.directory.asked == []


async def test_who_wants_a_report_of_success_is_served_by_the_courier(bench: Bench) -> None:
    recipients = (Recipient("alice@x", "SUCCESS,FAILURE"), Recipient("bob@x", "FAILURE"))
    outcomes = await bench.intake.accept(Message("from@z", recipients, OCTETS, "ID1"))
    assert [(each.verdict, int(each.queue)) for each in outcomes] == [("sent", 77), ("sent", 0)]
    assert bench.store.folders == [2]
    assert bench.store.rows.queued[0].recipients == recipients[:1]


@pytest.mark.parametrize(("address", "folder"), [("al@x", 3), ("news@x", 9)])
async def test_where_an_address_leads(bench: Bench, address: str, folder: int) -> None:
    await bench.accept(address)
    assert bench.store.folders == [folder]


async def test_targets_that_are_known_are_not_looked_up(bench: Bench) -> None:
    await bench.accept("alice@x", "bob@x", known={"alice@x": TABLE["alice@x"]})
    assert bench.directory.asked == ["bob@x"]


async def test_an_attempt_is_delivered_and_settled_in_one_write(bench: Bench) -> None:
    bench.store.full = {FolderId(2)}
    stored = await bench.bodies.put(OCTETS)
    recipients = tuple(Recipient(each) for each in ("alice@x", "bob@x", "moved@x", "nobody@x"))
    envelope = Envelope("from@z", recipients, stored.blob, stored.size, message="ID1")
    now = datetime.now(UTC)
    settled: list[list[Outcome]] = []
    outcomes = await bench.intake.deliver_local(
        Attempt(QueueId(5), envelope, "x", 0, now, now), lambda tx, each: settled.append(list(each))
    )
    assert [(each.verdict, each.code) for each in outcomes] == [
        ("sent", "2.0.0"),
        ("later", "4.2.2"),
        ("sent", "2.0.0"),
        ("failed", "5.1.1"),
    ]
    assert {each.queue for each in outcomes} == {QueueId(5)}
    assert settled[-1] == list(outcomes)
    assert bench.store.writes == [PROCESSING]
    assert bench.store.waiting == [("moved@y",)]
    assert bench.store.rows.queued[0] == replace(envelope, recipients=(Recipient("moved@y", orcpt="rfc822;moved@x"),))


async def test_a_message_without_recipients_here_is_not_summarised(bench: Bench) -> None:
    await bench.accept("out@y")
    assert list(bench.bodies.kept.values()) == [OCTETS]
