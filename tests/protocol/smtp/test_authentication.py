"""Who mail from outside is really from, through the dialogue and a name server. RFC 7208, 6376, 7489, 8601."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import dkim as dkimpy
import pytest

from mailcore.server.dns import DnsSettings, NameServer, Resolver
from tests.support.dkimkeys import rsa
from tests.support.dnsserver import Zone, serving
from tests.support.dnstable import Table
from tests.support.house import house
from tests.support.smtpstand import PASSWORD, Stand, stand, talker

CHECKED = "[smtp.authentication]\ntrusted = []\n"
MESSAGE = (
    b"From: Alice <alice@example.org>\r\nTo: bob@example.test\r\nDate: Thu, 26 Nov 2026 12:00:00 +0000\r\n"
    b"Message-ID: <1@example.org>\r\nSubject: hello\r\n\r\nHello\r\n"
)
RECORDS = {
    ("example.org.", "MX"): ["10 mail.example.org."],
    ("mail.example.org.", "A"): ["127.0.0.1"],
    ("1.0.0.127.in-addr.arpa.", "PTR"): ["mail.example.org."],
    ("example.org.", "TXT"): ['"v=spf1 ip4:127.0.0.1 -all"'],
    ("forbids.org.", "TXT"): ['"v=spf1 -all exp=why.forbids.org"'],
    ("forbids.org.", "MX"): ["10 mail.example.org."],
    ("why.forbids.org.", "TXT"): ['"Ask %{o} about %{i}"'],
    ("null.org.", "MX"): ["0 ."],
    ("null.org.", "A"): ["127.0.0.1"],
    ("_dmarc.example.org.", "TXT"): ['"v=DMARC1; p=reject"'],
    ("_dmarc.strict.org.", "TXT"): ['"v=DMARC1; p=reject"'],
    ("_dmarc.wary.org.", "TXT"): ['"v=DMARC1; p=quarantine"'],
}


def key() -> list[str]:
    """The test's key as a TXT record of several strings."""
    text = rsa().record
    return [" ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))]


@asynccontextmanager
async def receiving(folder: Path, config: str = "", zone: Zone | None = None, **more: Any) -> AsyncIterator[Stand]:
    """A receiving server that checks even loopback, by a name server of its own."""
    zone = zone or Zone(dict(RECORDS))
    zone.records.setdefault(("sel._domainkey.example.org.", "TXT"), key())
    async with serving(zone) as port:
        server = (NameServer(1, "127.0.0.1", port),)
        dns = Resolver(DnsSettings(timeout=more.pop("timeout", 5.0), retries=0, servers=server))
        async with stand(folder, config=CHECKED + config, dns=dns, **more) as found:
            yield found


async def send(found: Stand, sender: str = "alice@example.org", octets: bytes = MESSAGE, hello: str = "") -> str:
    async with talker(found.port, hello or "EHLO mail.example.org") as caller:
        assert (await caller.ask(f"MAIL FROM:<{sender}>")).startswith("250 ")
        early = await caller.ask("RCPT TO:<bob@example.test>")
        if not early.startswith("250 "):
            return early
        assert (await caller.ask("DATA")).startswith("354 ")
        caller.send(octets + b".\r\n")
        return await caller.reply()


def said(found: Stand) -> str:
    """The Authentication-Results that the message got, on one line."""
    header = found.intake.last.octets.partition(b"\r\n\r\n")[0].decode()
    lines = header.replace("\r\n\t", " ").split("\r\n")
    assert lines[0].startswith("Received: ")
    assert lines[1].startswith("Authentication-Results: mx.example.test; ")
    return lines[1]


def signed(octets: bytes = MESSAGE, **options: object) -> bytes:
    return bytes(dkimpy.sign(octets, b"sel", b"example.org", rsa().traditional, **options)) + octets


async def test_what_is_in_order_is_taken_and_said_to_be(tmp_path: Path) -> None:
    async with receiving(tmp_path) as found:
        octets = signed()
        assert (await send(found, octets=octets)).startswith("250 ")
        line = said(found)
        for part in (
            "iprev=pass (mail.example.org) policy.iprev=127.0.0.1",
            "spf=pass (ip4:127.0.0.1/32) smtp.mailfrom=alice@example.org",
            "dkim=pass header.d=example.org header.s=sel header.a=rsa-sha256 header.b=",
            "dmarc=pass (p=reject dis=none) header.from=example.org",
        ):
            assert part in line
        assert found.intake.last.octets.endswith(octets)


async def test_mail_that_its_domain_wants_refused_is_refused(tmp_path: Path) -> None:
    async with receiving(tmp_path) as found:
        octets = MESSAGE.replace(b"alice@example.org", b"ceo@strict.org")
        reply = await send(found, octets=octets)
        assert reply.startswith("550 5.7.26 strict.org wants mail in its name refused")
        assert found.intake.messages == []


async def test_a_signature_makes_up_for_another_sender(tmp_path: Path) -> None:
    async with receiving(tmp_path) as found:
        assert (await send(found, "list@forbids.org", signed())).startswith("250 ")
        assert "spf=fail" in said(found)
        assert "dmarc=pass" in said(found)


async def test_mail_that_its_domain_wants_set_apart_is_marked(tmp_path: Path) -> None:
    async with receiving(tmp_path) as found:
        octets = MESSAGE.replace(b"alice@example.org", b"ceo@wary.org")
        assert (await send(found, octets=octets)).startswith("250 ")
        assert said(found).endswith("x-postroom-disposition=junk policy.reason=dmarc")


@pytest.mark.parametrize(
    ("setting", "sender", "reply"),
    [
        ('spf_fail = "reject"', "a@forbids.org", "550 5.7.23 127.0.0.1 may not send mail for forbids.org"),
        ('spf_fail = "defer"', "a@forbids.org", "451 4.7.23 127.0.0.1 may not send mail for forbids.org"),
        ('no_sender_domain = "reject"', "a@absent.test", "550 5.1.8 <a@absent.test>: the domain does not exist"),
        ('no_sender_domain = "reject"', "a@null.org", "550 5.7.27 <a@null.org>: the domain says that it takes no mail"),
        ('dkim_fail = "reject"', "a@example.org", "550 5.7.20 No DKIM signature of the message is good"),
    ],
)
async def test_what_the_administrator_wants_refused(tmp_path: Path, setting: str, sender: str, reply: str) -> None:
    async with receiving(tmp_path, setting) as found:
        octets = signed(MESSAGE.replace(b"From: Alice <alice@example.org>", b"From: x@nothing.test"))
        octets = octets.replace(b"Hello", b"Hullo")
        assert (await send(found, sender, octets)).startswith(reply)
        assert found.intake.messages == []


async def test_the_owner_of_the_domain_has_a_word_in_the_refusal(tmp_path: Path) -> None:
    async with receiving(tmp_path, 'spf_fail = "reject"') as found:
        reply = await send(found, "a@forbids.org", signed())
        assert reply.startswith("550 5.7.23 ")
        assert reply.endswith("forbids.org says: Ask forbids.org about 127.0.0.1")


async def test_the_trace_is_told_what_was_found(tmp_path: Path) -> None:
    async with receiving(tmp_path) as found:
        assert (await send(found, octets=signed())).startswith("250 ")
        checked = found.intake.last.checked.split("; ")
        assert {each.partition(" ")[0] for each in checked} >= {"spf=pass", "dkim=pass", "dmarc=pass"}


async def test_an_address_without_name_may_be_refused(tmp_path: Path) -> None:
    zone = Zone({name: value for name, value in RECORDS.items() if name[1] != "PTR"})
    async with receiving(tmp_path, 'no_reverse_name = "reject"', zone) as found:
        assert (await send(found, octets=signed())).startswith("550 5.7.25 The address 127.0.0.1 has no name")


async def test_a_name_server_that_is_silent_holds_nobody_up(tmp_path: Path) -> None:
    zone = Zone(dict(RECORDS), silent=1_000)
    async with receiving(tmp_path, "time_limit = 1\n", zone, timeout=60.0) as found:
        assert (await send(found, octets=signed())).startswith("250 ")
        line = said(found)
        assert "spf=temperror" in line
        assert "dkim=temperror" in line
        assert "dmarc=temperror" in line


async def test_what_cannot_be_looked_up_may_be_put_off(tmp_path: Path) -> None:
    async with receiving(tmp_path, 'temperror = "defer"\n', Zone(dict(RECORDS), broken=1_000)) as found:
        assert (await send(found)).startswith("451 4.")
        assert found.intake.messages == []


async def test_the_null_sender_is_judged_by_its_hello(tmp_path: Path) -> None:
    zone = Zone({**RECORDS, ("mail.example.org.", "TXT"): ['"v=spf1 a -all"']})
    async with receiving(tmp_path, zone=zone) as found:
        assert (await send(found, "")).startswith("250 ")
        assert "spf=pass (a) smtp.helo=mail.example.org" in said(found)
        assert "dmarc=pass" in said(found)


async def test_results_in_our_name_are_taken_away(tmp_path: Path) -> None:
    forged = b"Authentication-Results: mx.example.test; dmarc=pass\r\n"
    other = b"Authentication-Results: relay.example.org; dmarc=pass\r\n"
    async with receiving(tmp_path) as found:
        assert (await send(found, octets=forged + other + MESSAGE)).startswith("250 ")
        octets = found.intake.last.octets
        assert octets.count(b"Authentication-Results: mx.example.test") == 1
        assert octets.endswith(other + MESSAGE)


async def test_a_signature_over_a_field_that_is_taken_away_is_still_good(tmp_path: Path) -> None:
    forged = b"Authentication-Results: mx.example.test; dmarc=pass\r\n"
    octets = signed(forged + MESSAGE, include_headers=[b"from", b"authentication-results"])
    async with receiving(tmp_path) as found:
        assert (await send(found, octets=octets)).startswith("250 ")
        assert "dkim=pass" in said(found)


async def test_a_trusted_peer_is_not_checked_and_its_results_stay(tmp_path: Path) -> None:
    line = b"Authentication-Results: mx.example.test; dmarc=pass\r\n"
    async with stand(tmp_path) as found:
        assert (await send(found, octets=line + MESSAGE)).startswith("250 ")
        assert found.intake.last.octets.endswith(line + MESSAGE)
        assert found.intake.last.octets.count(b"Authentication-Results") == 1


async def test_who_signs_in_is_believed_and_named(tmp_path: Path) -> None:
    forged = b"Authentication-Results: mx.example.test; dmarc=pass\r\n"
    async with receiving(tmp_path, role="submission") as found, talker(found.port) as caller:
        word = base64.b64encode(f"\0alice@example.test\0{PASSWORD}".encode()).decode()
        assert (await caller.ask(f"AUTH PLAIN {word}")).startswith("235 ")
        message = forged + MESSAGE.replace(b"alice@example.org", b"alice@example.test")
        assert (await caller.deliver("alice@example.test", ["bob@example.test"], message)).startswith("250 ")
        assert said(found).endswith("auth=pass smtp.auth=alice@example.test")
        assert found.intake.last.octets.count(b"Authentication-Results") == 1


async def test_a_message_that_never_comes_leaves_nothing_running(tmp_path: Path) -> None:
    silent = Table(silent={"example.org", "mail.example.org", "1.0.0.127.in-addr.arpa"})
    async with (
        stand(tmp_path, config=CHECKED, dns=cast(Any, silent)) as found,
        talker(found.port, "EHLO mail.example.org") as caller,
    ):
        await caller.envelope("alice@example.org", "bob@example.test")
        caller.send(b"BDAT 1\r\nx")
        assert (await caller.reply()).startswith("250 ")
        assert len(running()) == 4
        assert (await caller.ask("RSET")).startswith("250 ")
        await asyncio.sleep(0)
        assert running() == []


async def test_whoever_begins_messages_and_sends_none_costs_no_sockets(tmp_path: Path) -> None:
    zone = Zone(dict(RECORDS), silent=1_000)
    async with receiving(tmp_path, zone=zone, timeout=60.0) as found, talker(found.port) as caller:
        before = sockets()
        for _ in range(10):
            await caller.envelope("alice@example.org", "bob@example.test")
            caller.send(b"BDAT 1\r\nxRSET\r\n")
            assert [(await caller.reply())[:4] for _ in range(2)] == ["250 ", "250 "]
        async with asyncio.timeout(10):
            while sockets() > before:  # noqa: ASYNC110 - the event loop closes them in its own time
                await asyncio.sleep(0.01)


def sockets() -> int:
    """How many sockets this process has open."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += str(each.readlink()).startswith("socket:")
    return found


def running() -> list[object]:
    """The checks that are under way."""
    return [task for task in asyncio.all_tasks() if "Checks._within" in repr(task.get_coro())]


async def test_a_fault_in_a_check_costs_nobody_the_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*given: object) -> None:
        raise RuntimeError("a bug")

    async with receiving(tmp_path) as found:
        monkeypatch.setattr("mailcore.smtp.authentication.checks.dkim.verify", broken)
        assert (await send(found, octets=signed())).startswith("250 ")
        assert "dkim=temperror" in said(found)
        assert found.log.named("check_failed")


async def test_checks_can_be_switched_off(tmp_path: Path) -> None:
    off = "".join(f"{name} = false\n" for name in ("iprev", "spf", "sender_domain", "dkim", "arc", "dmarc"))
    async with receiving(tmp_path, off) as found:
        assert (await send(found)).startswith("250 ")
        assert found.intake.last.octets.count(b"Authentication-Results") == 0


async def test_chunks_are_checked_too(tmp_path: Path) -> None:
    octets = signed()
    async with receiving(tmp_path) as found, talker(found.port, "EHLO mail.example.org") as caller:
        await caller.envelope("alice@example.org", "bob@example.test")
        caller.send(b"BDAT %d\r\n" % 10 + octets[:10] + b"BDAT %d LAST\r\n" % (len(octets) - 10) + octets[10:])
        assert [(await caller.reply())[:4] for _ in range(2)] == ["250 ", "250 "]
        assert "dkim=pass" in said(found)


async def test_what_is_marked_by_this_server_goes_to_junk_and_what_another_marks_does_not(tmp_path: Path) -> None:
    """The test's peer is trusted, so what it says under our name is believed, as if this server had marked it."""
    async with (
        house(tmp_path) as here,
        stand(tmp_path, real=here.parts) as there,
        talker(there.port, "EHLO mail.example.org") as caller,
    ):
        for name in ("mx.example.test", "mx.elsewhere.test"):
            mark = f"Authentication-Results: {name}; x-postroom-disposition=junk policy.reason=dmarc\r\n".encode()
            assert (await caller.deliver("alice@example.org", ["bob@example.test"], mark + MESSAGE)).startswith("250")
        assert [len(await here.bodies("bob", path)) for path in ("Junk", "INBOX")] == [1, 1]


@pytest.mark.parametrize(
    ("sender", "says"), [("alice@forbids.org", "550 5.7.1 fail: not yours."), ("alice@example.org", "250")]
)
async def test_rules_know_what_was_found(tmp_path: Path, sender: str, says: str) -> None:
    when = ["SPFResult is fail", "DMARCResult not is pass", "reverseDNSResult is pass"]
    rules = f"[[rule]]\nname = 'spf'\nat = 'data'\nall = {when!r}\nthen = [\"reject '{{SPFResult}}: not yours.'\"]\n"
    async with receiving(tmp_path, 'dmarc_reject = "accept"\n', rules=rules) as found:
        assert (await send(found, sender)).startswith(says)


# --- before the message comes ---------------------------------------------------------------------------------------

FORBIDDEN = b"MAIL FROM:<a@forbids.org>\r\n"
RCPTS = b"RCPT TO:<bob@example.test>\r\nRCPT TO:<nobody@example.test>\r\nRCPT TO:<alice@example.test>\r\n"


async def test_what_the_envelope_forbids_is_refused_at_each_recipient_in_its_place(tmp_path: Path) -> None:
    async with receiving(tmp_path, 'spf_fail = "reject"') as found, talker(found.port) as caller:
        caller.send(FORBIDDEN + RCPTS + b"DATA\r\nRSET\r\nMAIL FROM:<alice@example.org>\r\n" + RCPTS + b"NOOP\r\n")
        replies = await caller.replies(11)
        assert [each[:9] for each in replies] == [
            *("250 2.1.0", "550 5.7.2", "550 5.1.1", "550 5.7.2", "554 5.5.1", "250 2.0.0"),
            *("250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.1.5", "250 2.0.0"),
        ]
        assert [each["action"] for each in found.log.named("sender_checked")] == ["reject"]


async def test_or_only_behind_the_message_where_that_is_set(tmp_path: Path) -> None:
    async with receiving(tmp_path, 'spf_fail = "reject"\nrefuse_early = false') as found:
        async with talker(found.port) as caller:
            await caller.envelope("a@forbids.org", "bob@example.test")
        assert (await send(found, "a@forbids.org", signed())).startswith("550 5.7.23")


async def test_a_silent_name_server_holds_only_what_asks_for_it(tmp_path: Path) -> None:
    zone = Zone({name: value for name, value in RECORDS.items() if name[1] != "PTR"}, silent=1_000)
    more = 'time_limit = 120\nno_reverse_name = "junk"'
    async with receiving(tmp_path, more, zone, timeout=60.0) as found, talker(found.port) as caller:
        await caller.envelope("a@forbids.org", "bob@example.test")
        assert (await caller.ask("RSET")).startswith("250")


async def test_what_was_asked_for_early_is_not_asked_again(tmp_path: Path) -> None:
    async with receiving(tmp_path, 'spf_fail = "reject"') as found:
        assert (await send(found, octets=signed())).startswith("250 ")
        assert "spf=pass" in said(found)


async def test_who_goes_away_in_between_leaves_nothing_behind(tmp_path: Path) -> None:
    zone = Zone(dict(RECORDS), silent=1_000)
    async with receiving(tmp_path, 'spf_fail = "reject"\ntime_limit = 120', zone, timeout=60.0) as found:
        async with talker(found.port) as caller:
            assert (await caller.ask("MAIL FROM:<a@forbids.org>")).startswith("250")
            assert (await caller.ask("RSET")).startswith("250")
        assert found.log.named("check_failed") == []
