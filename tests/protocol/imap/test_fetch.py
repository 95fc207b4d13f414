"""FETCH: sections, partials, \\Seen, pages, large messages, bodies that are lost."""

from __future__ import annotations

import re

import pytest

from mailcore.imap.commands.fetch import PAGE
from mailcore.imap.commands.fetch_body import LARGE
from tests.support.imapstand import Client, Stand

MIXED = (
    b"From: a@example.org\r\nSubject: Two parts\r\nReceived: x\r\nReceived: y\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\npreamble\r\n'
    b"--b\r\nContent-Type: text/plain\r\nX-Part: one\r\n\r\nfirst\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninside\r\n--b--\r\n"
)


def octets_of(response: bytes, label: bytes) -> bytes:
    found = re.search(re.escape(label) + rb" \{(\d+)\}\r\n", response)
    assert found is not None, response
    return response[found.end() : found.end() + int(found[1])]


@pytest.mark.parametrize(
    ("section", "octets"),
    [
        ("HEADER.FIELDS (subject RECEIVED)", b"Subject: Two parts\r\nReceived: x\r\nReceived: y\r\n\r\n"),
        ("1", b"first"),
        ("1.MIME", b"Content-Type: text/plain\r\nX-Part: one\r\n\r\n"),
        ("2", b"Subject: inner\r\n\r\ninside"),
        ("2.HEADER", b"Subject: inner\r\n\r\n"),
        ("2.TEXT", b"inside"),
        ("2.HEADER.FIELDS (Subject)", b"Subject: inner\r\n\r\n"),
        ("2.HEADER.FIELDS.NOT (Subject)", b"\r\n"),
        ("", MIXED),
        ("HEADER", MIXED[: MIXED.index(b"\r\n\r\n") + 4]),
        ("TEXT", MIXED[MIXED.index(b"\r\n\r\n") + 4 :]),
    ],
)
async def test_section(alice: Client, section: str, octets: bytes) -> None:
    await alice.append("INBOX", MIXED)
    await alice.ask("SELECT INBOX")
    got = await alice.ask(f"FETCH 1 BODY.PEEK[{section}]")
    assert octets_of(got.untagged[0], b"BODY[" + section.encode() + b"]") == octets


async def test_partials(alice: Client) -> None:
    await alice.append("INBOX", MIXED)
    await alice.ask("SELECT INBOX")
    got = await alice.ask("FETCH 1 (BODY.PEEK[]<0.4> BODY.PEEK[1]<2.100> BODY.PEEK[TEXT]<999999.5>)")
    line = got.untagged[0]
    assert octets_of(line, b"BODY[]<0>") == b"From"
    assert octets_of(line, b"BODY[1]<2>") == b"rst"
    assert octets_of(line, b"BODY[TEXT]<999999>") == b""


async def test_section_that_is_not_there_is_nil(alice: Client) -> None:
    await alice.append("INBOX", MIXED)
    await alice.ask("SELECT INBOX")
    assert (await alice.ask("FETCH 1 BODY.PEEK[7.2]")).untagged == [b"* 1 FETCH (BODY[7.2] NIL)"]


async def test_old_names(alice: Client) -> None:
    await alice.append("INBOX", b"Subject: x\r\n\r\ntext\r\n")
    await alice.ask("SELECT INBOX")
    line = (await alice.ask("FETCH 1 (RFC822 RFC822.HEADER RFC822.TEXT)")).untagged[0]
    assert octets_of(line, b"RFC822") == b"Subject: x\r\n\r\ntext\r\n"
    assert octets_of(line, b"RFC822.HEADER") == b"Subject: x\r\n\r\n"
    assert octets_of(line, b"RFC822.TEXT") == b"text\r\n"


@pytest.mark.parametrize(
    ("items", "seen"),
    [("BODY[]", True), ("RFC822.TEXT", True), ("BODY.PEEK[]", False), ("RFC822.HEADER", False), ("BODY", False)],
)
async def test_reading_marks_seen(alice: Client, items: str, seen: bool) -> None:
    await alice.append("INBOX", MIXED)
    await alice.ask("SELECT INBOX")
    told = (await alice.ask(f"FETCH 1 {items}")).untagged[0]
    assert (b"\\Seen" in told) == seen
    assert (b"\\Seen" in (await alice.ask("FETCH 1 FLAGS")).untagged[0]) == seen


async def test_reading_marks_nothing_in_a_folder_that_is_only_examined(alice: Client) -> None:
    await alice.append("INBOX", MIXED)
    await alice.ask("EXAMINE INBOX")
    await alice.ask("FETCH 1 BODY[]")
    assert b"\\Seen" not in (await alice.ask("FETCH 1 FLAGS")).untagged[0]


