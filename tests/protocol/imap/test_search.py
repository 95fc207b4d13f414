"""SEARCH: every key, alone and together, in both forms of answer."""

from __future__ import annotations

import pytest

from groupware.model.item import LONGEST_TEXT
from tests.support.imapstand import Client

MESSAGES = (
    (
        '(\\Seen) " 1-Feb-2026 23:30:00 -0500"',
        b"From: Anna <anna@example.org>\r\nTo: bob@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus Wien\r\n"
        b"Date: Sun, 1 Feb 2026 23:30:00 -0500\r\nMessage-ID: <one@example.org>\r\n\r\n"
        b"Das Wetter ist sch\xc3\xb6n.\r\n",
    ),
    (
        '(\\Flagged $Junk) "10-Feb-2026 12:00:00 +0000"',
        b"From: carl@example.net\r\nCc: Dora <dora@example.org>\r\nBcc: hidden@example.org\r\nSubject: Invoice 4711\r\n"
        b"Date: Tue, 10 Feb 2026 12:00:00 +0000\r\nX-Mailer: Pigeon 2\r\n\r\nPlease pay the invoice.\r\n" + b"x" * 500,
    ),
    (
        '(\\Answered \\Draft \\Deleted) "20-Feb-2026 12:00:00 +0000"',
        b"From: anna@example.org\r\nSubject: Re: Invoice\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"K=E4se\r\n--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=report.html\r\n\r\n"
        b"<p>Paid in full</p>\r\n--b--\r\n",
    ),
)


async def filled(client: Client) -> Client:
    for marks, message in MESSAGES:
        assert (await client.append("INBOX", message, f" {marks}")).ok
    assert (await client.ask("SELECT INBOX")).ok
    return client


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("ALL", "1 2 3"),
        ("2:3", "2 3"),
        ("*", "3"),
        ("4", ""),
        ("3:9", "3"),
        ("9:*", "3"),
        ("UID 2:*", "2 3"),
        ("UID 99:*", "3"),
        ("SEEN", "1"),
        ("UNSEEN", "2 3"),
        ("FLAGGED", "2"),
        ("UNFLAGGED", "1 3"),
        ("ANSWERED", "3"),
        ("UNANSWERED", "1 2"),
        ("DELETED", "3"),
        ("UNDELETED", "1 2"),
        ("DRAFT", "3"),
        ("UNDRAFT", "1 2"),
        ("RECENT", "1 2 3"),
        ("OLD", ""),
        ("NEW", "2 3"),
        ("KEYWORD $junk", "2"),
        ("UNKEYWORD $Junk", "1 3"),
        ("KEYWORD nothing", ""),
        ("LARGER 450", "2"),
        ("SMALLER 450", "1 3"),
        ("LARGER 9223372036854775807", ""),
        ("SMALLER 9223372036854775807", "1 2 3"),
        ("BEFORE 10-Feb-2026", "1"),
        ("ON 2-Feb-2026", "1"),
        ("ON 10-Feb-2026", "2"),
        ("SINCE 10-Feb-2026", "2 3"),
        ("SENTBEFORE 2-Feb-2026", "1"),
        ("SENTON 1-Feb-2026", "1"),
        ("SENTSINCE 2-Feb-2026", "2"),
        ("YOUNGER 1000000000", "1 2 3"),
        ("OLDER 1000000000", ""),
        ("NOT SEEN", "2 3"),
        ("NOT NOT SEEN", "1"),
        ("OR SEEN DELETED", "1 3"),
        ("OR (SEEN UNDELETED) (DELETED SINCE 1-Jan-2026)", "1 3"),
        ("UNSEEN UNDELETED", "2"),
        ("(2 FLAGGED)", "2"),
        ("MODSEQ 3", "2 3 (MODSEQ 4)"),
        ("HEADER X-Mailer pigeon", "2"),
        ("HEADER Message-ID one@example", "1"),
        ('HEADER X-Mailer ""', "2"),
        ('HEADER Nothing ""', ""),
        ('TEXT ""', "1 2 3"),
        ('BODY ""', "1 2 3"),
    ],
)
async def test_key(alice: Client, keys: str, found: str) -> None:
    answer = await (await filled(alice)).ask(f"SEARCH {keys}")
    assert answer.of(b"SEARCH") == [b" ".join([b"* SEARCH", *found.encode().split()])]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("SUBJECT invoice", "2 3"),
        ("SUBJECT {grüße AUS}", "1"),
        ("FROM anna", "1 3"),
        ("FROM EXAMPLE.NET", "2"),
        ("TO bob@", "1"),
        ("CC dora", "2"),
        ("BCC hidden", "2"),
        ("HEADER Subject 4711", "2"),
        ('SUBJECT ""', "1 2 3"),
        ('CC ""', "2"),
        ("BODY invoice", "2"),
        ("BODY {schön}", "1"),
        ("BODY {käse}", "3"),
        ('BODY "paid in full"', "3"),
        ("TEXT invoice", "2 3"),
        ("TEXT pigeon", "2"),
        ("TEXT report.html", "3"),
        ("NOT SUBJECT invoice", "1"),
        ("OR SUBJECT wien BODY paid", "1 3"),
        ("SUBJECT invoice UNDELETED", "2"),
    ],
)
async def test_text(alice: Client, keys: str, found: str) -> None:
    await filled(alice)
    before, brace, rest = keys.partition("{")
    literal, _, after = rest.partition("}")
    octets = literal.encode()
    command = b"SEARCH CHARSET UTF-8 " + before.encode()
    if brace:
        command += b"{%d+}\r\n%b" % (len(octets), octets)
    answer = await alice.ask(command + after.encode())
    assert answer.untagged == [b" ".join([b"* SEARCH", *found.encode().split()])]


