"""APPEND and FETCH: what goes in comes out."""

from __future__ import annotations

from tests.support.imapstand import Client

MESSAGE = b"From: a@example.org\r\nSubject: One\r\n\r\nHello\r\n"


async def test_message_comes_back(alice: Client) -> None:
    stored = await alice.append("INBOX", MESSAGE, ' (\\Seen $Junk) "01-Feb-2026 10:00:00 +0100"')
    assert b"APPENDUID" in stored.tagged
    opened = await alice.ask("SELECT INBOX")
    assert opened.ok
    assert opened.of(b"EXISTS") == [b"* 1 EXISTS"]
    got = await alice.ask("FETCH 1 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")
    assert got.untagged == [
        b'* 1 FETCH (UID 1 FLAGS (\\Seen $Junk) INTERNALDATE " 1-Feb-2026 09:00:00 +0000" '
        b"RFC822.SIZE %d BODY[] {%d}\r\n%b)" % (len(MESSAGE), len(MESSAGE), MESSAGE)
    ]
