"""Authentication-Results: written for ours, taken away where somebody claims to be us. RFC 8601."""

from __future__ import annotations

import pytest
from authres import AuthenticationResultsHeader
from hypothesis import given
from hypothesis import strategies as st

from mailcore.smtp.authentication import results
from mailcore.smtp.authentication.verdicts import Arc, Dmarc, Iprev, SenderDomain, Signature, Spf, Verdicts
from mailcore.smtp.headers import header_of

US = "mx.example.test"
FOUND = Verdicts(
    peer="192.0.2.1",
    helo="mail.example.org",
    sender="alice@example.org",
    iprev=Iprev("pass", "mail.example.org"),
    spf=Spf("pass", "example.org", "ip4:192.0.2.0/24"),
    spf_helo=Spf("none", "mail.example.org"),
    sender_domain=SenderDomain("fail", "example.org", "the domain does not exist"),
    dkim=(
        Signature("pass", "example.org", "sel", "rsa-sha256", "@example.org", "AbC/+=="),
        Signature("fail", why="(x"),
    ),
    arc=Arc("pass", ("list.test",)),
    dmarc=Dmarc("pass", "example.org", "reject", record="v=DMARC1; p=reject"),
)


def read(line: bytes) -> AuthenticationResultsHeader:
    return AuthenticationResultsHeader.parse(line.decode().replace("\r\n", ""))


def test_another_program_reads_what_is_written() -> None:
    header = read(results.written(FOUND, US))
    assert header.authserv_id == US
    assert [(each.method, each.result) for each in header.results] == [
        ("iprev", "pass"), ("spf", "pass"), ("spf", "none"), ("x-sender-domain", "fail"), ("dkim", "pass"),
        ("dkim", "fail"), ("arc", "pass"), ("dmarc", "pass"),
    ]  # fmt: skip
    assert header.results[4].header_d == "example.org"
    assert header.results[1].smtp_mailfrom == "alice@example.org"


def test_nothing_is_written_where_nothing_was_checked() -> None:
    assert results.written(Verdicts(peer="192.0.2.1"), US) == b""


def test_who_signed_in_is_named() -> None:
    assert results.written(Verdicts(user="alice@example.test"), US) == (
        b"Authentication-Results: mx.example.test;\r\n\tauth=pass smtp.auth=alice@example.test\r\n"
    )


@given(sender=st.text(max_size=60), why=st.text(max_size=200), helo=st.text(max_size=60))
def test_whatever_a_client_says_the_field_stays_one(sender: str, why: str, helo: str) -> None:
    found = Verdicts("::1", helo, sender, spf=Spf("fail", sender, why), dkim=(Signature("fail", sender, helo, why),))
    line = results.written(found, US)
    assert line.isascii()
    assert line.endswith(b"\r\n")
    assert all(each[:1] == b"\t" for each in line[:-2].split(b"\r\n")[1:])
    assert results.methods(line.decode().partition(":")[2]) == [("spf", "fail"), ("dkim", "fail")]


CLAIMS = (
    b"Authentication-Results: mx.example.test; spf=pass\r\n",
    b"authentication-results:MX.Example.TEST;spf=pass\r\n",
    b"Authentication-Results : mx.example.test 1; spf=pass\r\n",
    b"Authentication-Results:\r\n\tmx.example.test;\r\n\tspf=pass;\r\n dkim=pass\r\n",
    b"Authentication-Results: (hello (there)) mx.example.test; spf=pass\r\n",
    b'Authentication-Results: "mx.example.test"; spf=pass\r\n',
    b'Authentication-Results: "mx\\.example.test"; spf=pass\r\n',
    b"Authentication-Results: mx.example.test.; spf=pass\r\n",
    b"Authentication-Results: mx.example.test/1; spf=pass\r\n",
    b"Authentication-Results: mx.example.test(x); spf=pass\r\n",
    b"Authentication-Results: mx.example.test\r\n",
    b"Authentication-Results: (" + b"\r\n ".join([b"x" * 900] * 20) + b") mx.example.test; spf=pass\r\n",
)
OTHERS = (
    b"Authentication-Results: mx.example.test.evil.test; spf=pass\r\n",
    b"Authentication-Results: relay.example.org; spf=pass (mx.example.test)\r\n",
    b"X-Authentication-Results: mx.example.test; spf=pass\r\n",
    b"ARC-Authentication-Results: i=1; mx.example.test; spf=pass\r\n",
    b"Subject: x\r\n Authentication-Results: mx.example.test; spf=pass\r\n",
)
BODY = b"\r\nAuthentication-Results: mx.example.test; spf=pass\r\nhello\r\n"


def without(octets: bytes) -> bytes:
    return results.without_claims(octets, len(header_of(octets)), US)


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_field_in_our_name_is_taken_away_and_nothing_else(claim: bytes) -> None:
    rest = b"From: a@example.org\r\n" + OTHERS[0]
    tail = b"To: b@example.test\r\n" + BODY
    assert without(claim + rest + tail) == rest + tail
    assert without(rest + claim + tail) == rest + tail
    assert without(claim + claim + rest + claim + tail) == rest + tail


@pytest.mark.parametrize("other", OTHERS)
def test_what_others_found_stays(other: bytes) -> None:
    octets = other + b"From: a@example.org\r\n" + BODY
    assert without(octets) is octets


@given(
    pieces=st.lists(
        st.sampled_from([*CLAIMS, *OTHERS, b"From: a\r\n", b"\tfolded\r\n", b"rubbish\r\n", b"x\n"]), max_size=9
    )
)
def test_nothing_that_is_left_is_in_our_name(pieces: list[bytes]) -> None:
    octets = b"".join(pieces) + BODY
    left = without(octets)
    assert without(left) == left
    assert left.endswith(BODY)


def test_the_mark_of_unwanted_mail_is_ours_alone() -> None:
    line = results.written(FOUND, US, "dmarc")
    assert results.is_junk(line + b"From: a\r\n", US)
    assert not results.is_junk(line.replace(US.encode(), b"evil.test"), US)
    assert not results.is_junk(results.written(FOUND, US), US)
