"""Scripts when mail comes out of the queue: refusals become reports, nobody is answered twice, whoever dies when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from unittest import mock

import pytest

from groupware.model.errors import TryAgain
from groupware.model.event import Attempt, Outcome, Recipient, TraceFilter
from groupware.model.ids import BlobId, FolderId, Uid
from groupware.model.principal import OPERATOR
from groupware.store.api import ReadTx, WriteTx
from mailcore.queue.filters import chain
from mailcore.queue.intake import Intake
from mailcore.queue.settlement import Settling
from mailcore.server.parts import ServiceSetup
from mailcore.smtp.processing import desk
from tests.support.outbox import MAIL, as_email
from tests.support.postoffice import Place, PostOffice, post_office
from tests.support.smtppeer import Peer, serving

ALICE, BOB = "alice@example.test", "bob@example.test"
AWAY = 'require "vacation"; vacation :addresses "bob@there.test" "I am away.";'
FAR = "ann@elsewhere.test"


async def script(office: PostOffice, of: str, text: str) -> None:
    def work(tx: WriteTx) -> None:
        account = tx.account(of).id
        tx.put_script("main", text.encode(), account)
        tx.activate_script("main", account)

    await office.store.write(OPERATOR, work)


def setup(office: PostOffice) -> ServiceSetup:
    return ServiceSetup("processing", office.config.services["processing"], office.config)


def intake(office: PostOffice) -> Intake:
    parts = office.parts
    return Intake(office.store, office.blobs, parts.directory, parts.counters, office.log, chain(parts, setup(office)))


async def lease(office: PostOffice) -> Attempt:
    (attempt,) = await office.store.write(OPERATOR, lambda tx: tx.lease(10, 60, local=True))
    return attempt


async def answers(office: PostOffice) -> list[str]:
    """Whom messages from <> in the queue are for."""
    return [each.envelope.recipients[0].address for each in await office.queue() if not each.envelope.sender]


async def test_what_waited_in_the_queue_is_filed_by_the_script(place: Place) -> None:
    async with post_office(place) as office:
        await script(office, BOB, 'require ["fileinto", "mailbox"]; fileinto :create "Lists";')
        await office.accept(BOB, early=False)
        office.start("processing")
        await office.emptied()
        assert await office.inbox(BOB) == []
        assert await office.read(lambda tx: tx.locate(tx.account(BOB).id, "Lists").total) == 1


@pytest.mark.parametrize("word", ["reject", "ereject"])
async def test_a_refusal_comes_back_as_a_report(place: Place, word: str) -> None:
    async with post_office(place) as office:
        await script(office, BOB, f'require "{word}"; {word} "Not this, please.";')
        office.start("processing")
        await office.accept(BOB, ALICE)
        await office.emptied()
        assert await office.inbox(BOB) == []
        (report,) = [as_email(each) for each in await office.inbox(ALICE) if b"multipart/report" in each]
        assert "Not this, please." in report.get_payload(0).get_content()
        (_, about) = report.get_payload(1).get_payload()
        assert (about["Final-Recipient"], about["Status"]) == (f"rfc822; {BOB}", "5.7.1")
        rows = [row.event for row in await office.read(lambda tx: tx.trace(office.accepted[0]))]
        of_bob = [each.name for each in rows if each.facts.get("to", BOB) == BOB]
        assert of_bob == ["received", "queued", "filtered", "failed"]


@pytest.mark.parametrize(
    "field", [b"List-Id: <x.test>\r\n", b"Precedence: bulk\r\n", b"Auto-Submitted: auto-replied\r\n"]
)
async def test_lists_and_programs_hear_nothing_of_a_refusal(place: Place, field: bytes) -> None:
    async with post_office(place) as office:
        await script(office, BOB, 'require "reject"; reject "Not this.";')
        office.start("processing")
        await office.accept(BOB, octets=field + MAIL)
        await office.emptied()
        assert (await office.inbox(BOB), await office.inbox(ALICE)) == ([], [])
        rows = await office.read(lambda tx: tx.trace(office.accepted[0]))
        assert "rejected" in [row.event.facts.get("did") for row in rows]


async def test_a_refused_report_is_not_answered(place: Place) -> None:
    async with post_office(place) as office:
        await script(office, BOB, 'require "reject"; reject "Not this.";')
        office.start("processing")
        await office.accept(BOB, sender="")
        await office.emptied()
        assert await office.inbox(BOB) == []


async def test_a_redirection_arrives_and_a_circle_ends(place: Place) -> None:
    async with post_office(place) as office:
        await script(office, BOB, f'redirect "{ALICE}";')
        await script(office, ALICE, f'redirect "{BOB}";')
        office.start("processing")
        await office.accept(BOB, sender=FAR)
        await office.emptied()
        (kept,) = [*await office.inbox(BOB), *await office.inbox(ALICE)]
        assert as_email(kept).get_all("X-Sieve-Redirected-From") == [ALICE, BOB]


async def test_a_redirection_goes_out_to_a_peer(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await script(office, BOB, 'redirect "carl@elsewhere.test";')
        office.start("processing", "smtp_outgoing")
        await office.accept(BOB)
        await office.emptied()
        (taken,) = peer.taken
        assert (taken.sender, taken.recipients) == (ALICE, ["carl@elsewhere.test"])
        assert taken.octets == b"X-Sieve-Redirected-From: bob@example.test\r\n" + MAIL


async def test_a_delivery_that_is_undone_has_answered_nobody(place: Place) -> None:
    """As when the process dies before COMMIT: the attempt is offered again, and then there is one answer."""
    async with post_office(place) as office:
        await script(office, BOB, AWAY)
        await office.accept(BOB, sender=FAR, early=False)
        attempt = await lease(office)

        def dies(tx: WriteTx, outcomes: Sequence[Outcome]) -> None:
            raise TryAgain("the disk is full")

        with pytest.raises(TryAgain):
            await intake(office).deliver_local(attempt, dies)
        assert await answers(office) == []
        await intake(office).deliver_local(attempt, lambda tx, outcomes: tx.settle(outcomes))
        assert await answers(office) == [FAR]
        assert len(await office.inbox(BOB)) == 1


async def test_an_attempt_that_two_carry_is_answered_once(place: Place) -> None:
    async with post_office(place) as office:
        await script(office, BOB, AWAY)
        await office.accept(BOB, sender=FAR, early=False)
        attempt = await lease(office)
        own = desk(office.parts, setup(office), "PROCESSING")
        both = [intake(office).deliver_local(attempt, Settling(own, attempt, MAIL).within) for _ in range(2)]
        done = await asyncio.gather(*both, return_exceptions=True)
        assert sum(isinstance(each, BaseException) for each in done) == 1
        assert await answers(office) == [FAR]
        assert len(await office.inbox(BOB)) == 1


async def test_two_messages_at_once_are_answered_once(place: Place) -> None:
    async with post_office(place) as office:
        await script(office, BOB, AWAY)
        await asyncio.gather(*(office.accept(BOB, sender=FAR) for _ in range(5)))
        assert await answers(office) == [FAR]
        assert len(await office.inbox(BOB)) == 5


async def test_work_that_runs_twice_answers_once(place: Place) -> None:
    """A neighbour in the same commit fails, so everything is rolled back and each is run alone."""
    async with post_office(place) as office:
        await script(office, BOB, AWAY)

        def fails(tx: WriteTx) -> None:
            raise ZeroDivisionError("a neighbour")

        neighbours = [office.store.write(OPERATOR, fails) for _ in range(3)]
        await asyncio.gather(
            neighbours[0], office.accept(BOB, sender=FAR), neighbours[1], neighbours[2], return_exceptions=True
        )
        assert await answers(office) == [FAR]
        assert len(await office.inbox(BOB)) == 1


async def test_while_the_scripts_cannot_be_read_mail_waits_in_the_queue(place: Place) -> None:
    async with post_office(place) as office:
        await script(office, BOB, "discard;")
        with mock.patch.object(type(office.store), "glance", side_effect=TryAgain("the database is away")):
            (outcome,) = await office.accept(BOB)
        assert (outcome.verdict, outcome.text) == ("sent", "queued")
        office.start("processing")
        await office.emptied()
        assert await office.inbox(BOB) == []


async def test_who_wants_a_report_of_success_gets_it_for_what_was_filed(place: Place) -> None:
    async with post_office(place) as office:
        await script(office, BOB, 'require "fileinto"; fileinto "Archive";')
        office.start("processing")
        await office.accept(Recipient(BOB, "SUCCESS"))
        await office.emptied()
        (report,) = [as_email(each) for each in await office.inbox(ALICE)]
        assert report.get_payload(1).get_payload(1)["Action"] == "delivered"


async def test_two_who_forward_to_each_other_each_get_it_once(place: Place) -> None:
    async with post_office(place) as office:

        def work(tx: WriteTx) -> None:
            tx.put_setting("forwardTo", ALICE, tx.account(BOB).id)
            tx.put_setting("forwardTo", BOB, tx.account(ALICE).id)

        await office.store.write(OPERATOR, work)
        office.start("processing")
        await office.accept(BOB, sender=FAR)
        await office.emptied()
        assert [len(await office.inbox(each)) for each in (BOB, ALICE)] == [2, 1]


async def landed(office: PostOffice, of: str) -> list[tuple[str, bytes]]:
    """By the trace: the folder of each copy of the message that the account has, and how the subject there ends."""

    def work(tx: ReadTx) -> list[tuple[str, BlobId]]:
        rows = [row.event.facts for row in tx.find_trace(TraceFilter(party=of, names=("delivered",)), 10)]
        places = [(FolderId(int(each["folder"])), Uid(int(each["uid"]))) for each in rows]
        return [(tx.folder(at).path, tx.items(at, ((uid, uid),))[0].blob) for at, uid in places]

    found = await office.read(work)
    texts = [(path, as_email(await office.blobs.read(blob))) for path, blob in found]
    return sorted((path.rpartition("/")[2], each["Subject"]) for path, each in texts)


async def test_the_trace_of_a_message_is_not_that_of_the_letter_about_its_script(place: Place) -> None:
    wrong = 'require ["include", "variables"]; include :personal "nowhere";'
    async with post_office(place) as office:
        await script(office, BOB, wrong)
        await office.accept(BOB)
        assert len(await office.inbox(BOB)) == 2  # the message, and a letter to its owner
        assert await landed(office, BOB) == [("INBOX", as_email(MAIL)["Subject"])]


async def test_the_trace_names_every_folder_that_a_script_has_filed_into(place: Place) -> None:
    async with post_office(place) as office:
        await script(
            office, BOB, 'require ["fileinto", "mailbox"]; fileinto :create "One"; fileinto :create "Two"; keep;'
        )
        await office.accept(BOB)
        assert [path for path, _ in await landed(office, BOB)] == ["INBOX", "One", "Two"]
