"""The scheduler: the schedule of tries, bounds, revival, wake-ups, and the end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Self

import pytest

from groupware.model.errors import NotFound, TryAgain
from groupware.model.event import Attempt, Recipient
from groupware.model.ids import BlobId, QueueId
from groupware.model.principal import OPERATOR
from mailcore.queue.courier import Result, Settlement, failed, for_all, later
from mailcore.queue.giveup import give_up
from mailcore.queue.retries import Retries
from mailcore.queue.scheduler import LOST_TRIES
from mailcore.queue.turns import Lanes
from mailcore.server import log
from tests.support.outbox import MAIL, REMOTE, Outbox, config, mx, outbox, with_peer
from tests.support.queuestore import MemoryBlobs
from tests.support.smtppeer import HANG, Peer, serving
from tests.unit.queue.test_retries import DELAYS

WAIT = 10


class Scripted:
    """A courier that does what the test says."""

    def __init__(self, act: Callable[[Attempt], Result] = lambda attempt: later("4.4.1", "nobody")) -> None:
        self.act, self.carried = act, list[str]()

    def __call__(self, *of: object) -> Self:
        return self

    async def carry(self, attempt: Attempt, octets: bytes, settlement: Settlement) -> None:
        self.carried.append(attempt.domain)
        await settlement.settle(for_all(attempt, self.act(attempt)))


@asynccontextmanager
async def working(box: Outbox) -> AsyncIterator[asyncio.Task[None]]:
    """The scheduler at work."""
    task = asyncio.create_task(box.scheduler.work())
    try:
        yield task
    finally:
        await box.scheduler.drain(0)
        task.cancel()
        await asyncio.wait({task})


# --- the schedule


async def test_a_message_is_tried_twenty_times_at_growing_intervals_and_then_returned() -> None:
    async with outbox(config(mx_port=9)) as box:
        mx(box.zone, "there.test", "127.0.0.1")
        box.zone.ttl = 10**6
        await box.submit("bob@there.test")
        for delay in DELAYS:
            assert await box.scheduler.run_due() == 1
            box.clock.advance(delay - 1)
            assert await box.scheduler.run_due() == 0
            box.clock.advance(1)
        assert box.waiting() == {"bob@there.test": "4.4.1"}
        assert await box.scheduler.run_due() == 1
        assert box.waiting() == {}
        assert [event.facts["tries"] for event in box.queue.named("deferred")] == list(range(1, 20))
        assert [event.facts["tries"] for event in box.queue.named("failed")] == [20]


async def test_the_sender_is_told_after_the_fourth_try_and_at_the_end() -> None:
    async with outbox(courier=Scripted()) as box:
        await box.submit("bob@there.test")
        told = []
        for delay in [*DELAYS, 1]:
            await box.scheduler.run_due()
            told.append(len(box.reports()))
            box.clock.advance(delay)
        assert told == [0] * 3 + [1] * 16 + [2]
        delayed, returned = box.reports()
        assert delayed["Subject"] == "Delayed mail (still being tried)"
        assert returned["Subject"] == "Undelivered mail returned to sender"
        assert box.counters.total("PROCESSING_Bounced") == 1


async def test_a_report_that_cannot_be_delivered_is_dropped() -> None:
    async with outbox(courier=Scripted(lambda attempt: failed("5.1.1", "no"))) as box:
        await box.submit("bob@there.test", sender="")
        await box.scheduler.run_due()
        assert box.queue.entries == []
        assert box.counters.total("PROCESSING_Bounced") == 0


async def test_a_report_goes_to_the_sender_from_nobody_and_wants_no_reports() -> None:
    async with outbox(courier=Scripted(lambda attempt: failed("5.1.1", "no"))) as box:
        await box.submit("bob@there.test", "carl@there.test")
        await box.scheduler.run_due()
        (envelope,) = box.report_entries()
        (recipient,) = envelope.recipients
        assert (envelope.sender, recipient.address, recipient.notify) == ("", "alice@here.test", "NEVER")
        assert box.reports()[0].get_payload(1).get_payload(2)["Final-Recipient"] == "rfc822; carl@there.test"


async def test_a_peer_without_dsn_makes_the_report_of_success_ours() -> None:
    async with with_peer() as (box, _):
        await box.submit(Recipient("bob@there.test", "SUCCESS"))
        await box.scheduler.run_due()
        (report,) = box.reports()
        assert report.get_payload(1).get_payload(1)["Action"] == "relayed"


# --- revival


async def test_when_a_domain_revives_its_backlog_goes_out_at_once() -> None:
    async with serving(Peer()) as peer, outbox(config(mx_port=peer.port)) as box:
        mx(box.zone, "there.test", "127.0.0.2")  # nobody is there
        for number in range(5):
            await box.submit(f"bob{number}@there.test")
        await box.scheduler.run_due()
        box.clock.advance(300)
        await box.scheduler.run_due()
        assert len(box.waiting()) == 5
        box.clock.advance(1)
        box.zone.records[("mx1.there.test.", "A")] = ["127.0.0.1"]
        box.dns.flush()
        await box.submit("new@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {}
        assert len(peer.taken) == 6
        assert [event.facts["hastened"] for event in box.queue.named("domain_revived")] == [5]


async def test_a_mailbox_that_is_full_is_not_tried_again_because_another_took_mail() -> None:
    async with with_peer(Peer(answers={"RCPT TO:<full@": "452 4.2.2 full"})) as (box, _):
        await box.submit("full@there.test")
        await box.scheduler.run_due()
        await box.submit("bob@there.test")
        assert await box.scheduler.run_due() == 1
        assert box.queue.named("domain_revived") == []


# --- bounds


async def test_a_domain_has_no_more_connections_than_its_share() -> None:
    peer = Peer(answers={"EHLO": HANG})
    async with with_peer(peer) as (box, peer):
        mx(box.zone, "other.test", "127.0.0.1")
        for number in range(9):
            await box.submit(f"bob{number}@there.test")
        await box.submit("carl@other.test")
        async with working(box):
            await peer.until(lambda: peer.now == REMOTE.per_domain + 1)
            peer.release.set()
            await peer.until(lambda: len(peer.taken) == 10)
        assert peer.most == REMOTE.per_domain + 1


async def test_no_more_is_carried_at_once_than_there_are_places() -> None:
    peer = Peer(answers={"EHLO": HANG})
    async with serving(peer):
        settings = config(mx_port=peer.port)
        async with outbox(settings, lanes=Lanes(local=False, at_once=3, per_domain=5)) as box:
            for number in range(8):
                mx(box.zone, f"there{number}.test", "127.0.0.1")
                await box.submit(f"bob@there{number}.test")
            async with working(box):
                await peer.until(lambda: peer.now == 3)
                peer.release.set()
                await peer.until(lambda: len(peer.taken) == 8)
            assert peer.most == 3


# --- at work


async def test_what_is_queued_while_the_scheduler_sleeps_is_carried_at_once() -> None:
    async with with_peer() as (box, peer), working(box):
        await box.submit("bob@there.test")
        await peer.until(lambda: len(peer.taken) == 1)
        await box.submit("carl@there.test")
        await peer.until(lambda: len(peer.taken) == 2)
        assert await box.scheduler.run_due() == 0


async def test_a_lease_that_ran_out_is_carried_again() -> None:
    async with with_peer() as (box, peer):
        await box.submit("bob@there.test")
        await box.queue.write(OPERATOR, lambda tx: tx.lease(1, 900, local=False))  # and that process died
        assert await box.scheduler.run_due() == 0
        box.clock.advance(900)
        assert await box.scheduler.run_due() == 1
        assert len(peer.taken) == 1


async def test_a_lease_is_renewed_while_its_message_is_sent() -> None:
    peer = Peer(answers={"DATA": HANG})
    lanes = Lanes(local=False, lease=0.3)
    async with serving(peer), outbox(config(mx_port=peer.port), lanes=lanes) as box:
        mx(box.zone, "there.test", "127.0.0.1")
        await box.submit("bob@there.test")
        began = box.clock.now()
        async with working(box):
            await peer.until(lambda: peer.commands("DATA") != [])
            box.clock.advance(0.2)
            await box.queue.until(lambda: lease_of(box) == began + timedelta(seconds=0.5))
            peer.release.set()
            await peer.until(lambda: len(peer.taken) == 1)
        assert peer.connections == 1


def lease_of(box: Outbox) -> datetime | None:
    """How long the only recipient is leased for."""
    (entry,) = box.queue.entries
    return entry.recipients[0].lease_until


async def test_what_somebody_else_settled_meanwhile_is_left_alone() -> None:
    courier = Scripted()
    async with outbox(courier=courier) as box:
        queue = await box.submit("bob@there.test")

        def steal(attempt: Attempt) -> Result:
            box.queue.state.rows.pop(queue)
            return failed("5.1.1", "no")

        courier.act = steal
        await box.scheduler.run_due()
        assert box.reports() == []
        assert box.queue.named("failed") == []


async def test_a_courier_that_crashes_costs_one_try_and_is_logged() -> None:
    def crash(attempt: Attempt) -> Result:
        raise ZeroDivisionError("a bug")

    async with outbox(courier=Scripted(crash)) as box:
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.3.0"}
        assert "a bug" in str(box.log.named("courier_crashed")[0]["error"])


async def test_an_attempt_that_takes_too_long_is_cut_short() -> None:
    peer = Peer(answers={"EHLO": HANG})
    async with serving(peer), outbox(config(mx_port=peer.port), lanes=Lanes(local=False, carrying=0.2)) as box:
        mx(box.zone, "there.test", "127.0.0.1")
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.4.7"}


async def test_a_peer_that_is_silent_is_given_up_after_the_time_for_an_answer() -> None:
    async with with_peer(Peer(answers={"RCPT": HANG}), send_timeout=0.2) as (box, _):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.4.2"}


async def test_a_message_whose_body_is_lost_is_tried_again_and_said_so() -> None:
    async with with_peer() as (box, peer):
        await box.submit("bob@there.test")
        box.blobs.bodies.clear()
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.3.0"}
        assert box.log.named("body_unreadable")
        assert peer.connections == 0


async def test_a_message_whose_body_stays_lost_is_given_up_and_sender_and_postmaster_are_told() -> None:
    async with with_peer() as (box, peer):
        box.desk.postmaster = "postmaster@here.test"
        queue = await box.submit("bob@there.test")
        box.blobs.bodies.clear()
        for _ in range(LOST_TRIES):
            assert "bob@there.test" in box.waiting()
            await box.scheduler.run_due()
            box.clock.advance(100_000)
        assert (box.waiting(), peer.connections) == ({}, 0)
        _, bounce, letter = box.reports()  # the first says that it is delayed
        assert bounce["To"] == "alice@here.test"
        assert letter["To"] == "postmaster@here.test"
        assert letter["Subject"] == "A message was lost on this server"
        assert letter["Auto-Submitted"] == "auto-generated"
        text = letter.get_content()
        assert f"Number:     {queue}" in text and "To:         bob@there.test" in text
        assert "The sender has been told." in text


async def test_a_body_that_cannot_be_read_just_now_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> bytes:
        raise TryAgain("away")

    async with with_peer() as (box, _):
        await box.submit("bob@there.test")
        monkeypatch.setattr(box.blobs, "read", away)
        for _ in range(LOST_TRIES + 1):
            await box.scheduler.run_due()
            box.clock.advance(100_000)
        assert box.waiting() == {"bob@there.test": "4.3.0"}


async def test_every_line_about_a_message_carries_its_id() -> None:
    seen: list[str] = []

    def look(attempt: Attempt) -> Result:
        seen.append(log.current_message())
        return later("4.4.1", "nobody")

    async with outbox(courier=Scripted(look)) as box:
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert seen == ["0123456789AABBCCDD"]
        assert {event.message for event in box.queue.named("deferred")} == {"0123456789AABBCCDD"}


# --- the end


async def test_draining_lets_attempts_finish_and_takes_nothing_more() -> None:
    peer = Peer(answers={"DATA": HANG})
    async with with_peer(peer) as (box, peer):
        async with working(box):
            await box.submit("bob@there.test")
            await peer.until(lambda: peer.commands("DATA") != [])
            draining = asyncio.create_task(box.scheduler.drain(WAIT))
            await asyncio.sleep(0)
            await box.submit("late@there.test")
            peer.release.set()
            await draining
        assert [each.recipients for each in peer.taken] == [["bob@there.test"]]
        assert list(box.waiting()) == ["late@there.test"]


async def test_an_attempt_that_is_cut_short_by_the_end_is_due_at_once() -> None:
    peer = Peer(answers={"DATA": HANG})
    async with with_peer(peer) as (box, peer):
        async with working(box):
            await box.submit("bob@there.test")
            await peer.until(lambda: peer.commands("DATA") != [])
            await box.scheduler.drain(0)
        assert box.waiting() == {"bob@there.test": "4.3.2"}
        assert await box.queue.read(OPERATOR, lambda tx: tx.next_due(local=False)) == box.clock.now()


async def test_retries_follow_the_configuration() -> None:
    async with outbox(courier=Scripted(), retries=Retries(10, 40, 3, 0)) as box:
        await box.submit("bob@there.test", octets=MAIL)
        carried = 0
        for _ in range(10):
            carried += await box.scheduler.run_due()
            box.clock.advance(20)
        assert carried == 3
        assert [report["Subject"] for report in box.reports()] == ["Undelivered mail returned to sender"]


# --- by hand


async def test_a_message_that_is_given_up_by_hand_is_returned() -> None:
    async with outbox(courier=Scripted()) as box:
        queue = await box.submit("bob@there.test", "carl@other.test")
        await box.scheduler.run_due()
        assert await give_up(box.desk, queue) == 2
        (report,) = box.reports()
        assert [group["Status"] for group in report.get_payload(1).get_payload()[1:]] == ["5.4.7", "5.4.7"]
        assert box.waiting() == {}


async def test_what_is_under_way_is_not_given_up() -> None:
    async with outbox(courier=Scripted()) as box:
        queue = await box.submit("bob@there.test")
        await box.queue.write(OPERATOR, lambda tx: tx.lease(1, 60, local=False))
        assert await give_up(box.desk, queue) == 0
        assert box.reports() == []


async def test_a_message_that_is_not_there_cannot_be_given_up() -> None:
    async with outbox(courier=Scripted()) as box:
        with pytest.raises(NotFound):
            await give_up(box.desk, QueueId(77))


# --- what is leased ahead


async def test_more_than_can_be_carried_at_once_goes_out_with_few_looks_at_the_queue() -> None:
    lanes = replace(REMOTE, ahead=20, at_once=2, per_domain=2)
    async with outbox(courier=Scripted(lambda attempt: failed("5.1.1", "no")), lanes=lanes) as box:
        for number in range(20):
            await box.submit(f"bob{number}@there.test", sender="")
        assert await box.scheduler.run_due() == 20
        assert box.waiting() == {}
        assert box.queue.writes == 20 + 1 + 20  # submitted, leased, settled
        assert box.desk.blobs.read_together == [20]  # type: ignore[attr-defined]


async def test_what_waits_for_its_turn_when_the_service_stops_is_free_at_once() -> None:
    entered, hold = asyncio.Event(), asyncio.Event()

    class Slow(Scripted):
        async def carry(self, attempt: Attempt, octets: bytes, settlement: Settlement) -> None:
            entered.set()
            await hold.wait()
            await super().carry(attempt, octets, settlement)

    lanes = replace(REMOTE, ahead=20, at_once=1, per_domain=1)
    async with outbox(courier=Slow(lambda attempt: failed("5.1.1", "no")), lanes=lanes) as box:
        for number in range(3):
            await box.submit(f"bob{number}@there.test")
        async with working(box):
            await asyncio.wait_for(entered.wait(), WAIT)
            asyncio.get_running_loop().call_later(0.1, hold.set)
            await box.scheduler.drain(WAIT)
            due = [row for entry in box.queue.entries if entry.envelope.sender for row in entry.recipients]
        assert [row.recipient.address for row in due] == ["bob1@there.test", "bob2@there.test"]
        assert all(row.lease_until is None or row.lease_until <= box.clock.now() for row in due)
        assert [row.tries for row in due] == [0, 0]


class HeldBlobs(MemoryBlobs):
    """Bodies that are not read ahead before the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.reading, self.released = asyncio.Event(), asyncio.Event()

    async def read_many(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        self.reading.set()
        await self.released.wait()
        return await super().read_many(blobs)


@asynccontextmanager
async def reading_ahead() -> AsyncIterator[tuple[Outbox, HeldBlobs]]:
    """Three messages wait, and a courier that would refuse them; their bodies are held."""
    blobs = HeldBlobs()
    async with outbox(courier=Scripted(lambda attempt: failed("5.1.1", "no"))) as box:
        box.desk.blobs = box.blobs = blobs
        for number in range(3):
            await box.submit(f"bob{number}@there.test")
        yield box, blobs


async def test_what_is_being_read_when_the_service_stops_is_free_at_once() -> None:
    async with reading_ahead() as (box, blobs):
        async with working(box):
            await asyncio.wait_for(blobs.reading.wait(), WAIT)
            asyncio.get_running_loop().call_later(0.05, blobs.released.set)
        assert len(box.waiting()) == 3
        assert await box.queue.read(OPERATOR, lambda tx: tx.next_due(local=False)) == box.clock.now()


async def test_what_is_being_read_when_the_work_begins_anew_is_carried() -> None:
    async with reading_ahead() as (box, blobs):
        first = asyncio.create_task(box.scheduler.work())
        await asyncio.wait_for(blobs.reading.wait(), WAIT)
        first.cancel()
        await asyncio.wait({first})
        async with working(box):
            blobs.released.set()
            await box.queue.until(lambda: box.waiting() == {})
        assert len(box.queue.named("failed")) == 3
