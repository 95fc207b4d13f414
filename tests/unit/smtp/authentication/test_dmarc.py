"""DMARC: what the author's domain wants. RFC 7489."""

from __future__ import annotations

import pytest

from mailcore.server.sections_authentication import AuthenticationSection
from mailcore.smtp.authentication import canonical, dmarc
from mailcore.smtp.authentication.actions import caused
from mailcore.smtp.authentication.dmarc import Found
from mailcore.smtp.authentication.names import aligned, organisational
from mailcore.smtp.authentication.tags import Malformed
from mailcore.smtp.authentication.verdicts import Arc, Dmarc, Signature, Spf, Verdicts
from tests.support.dnstable import Table

NOBODY = Found(Spf("fail", "elsewhere.test"), ())


def names(record: str, domain: str = "example.org") -> Table:
    return Table({(f"_dmarc.{domain}", "TXT"): [record]})


async def verdict(table: Table, found: Found = NOBODY, author: str = "alice@example.org") -> Dmarc:
    mail = canonical.taken_apart(f"From: A <{author}>\r\n\r\nhello\r\n".encode())
    return dmarc.evaluate(mail, found, await dmarc.policies(mail, table))


def spf(domain: str, result: str = "pass") -> Found:
    return Found(Spf(result, domain), ())  # type: ignore[arg-type]


def dkim(domain: str) -> Found:
    return Found(None, (Signature("fail", "example.org"), Signature("pass", domain)))


@pytest.mark.parametrize(
    ("record", "found", "result"),
    [
        ("v=DMARC1; p=reject", spf("example.org"), "pass"),
        ("v=DMARC1; p=reject", spf("bounces.example.org"), "pass"),
        ("v=DMARC1; p=reject; aspf=s", spf("bounces.example.org"), "fail"),
        ("v=DMARC1; p=reject", spf("example.org", "softfail"), "fail"),
        ("v=DMARC1; p=reject", spf("example.net"), "fail"),
        ("v=DMARC1; p=reject", dkim("example.org"), "pass"),
        ("v=DMARC1; p=reject", dkim("news.example.org"), "pass"),
        ("v=DMARC1; p=reject; adkim=s", dkim("news.example.org"), "fail"),
        ("v=DMARC1; p=reject", dkim("example.net"), "fail"),
        ("v=DMARC1; p=reject", NOBODY, "fail"),
        ("v=spf1 -all", NOBODY, "none"),
        ("v=DMARC1; p=nonsense", NOBODY, "none"),
        ("v=DMARC1;p=nonsense;rua=mailto:a@example.org", NOBODY, "fail"),
    ],
)
async def test_alignment_decides(record: str, found: Found, result: str) -> None:
    assert (await verdict(names(record), found)).result == result


@pytest.mark.parametrize(
    ("record", "author", "policy"),
    [
        ("v=DMARC1; p=none", "a@example.org", "none"),
        ("v=DMARC1; p=quarantine", "a@example.org", "quarantine"),
        ("v=DMARC1; p=reject; sp=none", "a@example.org", "reject"),
        ("v=DMARC1; p=reject; sp=none", "a@sub.example.org", "none"),
        ("v=DMARC1; p=quarantine", "a@deep.sub.example.org", "quarantine"),
        ("v=DMARC1;  P=reject", "a@example.org", "none"),
    ],
)
async def test_the_policy_is_that_of_the_domain_or_its_organisation(record: str, author: str, policy: str) -> None:
    assert (await verdict(names(record), author=author)).policy == policy


async def test_two_records_are_none() -> None:
    table = Table({("_dmarc.example.org", "TXT"): ["v=DMARC1; p=reject", "v=DMARC1; p=none"]})
    assert (await verdict(table)).result == "none"


@pytest.mark.parametrize(
    ("policy", "dice", "disposition"),
    [("reject", 49, "reject"), ("reject", 50, "quarantine"), ("quarantine", 50, "none"), ("none", 0, "none")],
)
async def test_a_share_of_the_mail_is_let_off(policy: str, dice: float, disposition: str) -> None:
    found = await verdict(names(f"v=DMARC1; p={policy}; pct=50"), Found(None, (), dice=dice))
    assert (found.result, found.disposition) == ("fail", disposition)
    assert found.override == ("sampled_out" if disposition != found.policy else "")


async def test_what_could_not_be_looked_up_is_no_fail() -> None:
    assert (await verdict(Table(broken={"_dmarc.example.org"}))).result == "temperror"
    table = names("v=DMARC1; p=reject")
    assert (await verdict(table, Found(Spf("temperror", "example.org"), ()))).result == "temperror"


@pytest.mark.parametrize(
    "found",
    [
        Found(Spf("temperror", "elsewhere.test"), ()),
        Found(None, (Signature("temperror", "elsewhere.test"),)),
        Found(Spf("temperror", "bounces.example.org"), (Signature("temperror", "news.example.org"),)),
    ],
)
async def test_trouble_with_a_domain_that_could_not_vouch_is_no_excuse(found: Found) -> None:
    failed = await verdict(names("v=DMARC1; p=reject; aspf=s; adkim=s"), found)
    assert (failed.result, failed.disposition) == ("fail", "reject")


