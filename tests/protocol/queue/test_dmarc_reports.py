"""Aggregate reports of DMARC: of what was seen, to whom it is due, once. RFC 7489 §7."""

from __future__ import annotations

import gzip
from dataclasses import replace

from lxml import etree

from groupware.model.principal import OPERATOR
from mailcore.server.sections_authentication import DmarcReportsSection
from mailcore.smtp.authentication import report
from mailcore.smtp.authentication.report import destinations, made, seen
from mailcore.smtp.authentication.verdicts import Dmarc, Signature, Spf, Verdicts
from mailcore.smtp.dmarc_reports import Desk, keep, report_due, takes
from tests.support.clock import FakeClock
from tests.support.dnstable import Table
from tests.support.outbox import as_email
from tests.support.postoffice import Place, PostOffice, post_office

RECORD = "v=DMARC1; p=reject; rua=mailto:d@example.org,mailto:all@reports.test,mailto:x@stranger.test"
FOUND = Verdicts(
    "192.0.2.1",
    "mail.example.net",
    "a@example.net",
    spf=Spf("pass", "example.net"),
    dkim=(Signature("fail", "example.org", "s<&>"),),
    dmarc=Dmarc("fail", "sub.example.org", "reject", "reject", published="example.org", record=RECORD),
)
NAMES = Table({("example.org._report._dmarc.reports.test", "TXT"): ["v=DMARC1"]})


def desk(office: PostOffice, clock: FakeClock, **section: object) -> Desk:
    chosen = DmarcReportsSection.model_validate({"send": True, **section})
    return Desk(office.store, office.blobs, NAMES, clock, office.log, "mx.here.test", chosen, "here.test")


async def saw(office: PostOffice, clock: FakeClock, times: int = 2) -> None:
    for _ in range(times):
        found = seen(FOUND, "reject", clock.now().timestamp())
        assert found is not None
        keep(office.store, office.log, found)
    await office.store.write(OPERATOR, lambda tx: None)  # behind those in the writer's line


async def test_a_domain_is_told_once_of_a_day_that_is_over(place: Place) -> None:
    clock = FakeClock()
    async with post_office(place) as office:
        await saw(office, clock)
        assert await report_due(desk(office, clock)) == 0
        clock.advance(86_400)
        assert await report_due(desk(office, clock)) == 1
        assert await report_due(desk(office, clock)) == 0
        (entry,) = await office.queue()
        assert {each.recipient.address for each in entry.recipients} == {"d@example.org", "all@reports.test"}
        letter = as_email(await office.blobs.read(entry.envelope.blob))
        assert letter["To"] == "d@example.org, all@reports.test"
        assert letter["Subject"].startswith("Report Domain: example.org Submitter: mx.here.test Report-ID: <")
        (part,) = letter.iter_attachments()
        assert part.get_content_type() == "application/gzip"
        assert part.get_filename().startswith("mx.here.test!example.org!")  # type: ignore[union-attr]
        tree = etree.fromstring(gzip.decompress(part.get_content()))
        assert tree.findtext("record/row/count") == "2"
        assert tree.findtext("record/row/source_ip") == "192.0.2.1"
        assert tree.findtext("record/row/policy_evaluated/disposition") == "reject"
        assert tree.findtext("record/identifiers/header_from") == "sub.example.org"
        assert tree.findtext("record/auth_results/dkim/selector") == "s<&>"
        assert tree.findtext("record/auth_results/spf/result") == "pass"
        assert tree.findtext("policy_published/p") == "reject"


async def test_nobody_is_told_unless_that_is_wanted(place: Place) -> None:
    clock = FakeClock()
    async with post_office(place) as office:
        await saw(office, clock)
        clock.advance(86_400)
        assert await report_due(desk(office, clock, send=False)) == 0
        clock.advance(40 * 86_400)
        assert await report_due(desk(office, clock, send=False)) == 0
        assert await office.read(lambda tx: tx.dmarc_unreported(99_999)) == []


async def test_a_destination_that_cannot_be_looked_up_is_asked_again(place: Place) -> None:
    clock = FakeClock()
    async with post_office(place) as office:
        await saw(office, clock)
        clock.advance(86_400)
        broken = replace(desk(office, clock), dns=Table(broken={"example.org._report._dmarc.reports.test"}))
        assert await report_due(broken) == 0
        assert await report_due(desk(office, clock)) == 1


async def test_a_destination_elsewhere_has_to_want_it() -> None:
    assert await takes(NAMES, "example.org", "x@sub.example.org")
    assert await takes(NAMES, "example.org", "x@reports.test")
    assert not await takes(NAMES, "example.org", "x@stranger.test")


def test_a_destination_says_how_much_it_takes() -> None:
    record = "v=DMARC1; p=none; rua=mailto:a@x.test!1k, mailto:b@x.test, https://x.test/, mailto:c, mailto:d@x.test!2m"
    assert destinations([record], 1025) == ["b@x.test", "d@x.test"]


def test_what_nobody_asks_to_be_told_is_not_kept() -> None:
    quiet = replace(FOUND, dmarc=Dmarc("fail", "example.org", published="example.org", record="v=DMARC1; p=none"))
    assert seen(quiet, "accept", 0.0) is None
    assert seen(replace(FOUND, dmarc=Dmarc("none")), "accept", 0.0) is None


def test_what_was_done_against_the_policy_is_said() -> None:
    found = seen(FOUND, "accept", 0.0)
    assert found is not None
    xml = made("example.org", 0, [found], report.Reporter("x", "x@here.test")).xml
    assert b"<disposition>none</disposition>" in xml
    assert b"<type>local_policy</type>" in xml