async def test_reading_without_the_right_to_mark(alice: Client, bob: Client) -> None:
    await alice.append("INBOX", MIXED)
    await alice.ask("SETACL INBOX bob lri")
    await bob.ask('SELECT "Other Users/alice@example.test/INBOX"')
    got = await bob.ask("FETCH 1 (FLAGS BODY[1])")
    assert got.ok
    assert b"\\Seen" not in got.untagged[0]
    assert octets_of(got.untagged[0], b"BODY[1]") == b"first"


async def test_more_than_a_page(alice: Client) -> None:
    count = 2 * PAGE + 7
    for start in range(0, count, 500):
        part = b" ".join(
            [b"{%d+}\r\nSubject: %d\r\n\r\n" % (13 + len(str(n)), n) for n in range(start, min(count, start + 500))]
        )
        assert (await alice.ask(b"APPEND INBOX " + part)).ok
    await alice.ask("SELECT INBOX")
    got = await alice.ask("FETCH 1:* (UID RFC822.SIZE ENVELOPE)")
    assert [int(line.split()[1]) for line in got.untagged] == list(range(1, count + 1))
    assert b'ENVELOPE (NIL "%d"' % (count - 1) in got.untagged[-1]
    some = await alice.ask(f"UID FETCH 5,{PAGE}:{PAGE + 2},{count} (INTERNALDATE)")
    assert [int(line.split()[1]) for line in some.untagged] == [5, PAGE, PAGE + 1, PAGE + 2, count]


async def test_large_message(alice: Client) -> None:
    message = MIXED.replace(b"first", b"0123456789" * (LARGE // 5))
    assert (await alice.append("INBOX", message)).ok
    await alice.append("INBOX", MIXED)
    await alice.ask("SELECT INBOX")
    whole = await alice.ask("FETCH 1:2 BODY.PEEK[]")
    assert octets_of(whole.untagged[0], b"BODY[]") == message
    assert octets_of(whole.untagged[1], b"BODY[]") == MIXED
    some = (await alice.ask("FETCH 1 (BODY.PEEK[1]<100003.5> BODY.PEEK[HEADER.FIELDS (Subject)])")).untagged[0]
    assert octets_of(some, b"BODY[1]<100003>") == b"34567"
    assert octets_of(some, b"BODY[HEADER.FIELDS (Subject)]") == b"Subject: Two parts\r\n\r\n"
    assert octets_of((await alice.ask("FETCH 1 BODY.PEEK[1]<99999999.5>")).untagged[0], b"BODY[1]<99999999>") == b""


async def test_body_that_is_lost_costs_only_its_message(place: Stand, alice: Client) -> None:
    big = b"Subject: big\r\n\r\n" + bytes(range(1, 256)) * 400
    for message in (MIXED, big, MIXED):
        assert (await alice.append("INBOX", message)).ok
    for file in sorted((place.data / "blobs").rglob("*")):
        if file.is_file():
            file.unlink()
    place.blobs._cache._kept.clear()
    await alice.ask("SELECT INBOX")
    got = await alice.ask("FETCH 1:3 (UID BODY.PEEK[])")
    assert got.tagged.startswith(b"NO [CORRUPTION]")
    assert [line.split()[1] for line in got.untagged] == [b"1", b"3"]
    assert place.log.named("body_unreadable")[0]["uid"] == 2


async def test_fetch_is_counted(place: Stand, alice: Client) -> None:
    await alice.append("INBOX", MIXED)
    await alice.ask("SELECT INBOX")
    await alice.ask("FETCH 1 BODY.PEEK[]")
    assert place.counters.total("IMAP_AppendRequest") == 1
    assert place.counters.total("IMAP_AppendBytes") == len(MIXED)
    assert place.counters.total("IMAP_FetchRequest") == 1
    assert place.counters.total("IMAP_FetchBytes") > len(MIXED)


@pytest.mark.parametrize(
    "command",
    [
        "FETCH",
        "FETCH 1",
        "FETCH 1 ()",
        "FETCH 0 FLAGS",
        "FETCH 1 NOTHING",
        "FETCH 1 BODY[",
        "FETCH 1 BODY[]<1>",
        "FETCH 1 BODY[]<1.0>",
        "FETCH 1 BODY[MIME]",
        "FETCH 1 BODY[0]",
        "FETCH 1 FLAGS[]",
        "FETCH 1:2:3 FLAGS",
        "FETCH 1 (FLAGS UID",
        "FETCH 1 FLAGS extra",
        "FETCH 2 FLAGS",
        "FETCH 4294967296 FLAGS",
    ],
)
async def test_what_cannot_be_understood_is_bad(alice: Client, command: str) -> None:
    await alice.append("INBOX", MIXED)
    await alice.ask("SELECT INBOX")
    assert (await alice.ask(command)).tagged.startswith(b"BAD ")
    assert (await alice.ask("NOOP")).ok
