"""The ARC chain of a message. RFC 8617. dkimpy seals."""

from __future__ import annotations

import time

import dkim as dkimpy
import pytest

from mailcore.smtp.authentication import arc, canonical
from mailcore.smtp.authentication.verdicts import Arc
from tests.support.dkimkeys import rsa
from tests.support.dnstable import Table

MESSAGE = b"From: a@example.org\r\nTo: list@example.net\r\nSubject: hello\r\n\r\nHello\r\n"
TABLE = {
    ("sel._domainkey.example.net", "TXT"): [rsa().record],
    ("sel._domainkey.example.com", "TXT"): [rsa().record],
}


def sealed(octets: bytes, domain: str, said: str = "dmarc=pass header.from=example.org") -> bytes:
    """The message as dkimpy seals it for a domain that wrote Authentication-Results before it."""
    octets = f"Authentication-Results: {domain}; {said}\r\n".encode() + octets
    lines = dkimpy.ARC(octets).sign(b"sel", domain.encode(), rsa().traditional, domain.encode())
    return b"".join(lines) + octets


def resealed(octets: bytes, domain: str) -> bytes:
    said = f"Authentication-Results: {domain}; arc=pass; dmarc=fail\r\n".encode()
    octets = said + octets
    return b"".join(dkimpy.ARC(octets).sign(b"sel", domain.encode(), rsa().traditional, domain.encode())) + octets


async def verdict(octets: bytes, table: Table | None = None) -> Arc:
    return await arc.verify(canonical.taken_apart(octets), table or Table(dict(TABLE)), time.time())


async def test_a_message_without_a_chain_has_none() -> None:
    assert await verdict(MESSAGE) == Arc("none")


async def test_a_chain_of_one_holds_and_says_who_found_what() -> None:
    found = await verdict(sealed(MESSAGE, "example.net"))
    assert (found.result, found.sealers) == ("pass", ("example.net",)), found.why
    assert "dmarc=pass" in found.results[0]


async def test_a_chain_of_two_holds() -> None:
    found = await verdict(resealed(sealed(MESSAGE, "example.net"), "example.com"))
    assert (found.result, found.sealers) == ("pass", ("example.net", "example.com")), found.why


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Hello\r\n", b"Pay here\r\n"),
        (b"Subject: hello", b"Subject: goodbye"),
        (b"dmarc=pass", b"dmarc=fail"),
        (b"cv=none", b"cv=pass"),
        (b"cv=none", b"cv=fail"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=2"),
        (b"ARC-Seal: i=1", b"ARC-Seal: i=x"),
        (b"ARC-Seal: i=1", b"ARC-Seal: h=from; i=1"),
        (b"ARC-Authentication-Results: i=1;", b"ARC-Authentication-Results: none;"),
        (b"ARC-Message-Signature:", b"X-Message-Signature:"),
    ],
)
async def test_a_chain_that_was_changed_fails(old: bytes, new: bytes) -> None:
    octets = sealed(MESSAGE, "example.net")
    assert old in octets
    assert (await verdict(octets.replace(old, new, 1))).result == "fail"


async def test_a_set_that_was_taken_out_breaks_the_chain() -> None:
    octets = resealed(sealed(MESSAGE, "example.net"), "example.com")
    mail = canonical.taken_apart(octets)
    left = [each.raw for each in mail.fields if b"i=1" not in each.raw]
    assert (await verdict(b"".join(left) + b"\r\n" + mail.body)).why == "the chain has gaps"


async def test_more_sets_than_there_may_be_are_not_looked_at() -> None:
    lines = b"".join(b"ARC-Seal: i=%d; cv=pass\r\n" % number for number in range(1, 2000))
    table = Table(dict(TABLE))
    assert (await verdict(lines + MESSAGE, table)).why == "the chain is too long"
    assert table.asked == []


async def test_a_key_that_cannot_be_had_now_is_no_broken_chain() -> None:
    broken = Table(dict(TABLE), broken={"sel._domainkey.example.net"})
    assert (await verdict(sealed(MESSAGE, "example.net"), broken)).result == "temperror"