@pytest.mark.parametrize("line", [b"From: nobody", b"From: " + b", ".join(b"a@d%d.test" % n for n in range(6))])
async def test_a_from_that_hides_whose_it_is_is_refused(line: bytes) -> None:
    mail = canonical.taken_apart(line + b"\r\n\r\nx\r\n")
    found = dmarc.evaluate(mail, NOBODY, await dmarc.policies(mail, names("v=DMARC1; p=reject", "d5.test")))
    verdicts = Verdicts("192.0.2.1", "elsewhere.test", "a@elsewhere.test", dmarc=found)
    refusal = caused(verdicts, AuthenticationSection()).refusal
    assert refusal is not None
    assert (refusal.code, refusal.status) == (550, "5.7.1")


async def test_a_trusted_list_may_vouch() -> None:
    table = names("v=DMARC1; p=reject")
    chain = Arc("pass", ("list.test",), ("list.test; dmarc=pass header.from=example.org",))
    assert (await verdict(table, Found(None, (), chain))).disposition == "reject"
    vouched = await verdict(table, Found(None, (), chain, frozenset({"list.test"})))
    assert (vouched.result, vouched.disposition, vouched.override) == ("fail", "none", "trusted_forwarder")


@pytest.mark.parametrize(
    "chain",
    [
        Arc("fail", ("list.test",), ("list.test; dmarc=pass",)),
        Arc("pass", ("list.test",), ("list.test; dmarc=fail",)),
        Arc("pass", ("list.test", "evil.test"), ("list.test; dmarc=pass", "evil.test; arc=pass")),
        Arc("pass", ("evil.test", "list.test"), ("evil.test; dmarc=pass", "list.test; dmarc=fail")),
        Arc("pass", ("list.test",), ('list.test; spf=fail reason="; dmarc=pass"',)),
        Arc("pass", ("list.test",), ("list.test (; dmarc=pass); spf=fail",)),
    ],
)
def test_who_is_not_trusted_vouches_for_nothing(chain: Arc) -> None:
    assert not dmarc.vouched(chain, frozenset({"list.test"}))


def test_those_behind_a_voucher_have_to_be_trusted_too() -> None:
    chain = Arc("pass", ("evil.test", "list.test", "own.test"), ("x; dmarc=pass", "y; dmarc=pass", "z; dmarc=fail"))
    assert dmarc.vouched(chain, frozenset({"list.test", "own.test"}))
    assert not dmarc.vouched(chain, frozenset({"list.test"}))


async def test_the_strictest_of_several_authors_counts() -> None:
    table = Table(
        {("_dmarc.example.org", "TXT"): ["v=DMARC1; p=reject"], ("_dmarc.example.net", "TXT"): ["v=DMARC1; p=none"]}
    )
    mail = canonical.taken_apart(b"From: a@example.net\r\nFrom: b@example.org, c@example.com\r\n\r\nx\r\n")
    found = dmarc.evaluate(mail, spf("example.net"), await dmarc.policies(mail, table))
    assert (found.domain, found.result, found.disposition) == ("example.org", "fail", "reject")


async def test_no_author_and_too_many_are_errors() -> None:
    for line in (b"Subject: x", b"From: nobody", b"From: " + b", ".join(b"a@d%d.test" % n for n in range(99))):
        mail = canonical.taken_apart(line + b"\r\n\r\nx\r\n")
        table = Table()
        assert dmarc.evaluate(mail, NOBODY, await dmarc.policies(mail, table)).result == "permerror"
        assert len(table.asked) <= 2 * dmarc.MOST_AUTHORS


@pytest.mark.parametrize(
    ("domain", "whose"),
    [
        ("example.org", "example.org"),
        ("a.b.example.org", "example.org"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("www.city.kawasaki.jp", "city.kawasaki.jp"),
        ("alice.github.io", "alice.github.io"),
        ("Example.ORG.", "example.org"),
    ],
)
def test_who_registered_a_domain(domain: str, whose: str) -> None:
    assert organisational(domain) == whose


def test_names_that_only_look_alike_are_not_aligned() -> None:
    assert not aligned("evilexample.org", "example.org", "r")
    assert not aligned("alice.github.io", "bob.github.io", "r")
    assert aligned("A.example.org", "b.example.org", "r")


def test_a_record_is_read() -> None:
    found = dmarc.parse(
        "v=DMARC1; p=reject; sp=none; pct=7; adkim=s; aspf=s; rua=mailto:a@x.test!10m, mailto:b@y.test;"
    )
    assert (found.policy, found.subdomains, found.percent, found.dkim, found.spf) == ("reject", "none", 7, "s", "s")
    assert found.reports == ("mailto:a@x.test!10m", "mailto:b@y.test")


@pytest.mark.parametrize("text", ["", "v=DMARC1", "p=reject; v=DMARC1", "v=DMARC1; p=", "v=DMARC2; p=none"])
def test_what_is_no_record(text: str) -> None:
    with pytest.raises(Malformed):
        dmarc.parse(text)