async def test_text_behind_what_the_index_holds(alice: Client) -> None:
    long = b"Subject: long\r\n\r\n" + b"0123456 78\r\n" * (LONGEST_TEXT // 10) + b"needle\r\n"
    await alice.append("INBOX", long)
    await alice.append("INBOX", b"Subject: short\r\n\r\nno such thing\r\n")
    await alice.ask("SELECT INBOX")
    assert (await alice.ask("SEARCH BODY needle")).untagged == [b"* SEARCH 1"]
    assert (await alice.ask("SEARCH TEXT needle")).untagged == [b"* SEARCH 1"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("SEARCH RETURN () UNSEEN", b"ALL 2:3"),
        ("SEARCH RETURN (MIN MAX COUNT ALL) ALL", b"MIN 1 MAX 3 ALL 1:3 COUNT 3"),
        ("UID SEARCH RETURN (COUNT) DELETED", b"UID COUNT 1"),
        ("UID SEARCH RETURN (ALL) KEYWORD none", b"UID"),
        ("SEARCH RETURN (MIN) MODSEQ 1", b"MIN 1 MODSEQ 2"),
        ("SEARCH RETURN (COUNT) MODSEQ 1", b"COUNT 3 MODSEQ 4"),
    ],
)
async def test_extended(alice: Client, asked: str, told: bytes) -> None:
    answer = await (await filled(alice)).ask(asked)
    line = next(each for each in answer.untagged if each.startswith(b"* ESEARCH"))
    assert line.split(b") ", 1)[1:] == [told] if told else line.endswith(b")")


async def test_charset_that_is_not_known(alice: Client) -> None:
    answer = await (await filled(alice)).ask("SEARCH CHARSET KOI8-R SUBJECT x")
    assert answer.tagged.startswith(b"NO [BADCHARSET (US-ASCII UTF-8)]")


@pytest.mark.parametrize(
    "keys", ["", "NOTHING", "NOT", "OR SEEN", "(SEEN", "ON 31-Feb-2026", "1:x", "KEYWORD", "NOT " * 100 + "SEEN", "0"]
)
async def test_what_cannot_be_understood_is_bad(alice: Client, keys: str) -> None:
    assert (await (await filled(alice)).ask(f"SEARCH {keys}")).tagged.startswith(b"BAD ")
