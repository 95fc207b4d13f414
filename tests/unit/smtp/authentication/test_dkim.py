"""DKIM signatures of others: RFC 6376, 8301, 8463. dkimpy signs."""

from __future__ import annotations

import time

import dkim as dkimpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.smtp.authentication import canonical, dkim
from mailcore.smtp.authentication.verdicts import Signature
from tests.support.dkimkeys import Pair, ed25519, rsa
from tests.support.dnstable import Table

MESSAGE = (
    b"From: Alice <alice@example.org>\r\nTo: bob@example.test\r\nSubject:  two   words\r\n\tand more\r\n"
    b"Date: Thu, 26 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n"
    b"Hello  Bob, \r\n\r\n\tgoodbye\r\n\r\n\r\n"
)


def names(key: Pair, **more: str) -> Table:
    record = more.pop("record", key.record)
    return Table({("sel._domainkey.example.org", "TXT"): [record]})


def signed(
    message: bytes = MESSAGE, key: Pair | None = None, forms: str = "relaxed/relaxed", **options: object
) -> bytes:
    key = key or rsa()
    header, _, body = forms.encode().partition(b"/")
    private = key.seed if key is ed25519() else key.traditional
    algorithm = b"ed25519-sha256" if key is ed25519() else b"rsa-sha256"
    line = dkimpy.sign(
        message, b"sel", b"example.org", private, canonicalize=(header, body), signature_algorithm=algorithm, **options
    )
    return bytes(line) + message


async def verdicts(octets: bytes, table: Table, now: float | None = None) -> tuple[Signature, ...]:
    return await dkim.verify(canonical.taken_apart(octets), table, time.time() if now is None else now)


async def verdict(octets: bytes, table: Table, now: float | None = None) -> Signature:
    (found,) = await verdicts(octets, table, now)
    return found


@pytest.mark.parametrize("forms", ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"])
async def test_a_signature_in_any_canonical_form_is_good(forms: str) -> None:
    found = await verdict(signed(forms=forms), names(rsa()))
    assert (found.result, found.domain, found.selector, found.algorithm) == ("pass", "example.org", "sel", "rsa-sha256")


async def test_an_ed25519_signature_is_good() -> None:
    assert (await verdict(signed(key=ed25519()), names(ed25519()))).result == "pass"


async def test_a_message_without_signature_has_no_verdict() -> None:
    assert await verdicts(MESSAGE, names(rsa())) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"Hello", b"hello"), (b"two ", b"twoo "), (b"alice@", b"mallory@"), (b"goodbye", b"goodbye\r\n\r\nand pay")],
)
async def test_what_was_changed_fails(old: bytes, new: bytes) -> None:
    assert (await verdict(signed().replace(old, new), names(rsa()))).result == "fail"


async def test_relaxed_survives_other_spaces_and_simple_does_not() -> None:
    def spaced(octets: bytes) -> bytes:
        return octets.replace(b"two   words", b"two words").replace(b"Hello  Bob, ", b"Hello Bob,")

    assert (await verdict(spaced(signed(forms="relaxed/relaxed")), names(rsa()))).result == "pass"
    assert (await verdict(spaced(signed(forms="simple/simple")), names(rsa()))).result == "fail"


async def test_a_second_from_above_breaks_a_signature_that_names_from_twice() -> None:
    octets = signed(include_headers=[b"from", b"from", b"to"])
    assert (await verdict(octets, names(rsa()))).result == "pass"
    assert (await verdict(b"From: evil@example.net\r\n" + octets, names(rsa()))).result == "fail"


async def test_content_behind_the_signed_length_is_no_pass() -> None:
    octets = signed(length=True, forms="relaxed/simple")
    assert (await verdict(octets, names(rsa()))).result == "pass"
    found = await verdict(octets + b"Pay here\r\n", names(rsa()))
    assert (found.result, found.why) == ("policy", "the end of the body is not signed")


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=DKIM1; p=", "permerror"),
        ("v=DKIM2; p=AAAA", "permerror"),
        ("v=DKIM1; k=rsa; p=AAAA", "permerror"),
        ("v=DKIM1; k=rsa; p=!!!!", "permerror"),
        ("v=DKIM1; s=tlsrpt; p=AAAA", "permerror"),
        ("v=DKIM1", "permerror"),
        ("rubbish", "permerror"),
    ],
)
async def test_a_key_that_cannot_be_used(record: str, result: str) -> None:
    assert (await verdict(signed(), names(rsa(), record=record))).result == result


async def test_the_key_says_what_it_may_be_used_for() -> None:
    assert (await verdict(signed(), names(rsa(), record=f"h=sha1; {rsa().record[9:]}"))).result == "permerror"
    assert (
        await verdict(signed(), names(rsa(), record=f"h=sha1:sha256; s=email; {rsa().record[9:]}"))
    ).result == "pass"
    assert (await verdict(signed(key=ed25519()), names(rsa()))).result == "permerror"


