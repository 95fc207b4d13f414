"""Reports of TLS to the domains that ask for them. RFC 8460."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from groupware.model.principal import OPERATOR
from groupware.model.tls import TlsResult
from mailcore.queue.settlement import Desk
from mailcore.server.dns import DnsSettings, NameServer, Resolver
from mailcore.server.parts import ServiceSetup
from mailcore.smtp.processing import desk
from mailcore.smtp.tlsrpt import addresses, report, send_due
from tests.protocol.queue.test_sending_tls import server_context
from tests.support import dnsserver
from tests.support.certificates import Authority
from tests.support.outbox import as_email
from tests.support.postoffice import Place, PostOffice, post_office

STS = ("version: STSv1", "mx: *.there.test")
RESULTS = [
    TlsResult("there.test", "2027-01-31", "sts", "mx1.there.test", "success", STS, 9),
    TlsResult("there.test", "2027-01-31", "sts", "mx2.there.test", "certificate-expired", STS, 2),
    TlsResult("there.test", "2027-01-31", "no-policy-found", "mx1.there.test", "success", (), 1),
]


def test_a_report_says_what_came_of_each_policy() -> None:
    made = report("there.test", "2027-01-31", RESULTS, host="mx.here.test", contact="postmaster@here.test")
    assert made["date-range"] == {"start-datetime": "2027-01-31T00:00:00Z", "end-datetime": "2027-01-31T23:59:59Z"}
    assert made["policies"] == [
        {
            "policy": {"policy-type": "no-policy-found", "policy-domain": "there.test"},
            "summary": {"total-successful-session-count": 1, "total-failure-session-count": 0},
        },
        {
            "policy": {
                "policy-type": "sts",
                "policy-domain": "there.test",
                "policy-string": ["version: STSv1", "mx: *.there.test"],
                "mx-host": ["*.there.test"],
            },
            "summary": {"total-successful-session-count": 9, "total-failure-session-count": 2},
            "failure-details": [
                {
                    "result-type": "certificate-expired",
                    "receiving-mx-hostname": "mx2.there.test",
                    "failed-session-count": 2,
                }
            ],
        },
    ]


def test_each_host_has_its_own_tlsa_records_in_a_report() -> None:
    first, second = ("3 1 1 aa",), ("3 1 1 bb", "2 1 1 cc")
    results = [
        TlsResult("there.test", "2027-01-31", "tlsa", "mx1.there.test", "success", first, 4),
        TlsResult("there.test", "2027-01-31", "tlsa", "mx2.there.test", "validation-failure", second, 3),
        TlsResult("there.test", "2027-01-31", "tlsa", "mx2.there.test", "success", second, 1),
    ]
    made = report("there.test", "2027-01-31", results, host="mx.here.test", contact="postmaster@here.test")
    found = [(each["policy"]["policy-string"], each["summary"].values()) for each in made["policies"]]
    assert [(said, [*counts]) for said, counts in found] == [(["3 1 1 aa"], [4, 0]), (["3 1 1 bb", "2 1 1 cc"], [1, 3])]


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["v=TLSRPTv1; rua=mailto:tls@a.test"], ["mailto:tls@a.test"]),
        (["v=TLSRPTv1;rua=mailto:a@a.test,https://a.test/r?x=y"], ["mailto:a@a.test", "https://a.test/r?x=y"]),
        (["v=TLSRPTv1; rua=http://a.test/r, ftp://x"], []),
        (["v=spf1 -all"], []),
        (["v=TLSRPTv1; rua=mailto:a@a.test", "v=TLSRPTv1; rua=mailto:b@a.test"], []),
        (["v=TLSRPTv1; x"], []),
    ],
)
def test_where_a_domain_wants_its_reports(texts: list[str], found: list[str]) -> None:
    assert list(addresses(texts)) == found


@dataclass
class Bench:
    office: PostOffice
    desk: Desk
    zone: dnsserver.Zone
    dns: Resolver
    day: str
    context: ssl.SSLContext

    async def count(self, *domains: str) -> None:
        results = [replace(each, domain=domain, day=self.day) for domain in domains for each in RESULTS]
        await self.office.store.write(OPERATOR, lambda tx: tx.count_tls(results))

    async def send(self) -> int:
        return await send_due(self.desk, self.office.config.smtp, self.dns, lambda: self.context)

    async def letters(self) -> list[bytes]:
        return [await self.office.blobs.read(each.envelope.blob) for each in await self.office.queue()]


@asynccontextmanager
async def bench(place: Place, context: ssl.SSLContext | None = None, **smtp: object) -> AsyncIterator[Bench]:
    zone = dnsserver.Zone()
    async with post_office(place, **smtp) as office, dnsserver.serving(zone) as port:
        dns = Resolver(DnsSettings(timeout=1.0, retries=0, servers=(NameServer(1, "127.0.0.1", port),)))
        setup = ServiceSetup("smtp_outgoing", office.config.services["smtp_outgoing"], office.config)
        own = desk(office.parts, setup, "SMTP-OUT")
        day = (own.clock.now().date() - timedelta(days=1)).isoformat()
        yield Bench(office, own, zone, dns, day, context or ssl.create_default_context())


async def test_a_report_goes_by_mail_once_to_who_asks_for_it(place: Place) -> None:
    async with bench(place) as here:
        here.zone.records[("_smtp._tls.there.test.", "TXT")] = ['"v=TLSRPTv1; rua=mailto:tls@reports.test"']
        await here.count("there.test", "silent.test")
        assert (await here.send(), await here.send()) == (1, 0)
        [letter] = await here.letters()
        found = as_email(letter)
        assert found["TLS-Required"] == "No"  # it goes through though TLS does not
        assert (found["To"], found["From"], found["TLS-Report-Domain"]) == (
            "tls@reports.test",
            "postmaster@example.test",
            "there.test",
        )
        assert (found.get_content_type(), found.get_param("report-type")) == ("multipart/report", "tlsrpt")
        assert all(len(line) <= 998 for line in letter.split(b"\r\n"))
        text, attached = found.iter_parts()
        assert "there.test" in text.get_content()
        assert attached.get_content_type() == "application/tlsrpt+gzip"
        name = attached.get_filename() or ""
        assert name.startswith(f"{here.desk.host}!there.test!") and name.endswith(".json.gz")
        made: Mapping[str, Any] = json.loads(gzip.decompress(attached.get_content()))
        assert made["organization-name"] == here.desk.host
        assert [each["policy"]["policy-type"] for each in made["policies"]] == ["no-policy-found", "sts"]


@pytest.mark.parametrize("to", ["tls reports@a.test", "a@b@c", "<x@y.test>", "x%0d%0aBcc:@y.test", "nobody"])
async def test_what_is_no_address_gets_no_report(place: Place, to: str) -> None:
    async with bench(place) as here:
        here.zone.records[("_smtp._tls.there.test.", "TXT")] = [f'"v=TLSRPTv1; rua=mailto:{to},mailto:tls%2Bx@a.test"']
        await here.count("there.test")
        assert await here.send() == 1
        [letter] = await here.letters()
        assert as_email(letter)["To"] == "tls+x@a.test"


@pytest.mark.parametrize(("known", "private"), [(True, True), (False, True), (True, False)])
async def test_a_report_is_posted_to_a_web_server_of_the_internet_whose_certificate_is_good(
    place: Place, tmp_path_factory: pytest.TempPathFactory, known: bool, private: bool
) -> None:
    authority = Authority(tmp_path_factory.mktemp("certificates"))
    served = server_context(authority, "localhost")
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            asked.append(head + await reader.readexactly(length))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    web = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=served)
    port = web.sockets[0].getsockname()[1]
    context = ssl.create_default_context(cafile=str(authority.ca_file) if known else None)
    async with web, bench(place, context, mta_sts_private=private) as here:
        here.zone.records[("localhost.", "A")] = ["127.0.0.1"]
        here.zone.records[("_smtp._tls.there.test.", "TXT")] = [f'"v=TLSRPTv1; rua=https://localhost:{port}/r"']
        await here.count("there.test")
        assert (await here.send(), await here.letters()) == (1, [])
        if not (known and private):
            assert asked == []
            assert [each["url"] for each in here.office.log.named("tls_report_failed")]
            return
        head, _, body = asked[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /r HTTP/1.1\r\n")
        assert b"application/tlsrpt+gzip" in head
        assert json.loads(gzip.decompress(body))["policies"][0]["policy"]["policy-domain"] == "there.test"


async def test_a_report_waits_for_dns(place: Place) -> None:
    async with bench(place) as here:
        here.zone.records[("_smtp._tls.there.test.", "TXT")] = ['"v=TLSRPTv1; rua=mailto:tls@reports.test"']
        await here.count("there.test")
        here.zone.broken = 10
        assert (await here.send(), await here.letters()) == (0, [])
        here.zone.broken = 0
        here.dns.flush()
        assert await here.send() == 1


async def test_todays_results_are_not_reported_yet(place: Place) -> None:
    async with bench(place) as here:
        here.zone.records[("_smtp._tls.there.test.", "TXT")] = ['"v=TLSRPTv1; rua=mailto:tls@reports.test"']
        here.day = here.desk.clock.now().date().isoformat()
        await here.count("there.test")
        assert (await here.send(), await here.letters()) == (0, [])
