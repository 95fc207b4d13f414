"""What we sign: dkimpy verifies it, and so do we."""

from __future__ import annotations

import dkim as dkimpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.model.signing import ALGORITHMS, SigningKey
from mailcore.smtp.authentication import arc, canonical, dkim
from mailcore.smtp.authentication.private import make, opened, record, zone_line
from mailcore.smtp.authentication.sign import Signer, arc_fields, dkim_fields
from tests.support.dkimkeys import Pair, ed25519, rsa
from tests.support.dnstable import Table

MESSAGE = (
    b"From: Alice <alice@example.test>\r\nTo: bob@example.org\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n"
    b"\tfolded\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@example.test>\r\n\r\nHello \r\n\r\n"
)
RECORDS = {"rsa": rsa().record, "ed": ed25519().record}
TABLE = {(f"{selector}._domainkey.example.test", "TXT"): [text] for selector, text in RECORDS.items()}


def signer(selector: str = "rsa") -> Signer:
    pair: Pair = rsa() if selector == "rsa" else ed25519()
    return Signer("example.test", selector, pair.private)


def signed(octets: bytes = MESSAGE, *selectors: str) -> bytes:
    mail = canonical.taken_apart(octets)
    return dkim_fields(mail, [signer(each) for each in selectors or ("rsa", "ed")], 1000) + octets


def lookup(name: bytes, timeout: int = 5) -> bytes:
    return RECORDS[name.decode().partition(".")[0]].encode()


async def verdicts(octets: bytes) -> list[str]:
    found = await dkim.verify(canonical.taken_apart(octets), Table(dict(TABLE)), 1000)
    return [each.result for each in found]


async def test_both_signatures_are_good() -> None:
    octets = signed()
    assert await verdicts(octets) == ["pass", "pass"]
    checker = dkimpy.DKIM(octets)
    assert [checker.verify(number, dnsfunc=lookup) for number in (0, 1)] == [True, True]


@given(subject=st.text("ab \t", max_size=200), body=st.binary(max_size=300), selector=st.sampled_from(["rsa", "ed"]))
@settings(max_examples=50, deadline=None)
async def test_what_we_sign_others_believe(subject: str, body: bytes, selector: str) -> None:
    body = body.replace(b"\r", b"").replace(b"\n", b"\r\n")
    body += b"\r\n" if body and not body.endswith(b"\r\n") else b""  # as it is sent
    octets = b"From: a@example.test\r\nSubject: x" + subject.encode() + b"x\r\n\r\n" + body
    assert await verdicts(signed(octets, selector)) == ["pass"]
    assert dkimpy.verify(signed(octets, selector), dnsfunc=lookup)


@pytest.mark.parametrize(
    "line", [b"From: x@y.test\r\n", b"Subject: x\r\n", b"Reply-To: x@y.test\r\n", b"Cc: x@y.test\r\n"]
)
async def test_no_field_that_readers_see_can_be_added(line: bytes) -> None:
    assert await verdicts(line + signed()) == ["fail", "fail"]


async def test_a_trace_line_can_be_added() -> None:
    assert await verdicts(b"Received: from somewhere\r\n" + signed()) == ["pass", "pass"]


def test_lines_are_short() -> None:
    header = signed().partition(b"\r\n\r\n")[0]
    assert max(map(len, header.split(b"\r\n"))) <= 78


async def test_a_message_is_sealed_and_sealed_again() -> None:
    octets, found = MESSAGE, None
    table = Table(dict(TABLE))
    for number in (1, 2, 3):
        before = arc.chain(canonical.taken_apart(octets))
        mail = canonical.taken_apart(octets)
        octets = (
            arc_fields(mail, before, "mx.example.test; dmarc=pass header.from=example.test", signer(), 1000) + octets
        )
        found = await arc.verify(canonical.taken_apart(octets), table, 1000)
        assert (found.result, len(found.sealers)) == ("pass", number), found.why
        assert dkimpy.arc_verify(octets, dnsfunc=lookup)[0] == b"pass"
    assert found is not None
    assert found.results[0] == " mx.example.test; dmarc=pass header.from=example.test\r\n"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_opened_with_the_secret_it_was_sealed_with_alone(algorithm: str) -> None:
    made = make(algorithm, b"a" * 32)  # type: ignore[arg-type]
    assert opened(made.sealed, b"a" * 32) is not None
    assert opened(made.sealed, b"b" * 32) is None
    assert opened("rubbish", b"a" * 32) is None
    assert "PRIVATE" not in made.sealed


def test_a_long_record_is_cut_into_strings() -> None:
    from datetime import UTC, datetime

    made, now = make("rsa-2048", b"a" * 32), datetime.now(UTC)
    text = record(SigningKey("example.test", "s", "rsa-2048", made.sealed, made.public, "active", now, now))
    line = zone_line("s._domainkey.example.test", text)
    strings = line.split('"')[1::2]
    assert line.startswith("s._domainkey.example.test. IN TXT ( ")
    assert "".join(strings) == text
    assert max(map(len, strings)) <= 255
