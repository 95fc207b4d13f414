"""SPF, RFC 7208. pyspf, which asks the same table, has to agree on any record."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
import spf as pyspf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailcore.smtp.authentication import spf
from mailcore.smtp.authentication.spf_macros import Macros, expand
from mailcore.smtp.authentication.spf_record import parse
from mailcore.smtp.authentication.tags import Malformed
from mailcore.smtp.authentication.verdicts import Spf
from tests.support.dnstable import Table, reverse

IP = "192.0.2.10"


def table(record: str, more: dict[tuple[str, str], list[str]] | None = None) -> Table:
    return Table({("example.org", "TXT"): [record], **(more or {})})


async def check(record: str, ip: str = IP, more: dict[tuple[str, str], list[str]] | None = None) -> Spf:
    return await spf.check(ip_address(ip), "alice@example.org", "mail.example.org", table(record, more))


HOSTS = {
    ("mail.example.org", "A"): [IP],
    ("mail.example.org", "AAAA"): ["2001:db8::10"],
    ("example.org", "MX"): ["10 mail.example.org", "20 other.example.org"],
    ("other.example.org", "A"): ["198.51.100.1"],
    ("other.example.org", "AAAA"): ["2001:db8::20"],
    ("good.example.net", "TXT"): ["v=spf1 ip4:192.0.2.0/24 -all"],
    ("bad.example.net", "TXT"): ["v=spf1 ip4:198.51.100.0/24 -all"],
    ("wrong.example.net", "TXT"): ["v=spf1 nonsense -all"],
    (reverse(IP), "PTR"): ["mail.example.org"],
    (f"{IP}.alice.exists.example.net", "A"): ["127.0.0.2"],
}


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 -all", "fail"),
        ("v=spf1 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1 +all", "pass"),
        ("v=spf1", "neutral"),
        ("v=spf10 -all", "none"),
        ("v=spf1 ip4:192.0.2.10 -all", "pass"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
        ("v=spf1 ip4:192.0.2.0/33 -all", "permerror"),
        ("v=spf1 ip6:2001:db8::/32 -all", "fail"),
        ("v=spf1 -ip4:192.0.2.10 +all", "fail"),
        ("v=spf1 a -all", "fail"),
        ("v=spf1 a:mail.example.org -all", "pass"),
        ("v=spf1 a:other.example.org/0 -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 ptr -all", "pass"),
        ("v=spf1 ptr:example.net -all", "fail"),
        ("v=spf1 exists:%{i}.%{l}.exists.example.net -all", "pass"),
        ("v=spf1 include:good.example.net -all", "pass"),
        ("v=spf1 include:bad.example.net ?all", "neutral"),
        ("v=spf1 include:wrong.example.net ?all", "permerror"),
        ("v=spf1 include:absent.example.net ?all", "permerror"),
        ("v=spf1 redirect=good.example.net", "pass"),
        ("v=spf1 redirect=bad.example.net", "fail"),
        ("v=spf1 redirect=absent.example.net", "permerror"),
        ("v=spf1 ?all redirect=bad.example.net", "neutral"),
        ("v=spf1 redirect=a.example redirect=b.example", "permerror"),
        ("v=spf1 ip4:192.0.2.10 nonsense", "permerror"),
        ("v=spf1 a:%{x}.example.org -all", "permerror"),
        ("v=spf1 unknown=%{d} -all", "fail"),
        ("v=spf1 A:MAIL.example.ORG -ALL", "pass"),
        ("v=spf1 a:abc.1 -all", "permerror"),
        ("v=spf1 ip4:192.0.2 -all", "permerror"),
        ("v=spf1 include -all", "permerror"),
        ("v=spf1 exists -all", "permerror"),
        ("v=spf1 all:example.org", "permerror"),
    ],
)
async def test_what_a_record_says(record: str, result: str) -> None:
    found = await check(record, more=HOSTS)
    assert found.result == result, found


async def test_addresses_of_ipv6() -> None:
    assert (await check("v=spf1 a:mail.example.org -all", "2001:db8::10", HOSTS)).result == "pass"
    assert (await check("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::99", HOSTS)).result == "pass"
    assert (await check("v=spf1 a:mail.example.org//64 -all", "2001:db8::99", HOSTS)).result == "pass"
    assert (await check("v=spf1 ip4:192.0.2.10 -all", "::ffff:192.0.2.10")).result == "pass"


async def test_eleven_lookups_are_too_many_and_ten_are_not() -> None:
    more = {(f"h{n}.example.net", "A"): ["203.0.113.1"] for n in range(20)}
    ten = " ".join(f"a:h{n}.example.net" for n in range(10))
    assert (await check(f"v=spf1 {ten} +all", more=more)).result == "pass"
    assert (await check(f"v=spf1 {ten} a:h11.example.net +all", more=more)).result == "permerror"


async def test_three_names_that_lead_nowhere_are_too_many() -> None:
    assert (await check("v=spf1 a:x.example.net a:y.example.net +all")).result == "pass"
    assert (await check("v=spf1 a:x.example.net a:y.example.net a:z.example.net +all")).result == "permerror"


async def test_a_record_that_includes_itself_ends() -> None:
    names = table("v=spf1 include:example.org -all")
    found = await spf.check(ip_address(IP), "alice@example.org", "x", names)
    assert found.result == "permerror"
    assert len(names.asked) <= spf.MOST_LOOKUPS + 2


async def test_includes_without_end_end() -> None:
    more = {(f"i{n}.example.net", "TXT"): [f"v=spf1 include:i{n + 1}.example.net -all"] for n in range(1000)}
    assert (await check("v=spf1 include:i0.example.net -all", more=more)).result == "permerror"


async def test_more_than_ten_mail_hosts_are_an_error() -> None:
    more = {("example.org", "MX"): [f"{n} h{n}.example.net" for n in range(11)]}
    assert (await check("v=spf1 mx -all", more=more)).result == "permerror"


async def test_what_cannot_be_looked_up_is_a_temporary_error() -> None:
    names = Table({("example.org", "TXT"): ["v=spf1 a:x.example.net -all"]}, broken={"x.example.net"})
    assert (await spf.check(ip_address(IP), "a@example.org", "x", names)).result == "temperror"
    names = Table(broken={"example.org"})
    assert (await spf.check(ip_address(IP), "a@example.org", "x", names)).result == "temperror"


async def test_two_records_are_an_error_and_none_is_none() -> None:
    names = Table({("example.org", "TXT"): ["v=spf1 -all", "v=spf1 +all"]})
    assert (await spf.check(ip_address(IP), "a@example.org", "x", names)).result == "permerror"
    assert (await spf.check(ip_address(IP), "a@example.net", "x", names)).result == "none"


@pytest.mark.parametrize("sender", ["a@localhost", "a@", "a@x..example.org", f"a@{'x' * 64}.org", "a@[192.0.2.1]"])
async def test_a_sender_that_is_no_domain_has_no_verdict(sender: str) -> None:
    assert (await spf.check(ip_address(IP), sender, "x", Table())).result == "none"


async def test_the_null_sender_is_judged_by_its_hello() -> None:
    names = Table({("mail.example.org", "TXT"): ["v=spf1 exists:%{l}.example.net -all"],
                   ("postmaster.example.net", "A"): ["127.0.0.2"]})  # fmt: skip
    found = await spf.check(ip_address(IP), "", "mail.example.org", names)
    assert (found.result, found.domain) == ("pass", "mail.example.org")


async def test_the_owner_may_explain_a_fail() -> None:
    more = {("why.example.net", "TXT"): ["%{i} is not ours;%_see http://%{d}/%{S}"]}
    found = await check("v=spf1 -all exp=why.example.net", more=more)
    assert found.explanation == f"{IP} is not ours; see http://example.org/alice%40example.org"


async def test_an_explanation_with_other_signs_is_left_out() -> None:
    more = {("why.example.net", "TXT"): ["bad\r\n250 ok"]}
    assert (await check("v=spf1 -all exp=why.example.net", more=more)).explanation == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%%%_%-", "% %20"),
    ],
)
def test_the_macros_of_the_rfc(text: str, value: str) -> None:
    macros = Macros(ip_address("192.0.2.3"), "strong-bad@email.example.com", "x", "email.example.com")
    assert expand(text, macros) == value


def test_the_macros_of_the_rfc_for_ipv6() -> None:
    macros = Macros(ip_address("2001:db8::cb01"), "strong-bad@email.example.com", "x", "email.example.com")
    expected = "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
    assert expand("%{ir}.%{v}._spf.%{d2}", macros) == expected


_HOSTS = "mail.example.org other.example.org good.example.net bad.example.net none.example example.org x"
_EXPANDED = "%{d} %{d2}.org %{l}.example.net %{i}.%{l}.exists.example.net"
_HOST = st.sampled_from(f"{_HOSTS} {_EXPANDED}".split())
_TERM = st.one_of(
    st.sampled_from(
        [
            "all",
            "a",
            "mx",
            "ptr",
            "ip4:192.0.2.10",
            "ip4:10.0.0.0/8",
            "ip6:2001:db8::/32",
            "ip4:1.2.3",
            "ip4:192.0.2.10/0",
            "a/24",
            "a/33",
            "a//64",
            "mx/0",
            "a:/",
            "ip6:::/0",
        ]
    ),
    st.builds("{}:{}".format, st.sampled_from(["a", "mx", "include", "exists", "ptr"]), _HOST),
    st.builds("{}={}".format, st.sampled_from(["redirect", "exp"]), _HOST),
)
_RECORD = st.lists(st.builds("{}{}".format, st.sampled_from(["", "", "+", "-", "~", "?"]), _TERM), max_size=6)


@settings(max_examples=300, deadline=None)
@given(terms=_RECORD, ip=st.sampled_from([IP, "198.51.100.1", "10.1.2.3", "2001:db8::10", "2001:db9::1"]))
async def test_pyspf_agrees(terms: list[str], ip: str) -> None:
    record = " ".join(["v=spf1", *terms])
    ours = await check(record, ip, HOSTS)
    assume("include:example.org" not in record and "include:%{d}" not in record)  # it looks for circles while it reads
    theirs = oracle(record, ip)
    assert ours.result == theirs, (record, ours)


def oracle(record: str, ip: str) -> str:
    """What pyspf says, from the same records."""
    known = table(record, HOSTS).records

    def lookup(name: str, qtype: str, *args: object, **more: object) -> list[tuple[tuple[str, str], object]]:
        found = known.get((name.lower().rstrip("."), qtype), [])
        if qtype == "MX":
            return [((name, qtype), (int(one.split()[0]), one.split()[1])) for one in found]
        if qtype in ("TXT", "SPF"):
            return [((name, qtype), (one.encode(),)) for one in found]
        return [((name, qtype), one) for one in found]

    before, pyspf.DNSLookup = pyspf.DNSLookup, lookup
    try:
        query = pyspf.query(i=ip, s="alice@example.org", h="mail.example.org", strict=True)
        return str(query.check()[0])
    finally:
        pyspf.DNSLookup = before


@given(text=st.text(max_size=300))
def test_any_text_is_a_record_or_malformed(text: str) -> None:
    try:
        assert len(parse("v=spf1 " + text).mechanisms) <= 500
    except Malformed as error:
        assert str(error)