async def test_a_key_for_no_subdomain_signs_for_none() -> None:
    octets = signed(identity=b"alice@sub.example.org")
    assert (await verdict(octets, names(rsa()))).result == "pass"
    assert (await verdict(octets, names(rsa(), record=f"{rsa().record}; t=s"))).result == "permerror"


async def test_no_key_is_an_error_for_good_and_no_answer_one_for_now() -> None:
    assert (await verdict(signed(), Table())).result == "permerror"
    assert (await verdict(signed(), Table(broken={"sel._domainkey.example.org"}))).result == "temperror"


async def test_a_short_key_is_not_believed() -> None:
    weak = Pair(rsa(1024).private)
    assert (await verdict(signed(key=weak), names(weak))).result == "pass"
    short = dkim_512()
    octets = signed().replace(b"d=example.org", b"d=example.org")
    assert (await verdict(octets, names(rsa(), record=short))).result == "policy"


def dkim_512() -> str:
    """The record of a key of 512 bits, as some domains still publish."""
    der = (
        "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tP"
        "f9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ=="
    )
    return f"v=DKIM1; k=rsa; p={der}"


async def test_an_expired_signature_fails() -> None:
    octets = resigned(b"x=1000; t=900; ")
    assert (await verdict(octets, names(rsa()), now=950)).result == "pass"
    found = await verdict(octets, names(rsa()), now=1001)
    assert (found.result, found.why) == ("fail", "the signature has expired")


def resigned(tags: bytes) -> bytes:
    """A signature with these tags, by our own canonical forms and a key of the test."""
    import hashlib
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    mail = canonical.taken_apart(MESSAGE)
    digest = b64encode(hashlib.sha256(canonical.body(mail.body, "simple")).digest())
    line = (
        b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=sel; h=from:to; " + tags + b"bh=" + digest + b"; b=\r\n"
    )
    octets = canonical.signed_octets(mail, [b"from", b"to"], line, "simple")
    signature = rsa().private.sign(octets, PKCS1v15(), SHA256())  # type: ignore[call-arg, union-attr]
    return line.replace(b"b=\r\n", b"b=" + b64encode(signature) + b"\r\n") + MESSAGE


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        (b"v=1;", b"v=2;", "permerror"),
        (b"v=1;", b"v=1; v=1;", "permerror"),
        (b"h=from:to;", b"h=to;", "permerror"),
        (b"d=example.org;", b"", "permerror"),
        (b"a=rsa-sha256;", b"a=rsa-sha1;", "policy"),
        (b"a=rsa-sha256;", b"a=rot13;", "neutral"),
        (b"s=sel;", b"s=sel; i=@example.net;", "permerror"),
        (b"s=sel;", b"s=sel; q=carrier/pigeon;", "permerror"),
        (b"s=sel;", b"s=sel; c=loose/loose;", "permerror"),
        (b"s=sel;", b"s=sel; l=99999999;", "fail"),
        (b"s=sel;", b"s=sel; l=-1;", "permerror"),
        (b"s=sel;", b"s=..;", "permerror"),
    ],
)
async def test_a_signature_field_that_is_wrong(old: bytes, new: bytes, result: str) -> None:
    octets = resigned(b"")
    assert old in octets
    assert (await verdict(octets.replace(old, new, 1), names(rsa()))).result == result


async def test_only_so_many_signatures_are_looked_at() -> None:
    octets = b"DKIM-Signature: v=1; a=rsa-sha256\r\n" * 500 + MESSAGE
    table = names(rsa())
    assert len(await verdicts(octets, table)) == dkim.MOST_SIGNATURES


async def test_both_signatures_of_a_message_are_told_apart() -> None:
    octets = signed(signed(key=rsa()), key=ed25519())
    table = Table({("sel._domainkey.example.org", "TXT"): [rsa().record]})
    found = await verdicts(octets, table)
    assert [each.algorithm for each in found] == ["ed25519-sha256", "rsa-sha256"]
    assert [each.result for each in found] == ["permerror", "pass"]
    assert found[0].start != found[1].start


async def test_the_example_of_rfc_8463() -> None:
    message = (
        b"From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n"
        b"Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
        b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\r\n"
        b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
    )
    field = (
        b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com"
        b";\r\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : "
        b"date;\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n "
        b"b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    )
    record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    table = Table({("brisbane._domainkey.football.example.com", "TXT"): [record]})
    assert (await verdict(field + message, table)).result == "pass"


_TEXT = st.binary(max_size=200).map(lambda octets: octets.replace(b"\r", b" ").replace(b"\n", b"\r\n"))


@given(body=_TEXT, subject=st.text("aB \tü", max_size=30), forms=st.sampled_from(["simple/simple", "relaxed/relaxed"]))
async def test_what_dkimpy_signs_we_believe(body: bytes, subject: str, forms: str) -> None:
    message = b"From: a@example.org\r\nSubject: " + f"x{subject}x".encode() + b"\r\n\r\n" + body + b"\r\n"
    found = await verdict(signed(message, forms=forms), names(rsa()))
    assert found.result == "pass", found
