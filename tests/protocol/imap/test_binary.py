"""BINARY: parts without their transfer encoding; literal8 in APPEND. RFC 3516."""

from __future__ import annotations

import base64

import pytest

from groupware.mime.item import read_item
from tests.support.imapstand import Client, Stand

OCTETS = bytes(range(256)) * 40
LETTER = (
    b"Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Gr=C3=BC=C3=9Fe, =\r\nund so weiter\r\n"
    b"--x\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: BASE64\r\n\r\n"
    + base64.encodebytes(OCTETS).replace(b"\n", b"\r\n")
    + b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\nshort\r\n"
    b"--x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n--x--\r\n"
)


@pytest.fixture
async def reader(alice: Client) -> Client:
    assert (await alice.append("INBOX", LETTER)).ok
    assert (await alice.ask("SELECT INBOX")).ok
    return alice


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ("BINARY.PEEK[1]", b"BINARY[1] {25}\r\nGr\xc3\xbc\xc3\x9fe, und so weiter\r\n"[:-2]),
        ("BINARY.SIZE[1]", b"BINARY.SIZE[1] %d" % len("Grüße, und so weiter".encode())),
        ("BINARY.SIZE[2]", b"BINARY.SIZE[2] %d" % len(OCTETS)),
        ("BINARY.PEEK[2]", b"BINARY[2] ~{%d}\r\n%b" % (len(OCTETS), OCTETS)),
        ("BINARY.PEEK[2]<2.3>", b"BINARY[2]<2> {3}\r\n\x02\x03\x04"),
        ("BINARY.PEEK[2]<0.1>", b"BINARY[2]<0> ~{1}\r\n\x00"),
        ("BINARY.PEEK[2]<99999.1>", b"BINARY[2]<99999> {0}\r\n"),
        ("BINARY.PEEK[3]", b"BINARY[3] {24}\r\nSubject: inside\r\n\r\nshort"),
        ("BINARY.PEEK[3.1]", b"BINARY[3.1] {5}\r\nshort"),
        ("BINARY.PEEK[5]", b"BINARY[5] NIL"),
        ("BINARY.SIZE[5]", b"BINARY.SIZE[5] 0"),
        ("BINARY.PEEK[]<0.14>", b"BINARY[]<0> {14}\r\nSubject: parts"),
        ("BINARY.SIZE[]", b"BINARY.SIZE[] %d" % len(LETTER)),
    ],
)
async def test_part_without_its_encoding(reader: Client, item: str, told: bytes) -> None:
    answer = await reader.ask(f"FETCH 1 ({item})")
    assert answer.ok
    assert answer.untagged == [b"* 1 FETCH (" + told.replace(b"{25}", b"{22}") + b")"]


async def test_encoding_that_nobody_knows(reader: Client) -> None:
    answer = await reader.ask("FETCH 1 (BINARY.PEEK[4])")
    assert answer.tagged.startswith(b"NO [UNKNOWN-CTE] ")
    assert answer.untagged == []


async def test_it_marks_as_seen_unless_it_peeks(reader: Client) -> None:
    for item in ("BINARY.PEEK[1]", "BINARY.SIZE[1]"):
        await reader.ask(f"FETCH 1 ({item})")
    assert b"\\Seen" not in (await reader.ask("FETCH 1 (FLAGS)")).untagged[0]
    assert b"\\Seen" in (await reader.ask("FETCH 1 (BINARY[1]<0.1>)")).untagged[0]


@pytest.mark.parametrize(
    "item",
    ["BINARY", "BINARY[HEADER]", "BINARY[1.MIME]", "BINARY.SIZE[1]<0.1>", "BINARY[0]", "BINARY.PEEK.SIZE[1]"],
)
async def test_what_is_no_part(reader: Client, item: str) -> None:
    assert (await reader.ask(f"FETCH 1 ({item})")).tagged.startswith(b"BAD ")


