"""Processing: from the queue into folders; what does not fit waits, and comes back in the end."""

from collections.abc import Sequence
from typing import Any, cast

from groupware.model.errors import GroupwareError, TryAgain
from groupware.model.event import Recipient, Target
from groupware.model.ids import AccountId
from mailcore.queue.intake import Intake
from mailcore.queue.local import LocalCourier
from mailcore.queue.retries import Retries
from mailcore.queue.turns import Lanes
from mailcore.server.counters import Counters
from tests.support.eventlog import RecordingLog
from tests.support.outbox import MAIL, outbox
from tests.support.queuestore import MemoryBlobs, MemoryQueue
from tests.support.smtpstand import People

ALICE, BOB = AccountId(11), AccountId(12)
LOCAL = Lanes(local=True)
FEW = Retries(tries=3, notice_after=0)


def local(queue: MemoryQueue, blobs: MemoryBlobs) -> LocalCourier:
    """The courier, with a directory of a few people at example.test."""
    queue.local = frozenset(("example.test",))
    return LocalCourier(Intake(cast(Any, queue), cast(Any, blobs), cast(Any, People()), Counters(), RecordingLog()))


async def test_a_message_is_delivered_once_and_leaves_the_queue() -> None:
    async with outbox(courier=local, lanes=LOCAL) as box:
        await box.submit("alice@example.test", "bob@example.test")
        assert await box.scheduler.run_due() == 1
        assert {owner: len(items) for owner, items in box.queue.state.folders.items()} == {ALICE: 1, BOB: 1}
        assert box.queue.entries == []
        assert [event.facts["to"] for event in box.queue.named("delivered")] == ["alice@example.test bob@example.test"]


async def test_what_is_for_elsewhere_is_left_to_sending() -> None:
    async with outbox(courier=local, lanes=LOCAL) as box:
        await box.submit("bob@elsewhere.test")
        assert await box.scheduler.run_due() == 0


async def test_a_full_mailbox_waits_and_holds_up_nobody() -> None:
    async with outbox(courier=local, lanes=LOCAL) as box:
        box.queue.state.full.add(ALICE)
        await box.submit("alice@example.test", "bob@example.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"alice@example.test": "4.2.2"}
        assert list(box.queue.state.folders) == [BOB]
        box.queue.state.full.clear()
        box.clock.advance(300)
        await box.scheduler.run_due()
        assert {owner: len(items) for owner, items in box.queue.state.folders.items()} == {ALICE: 1, BOB: 1}


async def test_a_mailbox_that_stays_full_returns_the_message() -> None:
    async with outbox(courier=local, lanes=LOCAL, retries=FEW) as box:
        box.queue.state.full.add(ALICE)
        await box.submit("alice@example.test", sender="bob@elsewhere.test")
        for _ in range(3):
            await box.scheduler.run_due()
            box.clock.advance(28800)
        (report,) = box.reports()
        (group,) = report.get_payload(1).get_payload()[1:]
        assert (group["Status"], group["Action"]) == ("5.2.2", "failed")
        assert "The mailbox is full." in report.get_payload(0).get_content()
        assert box.queue.state.folders == {}


async def test_an_address_that_leads_nowhere_returns_the_message() -> None:
    async with outbox(courier=local, lanes=LOCAL) as box:
        await box.submit("nobody@example.test", sender="bob@elsewhere.test")
        await box.scheduler.run_due()
        (report,) = box.reports()
        assert report["To"] == "bob@elsewhere.test"
        assert report.get_payload(1).get_payload(1)["Status"] == "5.1.1"


async def test_a_bounce_comes_home_to_a_sender_here() -> None:
    async with outbox(courier=local, lanes=LOCAL) as box:
        await box.submit("nobody@example.test", sender="alice@example.test")
        await box.scheduler.run_due()
        assert list(box.queue.state.folders) == [ALICE]
        assert box.queue.entries == []


async def test_a_bounce_to_a_sender_who_is_not_there_ends_in_silence() -> None:
    async with outbox(courier=local, lanes=LOCAL) as box:
        await box.submit("nobody@example.test", sender="ghost@example.test")
        await box.scheduler.run_due()
        assert (box.queue.entries, box.queue.state.folders) == ([], {})


async def test_delivery_that_was_asked_about_is_reported() -> None:
    async with outbox(courier=local, lanes=LOCAL) as box:
        await box.submit(Recipient("alice@example.test", "SUCCESS"), sender="bob@elsewhere.test")
        await box.scheduler.run_due()
        (report,) = box.reports()
        group = report.get_payload(1).get_payload(1)
        assert (group["Action"], group["Final-Recipient"]) == ("delivered", "rfc822; alice@example.test")


async def test_delivery_that_did_not_happen_is_not_reported_as_done() -> None:
    async with outbox(courier=local, lanes=LOCAL) as box:
        box.queue.state.full.add(ALICE)
        await box.submit(Recipient("alice@example.test", "SUCCESS"), sender="bob@elsewhere.test")
        await box.scheduler.run_due()
        assert box.reports() == []


async def test_an_alias_that_leads_away_goes_on_under_its_new_address() -> None:
    async with outbox(courier=local, lanes=LOCAL) as box:
        await box.submit(Recipient("away@example.test", "SUCCESS"))
        await box.scheduler.run_due()
        (entry,) = box.queue.entries
        (row,) = entry.recipients
        assert (row.recipient.address, row.recipient.notify) == ("away@elsewhere.test", "SUCCESS")
        assert row.recipient.orcpt == "rfc822;away@example.test"


async def test_mail_that_goes_in_a_circle_is_returned_before_it_is_delivered() -> None:
    async with outbox(courier=local, lanes=LOCAL) as box:
        await box.submit("alice@example.test", sender="bob@elsewhere.test", octets=b"Received: x\r\n" * 31 + MAIL)
        await box.scheduler.run_due()
        assert box.queue.state.folders == {}
        assert box.reports()[0].get_payload(1).get_payload(1)["Status"] == "5.4.6"


async def test_a_directory_that_is_away_is_asked_again_later() -> None:
    people = People()
    people.error = TryAgain("The directory is away.")

    def courier(queue: MemoryQueue, blobs: MemoryBlobs) -> LocalCourier:
        queue.local = frozenset(("example.test",))
        return LocalCourier(Intake(cast(Any, queue), cast(Any, blobs), cast(Any, people), Counters(), RecordingLog()))

    async with outbox(courier=courier, lanes=LOCAL) as box:
        await box.submit("alice@example.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"alice@example.test": "4.3.0"}


async def test_what_somebody_else_has_delivered_meanwhile_is_not_delivered_again() -> None:
    class Slow(People):
        async def resolve_all(self, addresses: Sequence[str]) -> Sequence[Sequence[Target] | GroupwareError]:
            box.queue.state.rows.clear()  # the lease ran out, and another process was faster
            return await super().resolve_all(addresses)

    def courier(queue: MemoryQueue, blobs: MemoryBlobs) -> LocalCourier:
        queue.local = frozenset(("example.test",))
        return LocalCourier(Intake(cast(Any, queue), cast(Any, blobs), cast(Any, Slow()), Counters(), RecordingLog()))

    async with outbox(courier=courier, lanes=LOCAL) as box:
        await box.submit("alice@example.test")
        await box.scheduler.run_due()
        assert box.queue.state.folders == {}
        assert len(box.log.named("lease_lost")) == 1
