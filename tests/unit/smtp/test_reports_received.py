"""Reports of other servers, out of the letters that bring them."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from groupware.model.dmarc import DmarcSeen
from groupware.model.tls import TlsResult
from mailcore.smtp import dmarc_reports, tlsrpt
from mailcore.smtp.authentication.report import Reporter, made
from mailcore.smtp.reports_received import LARGEST, Sent, Tried, dmarc, documents, lines_of, tls

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"><report_metadata><org_name>big.test</org_name>
<email>d@big.test</email><report_id>77</report_id><date_range><begin>1764201600</begin><end>1764287999</end></date_range>
</report_metadata><policy_published><domain>Here.test</domain><p>reject</p></policy_published>
<record><row><source_ip>192.0.2.9</source_ip><count>4</count><policy_evaluated><disposition>reject</disposition>
<dkim>fail</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>here.test</header_from></identifiers>
<auth_results><dkim><domain>evil.test</domain><result>pass</result></dkim><spf><domain>evil.test</domain>
<result>softfail</result></spf></auth_results></record></feedback>"""
JSON = {
    "organization-name": "Big",
    "date-range": {"start-datetime": "2026-11-27T00:00:00Z", "end-datetime": "2026-11-27T23:59:59Z"},
    "report-id": "x",
    "policies": [
        {
            "policy": {"policy-type": "sts", "policy-domain": "here.test"},
            "summary": {"total-successful-session-count": 5, "total-failure-session-count": 2},
            "failure-details": [
                {
                    "result-type": "certificate-expired",
                    "receiving-mx-hostname": "mx.here.test",
                    "failed-session-count": 2,
                }
            ],
        }
    ],
}


def letter(octets: bytes, kind: str = "application/gzip", name: str = "r.xml.gz") -> bytes:
    made = EmailMessage()
    made["Subject"] = "Report Domain: here.test"
    made.set_content("A report.")
    main, _, sub = kind.partition("/")
    made.add_attachment(octets, maintype=main, subtype=sub, filename=name)
    return made.as_bytes()


def zipped(octets: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("r.xml", octets)
    return made.getvalue()


def sent(*letters: bytes) -> list[Sent]:
    return lines_of(iter(letters), dmarc)


def tried(*letters: bytes) -> list[Tried]:
    return lines_of(iter(letters), tls)


@pytest.mark.parametrize(
    ("octets", "kind"),
    [
        (gzip.compress(XML), "application/gzip"),
        (gzip.compress(XML), "application/octet-stream"),
        (zipped(XML), "application/zip"),
        (XML, "text/xml"),
    ],
)
def test_a_report_is_read_however_it_is_packed(octets: bytes, kind: str) -> None:
    (line,) = sent(letter(octets, kind))
    assert (line.domain, line.reporter, line.ip, line.count) == ("here.test", "big.test", "192.0.2.9", 4)
    assert (line.disposition, line.dkim, line.spf, line.author) == ("reject", "fail", "fail", "here.test")
    assert (line.signed, line.envelope) == (("evil.test=pass",), ("evil.test=softfail",))
    assert line.since == datetime(2025, 11, 27, tzinfo=UTC)


def test_a_report_that_came_twice_counts_once() -> None:
    one, other = letter(gzip.compress(XML)), letter(gzip.compress(XML.replace(b">77<", b">78<")))
    assert len(sent(one, other, one)) == 2


def test_what_this_server_reports_it_reads() -> None:
    facts = {"ip": "192.0.2.1", "disposition": "none", "override": "", "spf": "pass", "dkim": "fail", "from": "a.test",
             "sender": "a.test", "spf_found": ["a.test", "mfrom", "pass"], "dkim_found": [["a.test", "s", "fail"]],
             "record": "v=DMARC1; p=none; rua=mailto:d@a.test"}  # fmt: skip
    report = made("a.test", 20_000, [DmarcSeen(20_000, "a.test", json.dumps(facts), count=3)], Reporter("us", "p@us"))
    octets = dmarc_reports.composed(report, Reporter("us", "p@us.test"), ["d@a.test"], "mx.us.test", NOW)
    (line,) = sent(octets)
    assert (line.ip, line.count, line.spf, line.dkim, line.reporter) == ("192.0.2.1", 3, "pass", "fail", "us")
    results = [
        TlsResult("a.test", "2026-11-27", "sts", "mx.a.test", "success", count=3),
        TlsResult("a.test", "2026-11-27", "sts", "mx.a.test", "certificate-expired", count=1),
    ]
    of = tlsrpt.report("a.test", "2026-11-27", results, host="mx.us.test", contact="p@us.test")
    packed = gzip.compress(json.dumps(of).encode())
    octets = tlsrpt.composed(of, "a.test", "2026-11-27", "p@us.test", "t@a.test", packed, host="mx.us.test", now=NOW)
    assert [(each.result, each.host, each.count) for each in tried(octets)] == [
        ("success", "", 3),
        ("certificate-expired", "mx.a.test", 1),
    ]


def test_a_report_of_tls_says_what_failed_where() -> None:
    success, failure = tried(letter(gzip.compress(json.dumps(JSON).encode()), "application/tlsrpt+gzip"))
    assert (success.result, success.count, success.policy) == ("success", 5, "sts")
    assert (failure.result, failure.host, failure.count) == ("certificate-expired", "mx.here.test", 2)
    assert failure.until == datetime(2026, 11, 27, 23, 59, 59, tzinfo=UTC)


BOMB = gzip.compress(XML + b" " * (LARGEST + 1))


@pytest.mark.parametrize(
    "octets",
    [
        BOMB,
        zipped(b" " * (LARGEST + 1)),
        b"\x1f\x8bnonsense",
        b"PK\x03\x04nonsense",
        XML.replace(b"<feedback", b'<!DOCTYPE x [<!ENTITY a "b">]><feedback'),
        XML.decode().encode("utf-16"),
        XML[:-9],
        XML.replace(b"1764201600", b"yesterday"),
        b"{" * 100_000,
        b"[]",
        b'{"policies": 7}',
        b'{"policies": [7, {}], "date-range": {"start-datetime": 1e999}}',
        b"",
    ],
)
def test_what_is_no_report_is_passed_over(octets: bytes) -> None:
    good = letter(gzip.compress(XML))
    assert len(sent(letter(octets), good)) == 1
    assert tried(letter(octets)) == []


def test_what_is_packed_too_large_is_not_unpacked() -> None:
    found: Iterable[bytes] = documents(letter(BOMB))
    assert list(found) == []


def test_odd_numbers_and_texts_do_no_harm() -> None:
    (line,) = sent(letter(XML.replace(b"<count>4<", b"<count>-4<").replace(b"192.0.2.9", b"a\n b" * 999)))
    assert line.count == 0
    assert len(line.ip) <= 320 and "\n" not in line.ip