async def test_bare_line_ends_are_sent_as_they_should_be(alice: Client) -> None:
    letter = b"Content-Transfer-Encoding: quoted-printable\n\none=\n two\nthree\n"
    await alice.append("INBOX", letter)
    await alice.ask("SELECT INBOX")
    answer = await alice.ask("FETCH 1 (BINARY.PEEK[1])")
    assert answer.untagged == [b"* 1 FETCH (BINARY[1] {16}\r\none two\r\nthree\r\n)"]


async def test_append_of_octets_as_they_are(alice: Client) -> None:
    head = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    assert (await alice.ask(b"APPEND INBOX ~", head + OCTETS)).ok is False  # a space is missing
    alice.send(b"b APPEND INBOX ~{%d+}\r\n%b\r\n" % (len(head + OCTETS), head + OCTETS))
    assert (await alice.until(b"b")).ok
    await alice.ask("SELECT INBOX")
    answer = await alice.ask("FETCH 1 (BINARY.PEEK[1])")
    assert answer.untagged == [b"* 1 FETCH (BINARY[1] ~{%d}\r\n%b)" % (len(OCTETS), OCTETS)]
    stored = (await alice.ask("FETCH 1 (BODY.PEEK[])")).untagged[0]
    assert b"\0" not in stored  # a client without BINARY has to read it too
    assert b"Content-Transfer-Encoding: base64\r\n" in stored


async def test_nul_in_a_literal_is_refused_and_nothing_is_stored(alice: Client) -> None:
    answer = await alice.append("INBOX", b"Subject: x\r\n\r\na\0b\r\n")
    assert answer.tagged.startswith(b"NO [CANNOT] A literal has no NUL")
    assert b"literal8" in answer.tagged
    pieces = b"CATENATE (TEXT ~{6+}\r\nX: y\r\n TEXT {5+}\r\n\r\na\0b)"
    assert (await alice.ask(b"APPEND INBOX " + pieces)).tagged.startswith(b"NO [CANNOT] A literal has no NUL")
    assert (await alice.ask("STATUS INBOX (MESSAGES)")).untagged == [b"* STATUS INBOX (MESSAGES 0)"]
    assert (await alice.ask("SEARCH SUBJECT", b"a\0b")).tagged.startswith(b"BAD ")


@pytest.mark.parametrize("more", [0, 400_000], ids=["small", "large"])
async def test_nul_that_came_otherwise_is_told_as_it_is_in_binary_alone(place: Stand, alice: Client, more: int) -> None:
    head, body = b"Subject: a\0b\r\nContent-Transfer-Encoding: binary\r\n\r\n", b"1\x002" + b"x" * more + b"\r\n"
    who, new = await place.who("alice"), await read_item(head + body, place.blobs)
    await place.write(lambda tx: tx.append("INBOX", [new]), who)
    await alice.ask("SELECT INBOX")
    shown = (head + body).replace(b"\0", b"\x80")
    for item, label in (("BODY.PEEK[]", b"BODY[]"), ("RFC822", b"RFC822"), ("BODY.PEEK[]<0.9999999>", b"BODY[]<0>")):
        told = (await alice.ask(f"FETCH 1 {item}")).untagged[0]
        assert b"%b {%d}\r\n%b" % (label, len(shown), shown) in told
    [told] = (await alice.ask("FETCH 1 BODY.PEEK[HEADER.FIELDS (Subject)]")).untagged
    assert b"Subject: a\x80b" in told
    [told] = (await alice.ask("FETCH 1 BINARY.PEEK[1]")).untagged
    assert told == b"* 1 FETCH (BINARY[1] ~{%d}\r\n%b)" % (len(body), body)


async def test_append_of_octets_that_no_encoding_can_carry(alice: Client) -> None:
    letter = b"Subject: \0\r\n\r\nx"
    alice.send(b"b APPEND INBOX ~{%d+}\r\n%b\r\n" % (len(letter), letter))
    assert (await alice.until(b"b")).tagged.startswith(b"NO [UNKNOWN-CTE] ")
