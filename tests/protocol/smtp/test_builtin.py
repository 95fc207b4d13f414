"""What is built in against mail from outside, lists, greylisting, trying out recipients; and restrictions."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from mailcore.server.dns import DnsSettings, NameServer, Resolver
from mailcore.server.rates import LocalRates
from mailcore.server.sections_mail import HarvestingSection
from mailcore.smtp.policy import plugins
from mailcore.smtp.policy.floods import Floods
from mailcore.smtp.policy.harvesting import Harvesting
from mailcore.smtp.policy.restrictions import allowed
from mailcore.smtp.policy.variables import Facts
from tests.support.clock import FakeClock
from tests.support.dnsserver import Zone
from tests.support.dnsserver import serving as zone_serving
from tests.support.smtpstand import PASSWORD, PEOPLE, People, Permits, Stand, Talker, stand, talker

MESSAGE = b"From: x@far.test\r\nSubject: hi\r\n\r\nhello\r\n"
ALICE, BOB = "alice@example.test", "bob@example.test"
LISTS = """
[smtp]
xclient_networks = ["127.0.0.0/8"]
[smtp.dnsbl]
zones = ["bad.test", "worse.test"]
good_zones = ["good.test"]
"""
GREY = "\n[smtp]\nxclient_networks = ['127.0.0.1']\n[smtp.greylisting]\nenabled = true\ndelay = 60\n"
RECORDS = {
    ("8.8.8.8.bad.test.", "A"): ["127.0.0.2"],
    ("9.9.9.9.bad.test.", "A"): ["127.0.0.2"],
    ("9.9.9.9.good.test.", "A"): ["127.0.9.1"],
    ("4.4.8.8.bad.test.", "A"): ["192.0.2.99"],
    ("8.8.8.8.in-addr.arpa.", "PTR"): ["dns.far.test.", "liar.far.test."],
    ("dns.far.test.", "A"): ["8.8.8.8"],
    ("liar.far.test.", "A"): ["8.8.4.4"],
    ("1.0.0.127.bad.test.", "A"): ["127.0.0.2"],
    ("8.8.8.8.8.8.8.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.8.4.1.0.0.2.bad.test.", "A"): ["127.0.0.4"],
}


@asynccontextmanager
async def resolver() -> AsyncIterator[tuple[Resolver, Zone]]:
    zone = Zone(dict(RECORDS))
    async with zone_serving(zone) as port:
        yield Resolver(DnsSettings(servers=(NameServer(1, "127.0.0.1", port),), timeout=2, retries=0)), zone


@asynccontextmanager
async def from_ip(here: Stand, ip: str) -> AsyncIterator[Talker]:
    """A client from anywhere, through a front end."""
    async with talker(here.port) as caller:
        prefix = "IPV6:" if ":" in ip else ""
        assert (await caller.ask(f"XCLIENT ADDR={prefix}{ip}")).startswith("220 ")
        assert (await caller.ask("EHLO client.test")).startswith("250")
        await caller.ask("MAIL FROM:<x@far.test>")
        yield caller


# --- lists ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ip", "said"),
    [
        ("8.8.8.8", "550 5.7.1 8.8.8.8 is on the list bad.test."),
        ("9.9.9.9", "250 2.1.5 Ok"),
        ("8.8.4.4", "250 2.1.5 Ok"),
        ("127.0.0.1", "250 2.1.5 Ok"),
        ("10.1.2.3", "250 2.1.5 Ok"),
        ("2001:4860::8888:8888", "550 5.7.1 2001:4860::8888:8888 is on the list bad.test."),
    ],
)
async def test_who_is_on_a_list_is_refused_unless_another_list_is_for_them(tmp_path: Path, ip: str, said: str) -> None:
    async with resolver() as (dns, zone), stand(tmp_path, config=LISTS, dns=dns) as here:
        async with from_ip(here, ip) as caller:
            assert await caller.ask(f"RCPT TO:<{ALICE}>") == said
            assert await caller.ask(f"RCPT TO:<{BOB}>") == said
        asked = [each[0] for each in zone.asked]
        assert len(asked) == len(set(asked))
        assert bool(asked) == (ip not in ("127.0.0.1", "10.1.2.3"))


async def test_a_list_may_put_off_or_only_be_told_of(tmp_path: Path) -> None:
    for action, said in (("tempreject", "451 4.7.1 8.8.8.8 is on the list bad.test."), ("log", "250 2.1.5 Ok")):
        config = f'{LISTS}action = "{action}"\n'
        async with resolver() as (dns, _), stand(tmp_path, config=config, dns=dns) as here:
            async with from_ip(here, "8.8.8.8") as caller:
                assert await caller.ask(f"RCPT TO:<{ALICE}>") == said
            assert [each["zones"] for each in here.log.named("listed")] == ["bad.test"]


async def test_a_rule_that_accepts_comes_before_the_lists(tmp_path: Path) -> None:
    rules = "[[rule]]\nname = 'abuse'\nat = 'rcpt'\nall = ['rcptUser is alice']\nthen = 'accept'\n"
    async with (
        resolver() as (dns, _),
        stand(tmp_path, config=LISTS, dns=dns, rules=rules) as here,
        from_ip(here, "8.8.8.8") as caller,
    ):
        assert await caller.ask(f"RCPT TO:<{ALICE}>") == "250 2.1.5 Ok"
        assert (await caller.ask(f"RCPT TO:<{BOB}>")).startswith("550 ")


@pytest.mark.parametrize(
    ("when", "refused"),
    [
        ("dnsbl.bad.test is 127.0.0.2", True),
        ("dnsbl.bad.test is 127.0.0.3", False),
        ("dnsbl.worse.test exists", False),
        ("reverseDns is dns.far.test", True),
        ("reverseDns is liar.far.test", False),
    ],
)
async def test_rules_ask_lists_and_names_as_well(tmp_path: Path, when: str, refused: bool) -> None:
    rules = f"[[rule]]\nname = 'r'\nat = 'rcpt'\nall = ['{when}']\nthen = 'reject 554'\n"
    config = '[smtp]\nxclient_networks = ["127.0.0.1"]\n'
    async with (
        resolver() as (dns, _),
        stand(tmp_path, config=config, dns=dns, rules=rules) as here,
        from_ip(here, "8.8.8.8") as caller,
    ):
        assert (await caller.ask(f"RCPT TO:<{ALICE}>")).startswith("554 " if refused else "250 ")


# --- greylisting ----------------------------------------------------------------------------------------------------


async def test_a_stranger_is_asked_to_come_again_with_the_seconds(tmp_path: Path) -> None:
    async with stand(tmp_path, config=GREY) as here, from_ip(here, "192.0.2.77") as caller:
        store = cast(Permits, here.parts.store)
        store.put_off = 42
        assert await caller.ask(f"RCPT TO:<{ALICE}>") == (
            "451 4.7.1 Temporary rejected by greylisting; come again in 42 seconds."
        )
        store.put_off = 0
        assert (await caller.ask(f"RCPT TO:<{ALICE}>")).startswith("250 ")
        assert store.greylisted[0] == (
            ("192.0.2.0/24", "x@far.test", ALICE),
            {"delay": 60, "waiting": 86400, "passed": 36 * 86400},
        )


async def test_nobody_else_is_greylisted(tmp_path: Path) -> None:
    token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    async with stand(tmp_path, config=GREY) as here:
        store = cast(Permits, here.parts.store)
        store.put_off = 42
        async with talker(here.port) as caller:
            assert (await caller.ask(f"AUTH PLAIN {token}")).startswith("235 ")
            await caller.envelope(ALICE, BOB)
        async with talker(here.port) as caller:
            await caller.ask("MAIL FROM:<x@far.test>")
            assert (await caller.ask("RCPT TO:<nobody@example.test>")).startswith("550 ")
        assert store.greylisted == []
    async with stand(tmp_path, "lmtp", config=GREY) as here, talker(here.port, hello="LHLO client.test") as caller:
        cast(Permits, here.parts.store).put_off = 42
        await caller.envelope("x@far.test", BOB)


# --- trying out recipients ------------------------------------------------------------------------------------------

HARVEST = "\n[smtp.harvesting]\nunknown_recipients = 3\nfirst_delay = 0\n"


async def test_who_tries_out_recipients_is_hung_up_on_over_connections(tmp_path: Path) -> None:
    async with stand(tmp_path, config=HARVEST) as here:
        for name in ("a", "b"):
            async with talker(here.port) as caller:
                await caller.ask("MAIL FROM:<x@far.test>")
                assert (await caller.ask(f"RCPT TO:<{name}@example.test>")).startswith("550 5.1.1 ")
        async with talker(here.port) as caller:
            await caller.ask("MAIL FROM:<x@far.test>")
            assert (await caller.ask("RCPT TO:<c@example.test>")).startswith(
                "421 4.7.0 Too many recipients that are not"
            )
            assert await caller.reply() == ""
        async with talker(here.port) as caller:
            await caller.ask("MAIL FROM:<x@far.test>")
            assert (await caller.ask(f"RCPT TO:<{ALICE}>")).startswith("421 ")
        assert len(here.log.named("harvester_blocked")) == 2


def test_answers_to_who_tries_out_recipients_take_longer() -> None:
    clock = FakeClock()
    section = HarvestingSection(unknown_recipients=9, first_delay=500, max_delay=15, interval=600, block_time=900)
    harvesting = Harvesting(section, LocalRates(clock))
    assert [harvesting.failed("p", str(number)) for number in range(8)] == [0.5] * 7 + [1.0]
    assert [harvesting.failed("q", "same") for _ in range(4)] == [0.5, 1.0, 2.0, 4.0]
    assert (harvesting.blocked("p"), harvesting.blocked("q")) == (0, 0)
    harvesting.failed("p", "last")
    clock.advance(899)
    assert (harvesting.blocked("p"), harvesting.blocked("q")) == (1, 0)
    clock.advance(1)
    assert harvesting.blocked("p") == 0
    assert harvesting.failed("p", "anew") == 0.5


async def test_users_who_mistype_are_no_harvesters(tmp_path: Path) -> None:
    token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    async with stand(tmp_path, config=HARVEST) as here, talker(here.port) as caller:
        await caller.ask(f"AUTH PLAIN {token}")
        await caller.ask(f"MAIL FROM:<{ALICE}>")
        for name in "abcde":
            assert (await caller.ask(f"RCPT TO:<{name}@example.test>")).startswith("550 5.1.1 ")


# --- restrictions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "exceptions", "other", "expected"),
    [
        ("anyDomain", "", "x@far.test", True),
        ("anyDomain", "far.test", "x@far.test", False),
        ("anyDomain", "*@*.far.test boss@near.test", "BOSS@near.test", False),
        ("localDomain", "", "x@Example.test", True),
        ("localDomain", "", "x@sub.example.test", False),
        ("localDomain", "x@far.test", "x@far.test", True),
        ("localDomain", "bob@example.test", "bob@example.test", False),
        ("localDomainAndSubdomains", "", "x@sub.example.test", True),
        ("localDomainAndSubdomains", "", "x@badexample.test", False),
        ("noDomain", "", "x@example.test", False),
        ("noDomain", "*", "x@far.test", True),
    ],
)
def test_what_a_restriction_allows(policy: str, exceptions: str, other: str, expected: bool) -> None:
    assert allowed(policy, exceptions, "example.test", other) is expected


def test_an_address_that_nobody_has_proved_is_not_local() -> None:
    assert not allowed("localDomain", "", "example.test", "x@example.test", trusted=False)


async def test_a_restricted_user_sends_home_alone_and_is_told_why(tmp_path: Path) -> None:
    token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        cast(Permits, here.parts.store).settings[PEOPLE[ALICE], "sendRestriction"] = "localDomain"
        await caller.ask(f"AUTH PLAIN {token}")
        await caller.envelope(ALICE, BOB)
        assert await caller.ask("RCPT TO:<x@far.test>") == (
            "550 5.7.1 <x@far.test>: the settings of alice@example.test forbid it to send there (sendRestriction)."
        )


async def test_a_restricted_recipient_takes_mail_from_its_own_domain_and_reports(tmp_path: Path) -> None:
    token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    async with stand(tmp_path) as here, talker(here.port) as caller:
        cast(People, here.parts.directory).takes_from[BOB] = ("localDomain", "friend@far.test")
        for sender, code in (("x@far.test", "550"), (ALICE, "550"), ("friend@far.test", "250"), ("", "250")):
            await caller.ask(f"MAIL FROM:<{sender}>")
            said = await caller.ask(f"RCPT TO:<{BOB}>")
            assert said.startswith(code)
            assert (await caller.ask(f"RCPT TO:<{ALICE}>")).startswith("250 ")
            await caller.ask("RSET")
        await caller.ask(f"AUTH PLAIN {token}")
        await caller.envelope(ALICE, BOB)


async def test_a_group_that_takes_no_mail_from_outside_says_so(tmp_path: Path) -> None:
    token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    async with stand(tmp_path) as here, talker(here.port) as caller:
        cast(Permits, here.parts.store).closed.add("team@example.test")
        for sender, code in (("x@far.test", "550 5.7.1 "), ("", "250 ")):
            await caller.ask(f"MAIL FROM:<{sender}>")
            assert (await caller.ask("RCPT TO:<team@example.test>")).startswith(code)
            await caller.ask("RSET")
        await caller.ask(f"AUTH PLAIN {token}")
        await caller.envelope(ALICE, "team@example.test")


# --- too much at once -----------------------------------------------------------------------------------------------


def test_a_mailbox_that_gets_too_much_in_a_second_pauses() -> None:
    clock = FakeClock()
    floods = Floods(2, 300, LocalRates(clock))
    box, other = PEOPLE[ALICE], PEOPLE[BOB]
    assert [floods.another(box) for _ in range(4)] == [0, 0, 300, 300]
    assert floods.another(other) == 0
    clock.advance(299)
    assert floods.another(box) == 1
    clock.advance(1)
    assert [floods.another(box) for _ in range(2)] == [0, 0]
    clock.advance(1)
    assert [floods.another(box) for _ in range(3)] == [0, 0, 300]


def test_without_a_limit_no_mailbox_pauses() -> None:
    floods = Floods(0, 300, LocalRates(FakeClock()))
    assert [floods.another(PEOPLE[ALICE]) for _ in range(100)] == [0] * 100


async def test_a_message_to_it_is_put_off(tmp_path: Path) -> None:
    config = "[queue]\nmessages_per_second = 1\ndisable_interval = 86400\n"
    async with stand(tmp_path, config=config, clock=FakeClock()) as here, talker(here.port) as caller:
        said = []
        for _ in range(2):
            await caller.ask("MAIL FROM:<x@far.test>")
            said.append(await caller.ask(f"RCPT TO:<{ALICE}>"))
            assert (await caller.ask("RCPT TO:<team@example.test>")).startswith("250 ")
            await caller.ask("RSET")
        assert said[0] == "250 2.1.5 Ok"
        assert said[1] == "450 4.2.1 <alice@example.test> gets too many messages at once; try again in 86400 seconds."


# --- countries ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("only", "refuse", "ip", "taken"),
    [
        ([], ["us"], "8.8.8.8", False),
        ([], ["us"], "9.9.9.9", True),
        (["CH"], [], "9.9.9.9", True),
        (["CH"], [], "8.8.8.8", False),
        (["CH"], [], "1.1.1.1", False),
        (["CH"], [], "127.0.0.1", True),
        (["CH"], [], "8.8.4.4", True),
    ],
)
async def test_mail_is_taken_by_country(
    tmp_path: Path, only: list[str], refuse: list[str], ip: str, taken: bool
) -> None:
    (tmp_path / "geo.csv").write_text("8.0.0.0/8,US\n9.0.0.0/8,CH\n")
    config = '[smtp]\nxclient_networks = ["127.0.0.1"]\n[smtp.countries]\nfile = "geo.csv"\n'
    config += f"only = {only!r}\nrefuse = {refuse!r}\nexempt = ['8.8.4.4']\n"
    async with stand(tmp_path, config=config) as here, from_ip(here, ip) as caller:
        said = await caller.ask(f"RCPT TO:<{ALICE}>")
        assert said.startswith("250 " if taken else "550 5.7.1 This server takes no mail from where you are.")


async def test_rules_know_the_country(tmp_path: Path) -> None:
    (tmp_path / "geo.csv").write_text("8.0.0.0/8,US\n")
    config = '[smtp]\nxclient_networks = ["127.0.0.1"]\n[smtp.countries]\nfile = "geo.csv"\n'
    rules = "[[rule]]\nname = 'r'\nat = 'rcpt'\nall = ['country is us']\nthen = 'reject 554 {country}'\n"
    async with stand(tmp_path, config=config, rules=rules) as here, from_ip(here, "8.8.8.8") as caller:
        assert await caller.ask(f"RCPT TO:<{ALICE}>") == "554 5.7.1 US"


# --- plug-ins -------------------------------------------------------------------------------------------------------


async def friday(event: str, facts: Facts) -> Sequence[str]:
    if facts["mailFromUser"] == "slow":
        await asyncio.sleep(3600)
    return {"bad": ["reject 550 'Not on a {mailFromUser} day.'"], "odd": ["sing"], "set": ["ask friday"]}.get(
        str(facts["mailFromUser"]), []
    )


@pytest.mark.parametrize("failure", ["pass", "tempreject"])
async def test_a_plug_in_says_what_rules_cannot_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    monkeypatch.setattr(plugins, "installed", lambda: {"friday": friday})
    monkeypatch.setattr(plugins.asked, "__defaults__", (0.05,))
    rules = "".join(
        f"[[rule]]\nname = '{name}'\nat = 'mail'\nall = ['mailFromUser {when}']\nthen = 'ask {name}'\n"
        for name, when in (("friday", "not is lost"), ("nobody", "is lost"))
    )
    config = f"[smtp]\nplugin_failure = '{failure}'\n"
    failed = "250" if failure == "pass" else "451"
    async with stand(tmp_path, config=config, rules=rules) as here, talker(here.port) as caller:
        for name, said in (("good", "250"), ("bad", "550 5.7.1 Not on a bad day."), *(
            (name, failed) for name in ("slow", "odd", "set", "lost")
        )):  # fmt: skip
            assert (await caller.ask(f"MAIL FROM:<{name}@far.test>")).startswith(said)
            await caller.ask("RSET")
        whys = [each["why"] for each in here.log.named("policy_plugin_failed")]
        assert whys[0] == "it took longer than 0.05 seconds"
        assert len(whys) == 4


# --- how much a peer may bring --------------------------------------------------------------------------------------

RATES = "\n[smtp]\nxclient_networks = ['127.0.0.1']\n[smtp.peer_rates]\nmessages = 3\nrecipients = 4\ninterval = 600\n"


async def begun(caller: Talker) -> str:
    """The answer to one more message that is begun."""
    said = await caller.ask("MAIL FROM:<x@far.test>")
    await caller.ask("RSET")
    return said


async def test_a_peer_begins_so_many_messages_over_all_its_connections(tmp_path: Path) -> None:
    async with stand(tmp_path, config=RATES) as here:
        for _ in range(3):
            async with talker(here.port) as caller:
                assert (await begun(caller)).startswith("250 ")
        async with talker(here.port) as caller:
            said = await begun(caller)
            assert said.startswith("450 4.7.1 You bring too many messages at once; come again in ")
            await caller.ask("XCLIENT ADDR=192.0.2.7")
            await caller.ask("EHLO other.test")
            assert (await begun(caller)).startswith("250 ")
        assert [each["what"] for each in here.log.named("peer_rate_exceeded")] == ["messages"]


async def test_a_peer_names_so_many_recipients_whether_they_are_there_or_not(tmp_path: Path) -> None:
    async with stand(tmp_path, config=RATES) as here, talker(here.port) as caller:
        await caller.ask("MAIL FROM:<x@far.test>")
        codes = [(await caller.ask(f"RCPT TO:<{to}>"))[:9] for to in ("a@example.test", ALICE, BOB, "b@example.test")]
        assert codes == ["550 5.1.1", "250 2.1.5", "250 2.1.5", "550 5.1.1"]
        assert (await caller.ask("RCPT TO:<info@example.test>")).startswith("450 4.7.1 You bring too many recipients")


async def test_who_has_signed_in_is_not_counted(tmp_path: Path) -> None:
    token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    async with stand(tmp_path, config=RATES) as here, talker(here.port) as caller:
        await caller.ask(f"AUTH PLAIN {token}")
        for _ in range(5):
            assert (await caller.ask(f"MAIL FROM:<{ALICE}>")).startswith("250 ")
            await caller.ask("RSET")


async def test_who_comes_again_behind_the_interval_begins_anew(tmp_path: Path) -> None:
    async with stand(tmp_path, config=RATES) as here:
        clock = FakeClock()
        here.parts.rates._clock = clock  # type: ignore[attr-defined]
        async with talker(here.port) as caller:
            assert [(await begun(caller))[:3] for _ in range(4)] == ["250", "250", "250", "450"]
            clock.advance(601)
            assert (await begun(caller)).startswith("250 ")


async def test_rules_ask_for_what_a_peer_brings_and_set_what_it_may(tmp_path: Path) -> None:
    rules = """
[[rule]]
name = "known"
at = "connect"
then = ["set maxPeerMessages 1", "set maxPeerRecipients 0"]
[[rule]]
name = "told"
at = "rcpt"
all = ["peerRecipients greater 1"]
then = ["reject 550 'message {peerMessages}, recipient {peerRecipients}'"]
"""
    async with stand(tmp_path, config="", rules=rules) as here, talker(here.port) as caller:
        await caller.ask("MAIL FROM:<x@far.test>")
        assert (await caller.ask(f"RCPT TO:<{ALICE}>")).startswith("250 ")
        assert await caller.ask(f"RCPT TO:<{BOB}>") == "550 5.7.1 message 1, recipient 2"
        await caller.ask("RSET")
        assert (await begun(caller)).startswith("450 4.7.1 ")
