"""The queue in the database, SQLite or PostgreSQL: from acceptance to folders and peers, and what comes back."""

import asyncio

import pytest

from groupware.model.event import Recipient
from groupware.model.principal import OPERATOR
from groupware.store.api import WriteTx
from mailcore.queue.confirmed import Journal
from mailcore.queue.courier import Result
from mailcore.queue.fullness import tell
from mailcore.queue.recovering import recover
from mailcore.queue.scheduler import Scheduler
from mailcore.queue.turns import Lanes
from mailcore.server.parts import ServiceSetup
from mailcore.smtp.demands import Demands
from mailcore.smtp.processing import desk
from mailcore.smtp.route import Router
from mailcore.smtp.sending import SmtpCourier
from tests.support.outbox import CONTEXTS, MAIL, as_email
from tests.support.postoffice import Place, PostOffice, post_office
from tests.support.smtppeer import HANG, Peer, serving


async def test_a_message_goes_into_a_folder_at_once_and_to_a_peer_by_the_queue(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        office.start("processing", "smtp_outgoing")
        await office.accept("bob@example.test", "carl@elsewhere.test")
        await office.emptied()
        assert await office.inbox("bob@example.test") == [b"Return-Path: <alice@example.test>\r\n" + MAIL]
        assert [(each.sender, each.recipients, each.octets) for each in peer.taken] == [
            ("alice@example.test", ["carl@elsewhere.test"], MAIL)
        ]


async def test_one_message_id_ties_its_way_together(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        office.start("smtp_outgoing")
        await office.accept("carl@elsewhere.test")
        await office.emptied()
        rows = await office.read(lambda tx: tx.trace(office.accepted[0]))
        assert [row.event.name for row in rows] == ["received", "queued", "sent"]


async def test_what_was_accepted_while_processing_was_stopped_is_delivered_when_it_starts(place: Place) -> None:
    async with post_office(place) as office:
        await office.accept("bob@example.test", "alice@example.test", early=False)
        assert await office.inbox("bob@example.test") == []
        office.start("processing")
        await office.emptied()
        assert len(await office.inbox("bob@example.test")) == len(await office.inbox("alice@example.test")) == 1


async def test_what_a_peer_refuses_comes_home(place: Place) -> None:
    peer = Peer(answers={"RCPT": "550 5.1.1 no such user"})
    async with serving(peer), post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        office.start("processing", "smtp_outgoing")
        await office.accept("carl@elsewhere.test")
        await office.emptied()
        (octets,) = await office.inbox("alice@example.test")
        report = as_email(octets)
        assert report["Return-Path"] == "<>"
        assert report.get_content_type() == "multipart/report"
        assert report.get_payload(1).get_payload(1)["Diagnostic-Code"] == "smtp; 550 5.1.1 no such user"
        assert office.parts.counters.total("PROCESSING_Bounced") == 1


async def test_success_that_was_asked_about_is_reported_for_both_ways(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        to = (Recipient("bob@example.test", "SUCCESS"), Recipient("carl@elsewhere.test", "SUCCESS"))
        await office.accept(*to, early=False)
        office.start("processing", "smtp_outgoing")
        await office.emptied()
        reports = [as_email(octets) for octets in await office.inbox("alice@example.test")]
        told = {report.get_payload(1).get_payload(1)["Final-Recipient"]: report for report in reports}
        actions = {to: report.get_payload(1).get_payload(1)["Action"] for to, report in told.items()}
        assert actions == {"rfc822; bob@example.test": "delivered", "rfc822; carl@elsewhere.test": "relayed"}


async def test_mail_waits_while_sending_is_stopped(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        office.start("processing")
        await office.accept("carl@elsewhere.test")
        (entry,) = await office.queue()
        assert entry.recipients[0].state == "ready"
        office.start("smtp_outgoing")
        await office.emptied()
        assert len(peer.taken) == 1


async def test_a_domain_that_revives_gets_its_backlog(place: Place) -> None:
    async with serving(Peer()) as peer:
        port = peer.port
    async with post_office(place, smart_host=f"127.0.0.1:{port}") as office:
        office.start("smtp_outgoing")
        for number in range(4):
            await office.accept(f"carl{number}@elsewhere.test")
        await office.log.until("deferred", 4)
        async with serving(Peer(), port=port) as peer:
            await office.accept("new@elsewhere.test")
            await office.emptied()
            assert len(peer.taken) == 5
            assert {facts["hastened"] for facts in office.log.named("domain_revived")} == {4}


async def test_a_lease_that_runs_out_is_carried_by_somebody_else(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        await office.accept("carl@elsewhere.test")
        taken = await office.store.write(OPERATOR, lambda tx: tx.lease(1, 0.5, local=False))
        assert len(taken) == 1
        office.start("smtp_outgoing")
        await office.emptied()
        assert len(peer.taken) == 1


async def test_what_a_host_had_confirmed_is_not_sent_again_while_that_host_is_away(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        (elsewhere := place.folder / "another-host").mkdir()
        there = Journal(elsewhere)
        await office.accept("carl@elsewhere.test")
        (taken,) = await office.store.write(
            OPERATOR, lambda tx: tx.lease(1, -1.0, local=False, holder=there.holder, patience=900)
        )
        there.note(taken, [Result(each, "sent", "2.0.0", "250 taken", "mx") for each in taken.envelope.recipients])
        there.close()  # that host is gone
        office.start("smtp_outgoing")
        await office.accept("dora@elsewhere.test")
        await office.log.until("sent", 1)
        assert [each.recipients for each in peer.taken] == [["dora@elsewhere.test"]]
        back = desk(office.parts, setup_of(office), "SMTP-OUT")  # and there again
        back.confirmed = Journal(elsewhere)
        assert back.confirmed.holder == there.holder
        assert await recover(back) == 1
        await office.emptied()
        assert [each.recipients for each in peer.taken] == [["dora@elsewhere.test"]]


async def test_two_schedulers_share_one_queue(place: Place) -> None:
    async with serving(Peer()) as peer, post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        for number in range(30):
            await office.accept(f"carl{number}@elsewhere.test")
        schedulers = [scheduler(office) for _ in range(2)]
        counts = await asyncio.gather(*(each.run_due() for each in schedulers))
        assert sum(counts) == 30
        assert min(counts) > 0
        assert sorted(each.recipients[0] for each in peer.taken) == sorted(
            f"carl{number}@elsewhere.test" for number in range(30)
        )


async def test_what_was_cut_short_by_the_end_is_sent_after_the_next_start(place: Place) -> None:
    peer = Peer(answers={"MAIL": [HANG]})
    async with serving(peer), post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office:
        office.start("smtp_outgoing")
        await office.accept("carl@elsewhere.test")
        await peer.until(lambda: peer.commands("MAIL") != [])
        await office.running.pop("smtp_outgoing").stop(0)
        office.start("smtp_outgoing")
        await office.emptied()
        assert len(peer.taken) == 1


def setup_of(office: PostOffice) -> ServiceSetup:
    return ServiceSetup("smtp_outgoing", office.config.services["smtp_outgoing"], office.config)


def scheduler(office: PostOffice) -> Scheduler:
    made = desk(office.parts, setup_of(office), "SMTP-OUT")
    router = Router(office.config, office.parts.dns)
    courier = SmtpCourier(office.config, router, Demands(office.parts.dns), CONTEXTS, office.parts.counters, office.log)
    return Scheduler(made, office.parts.bus, courier, Lanes(local=False, at_once=4, per_domain=3))


async def test_whose_mailbox_fills_up_finds_one_letter_in_it(place: Place) -> None:
    async with post_office(place) as office:

        def limit(tx: WriteTx) -> None:
            account = tx.account("bob@example.test").id
            tx.put_setting("mailboxMessageCount", 5, of=account)
            tx.put_setting("quotaLimitThreshold", 40, of=account)

        await office.parts.store.write(OPERATOR, limit)
        await office.accept("bob@example.test")
        own = desk(
            office.parts, ServiceSetup("processing", office.config.services["processing"], office.config), "PROCESSING"
        )
        assert await tell(own) == 0
        await office.accept("bob@example.test")
        assert (await tell(own), await tell(own)) == (1, 0)
        letter = as_email((await office.inbox("bob@example.test"))[-1])
        assert (letter["To"], letter["Subject"]) == ("bob@example.test", "Your mailbox is 40 % full")
        assert letter["Auto-Submitted"] == "auto-generated"
        assert "It holds 2 messages, and may hold 5." in letter.get_content()


GERMAN = """Subject: Nicht zugestellt

Ihre Nachricht ging nicht an:
---
$recipient: $reason
---
Postamt $host
"""


@pytest.mark.parametrize(("language", "subject"), [("de-AT", "Nicht zugestellt"), ("fr", "Undelivered mail returned")])
async def test_a_report_is_in_the_language_of_its_reader(place: Place, language: str, subject: str) -> None:
    templates = place.folder / "data" / "templates"
    async with (
        serving(Peer(answers={"RCPT": "550 5.1.1 who?"})) as peer,
        post_office(place, smart_host=f"127.0.0.1:{peer.port}") as office,
    ):
        templates.mkdir()
        (templates / "failed.de.txt").write_text(GERMAN)
        await office.store.write(
            OPERATOR, lambda tx: tx.put_setting("language", language, tx.account("alice@example.test").id)
        )
        office.start("smtp_outgoing", "processing")
        await office.accept("carl@elsewhere.test")
        await office.emptied()
        report = as_email((await office.inbox("alice@example.test"))[-1])
        assert report["Subject"].startswith(subject)
        text = next(report.iter_parts()).get_content()
        assert ("carl@elsewhere.test: 127.0.0.1 said: 550 5.1.1 who?" in text) is (language != "fr")
