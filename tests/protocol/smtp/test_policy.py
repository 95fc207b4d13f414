"""The rules of the policy, at each event of the dialogue."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from groupware.model.errors import GroupwareError, Refused, TryAgain
from groupware.model.event import Recipient, Target
from groupware.model.ids import AccountId, ModSeq
from groupware.model.policy import StoredRule
from groupware.store.api import POLICY
from mailcore.smtp.policy.rules import for_domain, from_toml, stored
from tests.support.smtpstand import HOST, PASSWORD, People, Permits, Stand, Talker, stand, talker
from tests.support.talk import client

MESSAGE = b"From: x@far.test\r\nSubject: Buy now\r\nX-Old: 1\r\nX-Old: 2\r\n\r\nhello\r\n"
ALICE, BOB = "alice@example.test", "bob@example.test"


def rule(at: str, then: str | list[str], *when: str, name: str = "r") -> str:
    then = [then] if isinstance(then, str) else then
    return f"[[rule]]\nname = '{name}'\nat = '{at}'\nall = {list(when)!r}\nthen = {then!r}\n".replace("\\\\", "\\")


def told(here: Stand) -> list[tuple[object, object]]:
    return [(each["at"], each["rules"]) for each in here.log.named("policy")]


# --- connect, ehlo --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("reject 'Not you, {remoteSmtpIp}.'", "554 5.7.1 Not you, 127.0.0.1."),
        ("reject 521 5.3.2 'No mail here.'", "521 5.3.2 No mail here."),
        ("tempreject", "421 4.7.1 Not now; try again later."),
        ("close", "421 4.7.0 Goodbye."),
    ],
)
async def test_a_client_is_sent_away_before_it_says_anything(tmp_path: Path, then: str, said: str) -> None:
    rules = rule("connect", then, "remoteSmtpIp in-network 127.0.0.0/8")
    async with stand(tmp_path, rules=rules) as here:
        async with client(here.port) as line:
            caller = Talker(line)
            assert [await caller.reply(), await caller.reply()] == [said, ""]
        assert told(here) == [("connect", "r")]
        assert here.counters.total("SMTP_InboundConnectionRefused") == 1


async def test_what_is_offered_is_what_rules_leave(tmp_path: Path) -> None:
    then = ["set allowPipelining no", "set allowBinaryData no", "set allowAuth no", "set maxDataSize 3"]
    rules = rule("connect", "set smtpGreeting 'hello {nobody}'", name="a") + rule(
        "ehlo", then, "ehloHost is client.test"
    )
    async with stand(tmp_path, "submission", rules=rules) as here, talker(here.port, hello="") as caller:
        words = {line[4:].split(" ")[0] for line in (await caller.ask("EHLO client.test")).splitlines()[1:]}
        assert words == {"SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "FUTURERELEASE", "HELP"}
        assert (await caller.ask("AUTH PLAIN AGFsaWNlAHg=")).startswith("502 ")
        words = {line[4:].split(" ")[0] for line in (await caller.ask("EHLO other.test")).splitlines()[1:]}
        assert words >= {"PIPELINING", "CHUNKING", "AUTH"}


async def test_the_ways_to_sign_in_are_those_that_rules_leave(tmp_path: Path) -> None:
    rules = rule("ehlo", "set plainConnAuthTypes 'SCRAM-SHA-256 CRAM-MD5'", "ehloHost is client.test")
    async with stand(tmp_path, "submission", rules=rules) as here, talker(here.port, hello="") as caller:
        assert "AUTH SCRAM-SHA-256" in {line[4:] for line in (await caller.ask("EHLO client.test")).splitlines()}
        refused = "504 5.5.4 The mechanism is not offered; there are SCRAM-SHA-256."
        assert await caller.ask("AUTH plain AGFsaWNlAHg=") == refused
        await caller.ask("EHLO other.test")
        token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
        assert (await caller.ask(f"AUTH PLAIN {token}")).startswith("235 ")


async def test_a_hello_is_refused_and_another_one_is_heard(tmp_path: Path) -> None:
    rules = rule("ehlo", "reject 550 'Who are you?'", f"ehloHost is {HOST} localhost")
    async with stand(tmp_path, rules=rules) as here, talker(here.port, hello="") as caller:
        assert await caller.ask(f"EHLO {HOST}") == "550 5.7.1 Who are you?"
        assert (await caller.ask("MAIL FROM:<x@far.test>")).startswith("503 ")
        assert (await caller.ask("HELO client.test")).startswith("250 ")
        assert (await caller.ask("MAIL FROM:<x@far.test>")).startswith("250 ")


# --- mail, rcpt -----------------------------------------------------------------------------------------------------


async def test_a_sender_is_refused_with_the_rules_own_words(tmp_path: Path) -> None:
    rules = rule(
        "mail", "reject 553 5.1.8 'No mail from {mailFromDomain}.'", "mailFromDomain like *.spam.test spam.test"
    )
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        assert await caller.ask("MAIL FROM:<x@a.spam.test>") == "553 5.1.8 No mail from a.spam.test."
        assert (await caller.ask("RCPT TO:<alice@example.test>")).startswith("503 ")
        assert (await caller.ask("MAIL FROM:<x@far.test>")).startswith("250 ")
        assert here.log.named("sender_refused")[0]["sender"] == "x@a.spam.test"


async def test_a_rule_that_closes_hangs_up(tmp_path: Path) -> None:
    async with stand(tmp_path, rules=rule("mail", "close")) as here, talker(here.port) as caller:
        assert await caller.ask("MAIL FROM:<x@far.test>") == "421 4.7.0 Goodbye."
        assert await caller.reply() == ""


async def test_limits_of_a_message_end_with_it(tmp_path: Path) -> None:
    rules = rule("mail", ["set maxRcptCount 1", "set maxDataSize 1"], "mailFromDomain is small.test")
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        assert await caller.ask("MAIL FROM:<x@small.test> SIZE=2000") == (
            "552 5.3.4 The message has 2000 octets; this server takes up to 1024."
        )
        await caller.envelope("x@small.test", ALICE)
        assert (await caller.ask(f"RCPT TO:<{BOB}>")).startswith("452 4.5.3 A message has up to 1 recipients")
        assert (await caller.ask("DATA")).startswith("354 ")
        caller.send(MESSAGE + b"x" * 2000 + b"\r\n.\r\n")
        assert (await caller.reply()).startswith("552 5.3.4 ")
        assert (await caller.deliver("x@far.test", [ALICE, BOB], MESSAGE + b"x" * 2000 + b"\r\n")).startswith("250 ")
        assert here.intake.last.sender == "x@far.test"


async def test_a_network_may_relay_and_nobody_else(tmp_path: Path) -> None:
    rules = rule("connect", "set remoteDelivery all", "remoteSmtpIp in-network 127.0.0.0/8")
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        await caller.envelope("x@far.test", "y@elsewhere.test")
    rules = rule("connect", "set remoteDelivery all", "remoteSmtpIp not in-network 127.0.0.0/8")
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        await caller.envelope("x@far.test", ALICE)
        assert (await caller.ask("RCPT TO:<y@elsewhere.test>")).startswith("550 5.7.1 ")


async def test_relaying_that_a_rule_allows_for_one_recipient_is_for_that_one(tmp_path: Path) -> None:
    rules = rule("rcpt", "set remoteDelivery all", "rcptDomain is partner.test", "rcptIsLocal is no")
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        await caller.envelope("x@far.test", "y@partner.test")
        assert (await caller.ask("RCPT TO:<y@elsewhere.test>")).startswith("550 5.7.1 ")


async def test_recipients_are_refused_one_by_one(tmp_path: Path) -> None:
    rules = rule("rcpt", "tempreject 450 '{rcpt} rests.'", "rcptUser is bob") + rule(
        "rcpt", "reject 'Only one.'", "rcptCount greater 0", name="s"
    )
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        await caller.ask("MAIL FROM:<x@far.test>")
        caller.send(b"".join(b"RCPT TO:<%s@example.test>\r\n" % name for name in (b"bob", b"alice", b"info")))
        assert await caller.replies(3) == [
            "450 4.7.1 bob@example.test rests.",
            "250 2.1.5 Ok",
            "550 5.7.1 Only one.",
        ]


async def test_a_recipient_is_added_and_another_one_left_out(tmp_path: Path) -> None:
    rules = rule("rcpt", ["add-recipient bob@example.test", "add-recipient nobody@example.test"], "rcptUser is alice")
    rules += rule("rcpt", "discard-recipient", "rcptUser is info", name="s")
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        assert (await caller.deliver("x@far.test", ["info@example.test", ALICE], MESSAGE)).startswith("250 ")
        assert here.intake.last.recipients == (Recipient(ALICE), Recipient(BOB, "NEVER"))
        assert [each["recipient"] for each in here.log.named("policy_recipient_unknown")] == ["nobody@example.test"]


async def test_a_message_without_a_recipient_that_is_left_goes_nowhere_and_is_said_to_be_taken(tmp_path: Path) -> None:
    rules = rule("rcpt", "discard-recipient", "rcptUser is alice")
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        assert (await caller.deliver("x@far.test", [ALICE], MESSAGE)).startswith("250 2.0.0 Ok: queued as ")
        assert here.intake.messages == []
        assert [each["recipients"] for each in here.log.named("discarded")] == [[ALICE]]
        assert (await caller.deliver("x@far.test", [BOB], MESSAGE)).startswith("250 ")


async def test_a_rule_knows_who_signed_in(tmp_path: Path) -> None:
    rules = rule("rcpt", "reject 'Ask for it.'", "authUser is alice@example.test", "rcptIsLocal is no")
    async with stand(tmp_path, "submission", rules=rules) as here, talker(here.port) as caller:
        token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
        assert (await caller.ask(f"AUTH PLAIN {token}")).startswith("235 ")
        await caller.envelope(ALICE, BOB)
        assert await caller.ask("RCPT TO:<y@elsewhere.test>") == "550 5.7.1 Ask for it."


# --- headers, data --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "when"),
    [
        ("headers", "header.subject contains buy"),
        ("headers", "headerNames is X-OLD"),
        ("headers", "receivedCount is 0"),
        ("data", "messageSize greater 20"),
        ("data", f"messageSize is {len(MESSAGE)}"),
        ("data", "contentTypes is text/plain"),
    ],
)
async def test_a_message_is_refused_for_what_is_in_it(tmp_path: Path, at: str, when: str) -> None:
    async with stand(tmp_path, rules=rule(at, "reject 554 'Not that.'", when)) as here, talker(here.port) as caller:
        assert await caller.deliver("x@far.test", [ALICE], MESSAGE) == "554 5.7.1 Not that."
        assert here.intake.messages == []
        assert told(here) == [(at, "r")]


async def test_names_of_attachments_are_known(tmp_path: Path) -> None:
    letter = (
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nhi\r\n--x\r\nContent-Type: application/zip\r\n'
        b"Content-Disposition: attachment; filename*=utf-8''b%C3%B6se.exe\r\n\r\nMZ\r\n--x--\r\n"
    )
    rules = rule("data", "reject 554 'No programs.'", "attachmentNames like *.exe *.scr")
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        assert await caller.deliver("x@far.test", [ALICE], letter) == "554 5.7.1 No programs."
        assert (await caller.deliver("x@far.test", [ALICE], letter.replace(b".exe", b".txt"))).startswith("250 ")


async def test_header_fields_come_and_go_and_the_rest_stays_octet_for_octet(tmp_path: Path) -> None:
    then = [
        "add-header X-Seen 'by {listener}'",
        "add-header-if-missing X-Seen again",
        "add-header-if-missing Subject again",
        "modify-header subject 'was: {header.subject}'",
        "modify-header-if-there X-None x",
        "remove-first-header x-old",
    ]
    async with stand(tmp_path, rules=rule("headers", then, "header.subject exists")) as here:
        async with talker(here.port) as caller:
            await caller.deliver("x@far.test", [ALICE], MESSAGE)
        octets = here.intake.last.octets
    assert octets.startswith(b"Received: from ")
    assert b"\r\nX-Seen: by test\r\nFrom: " in octets
    assert octets.endswith(b"\r\nFrom: x@far.test\r\nsubject: was: Buy now\r\nX-Old: 2\r\n\r\nhello\r\n")


async def test_content_sends_a_message_elsewhere(tmp_path: Path) -> None:
    then = ["discard-recipient alice@example.test", "add-recipient bob@example.test", "remove-header X-Old"]
    async with stand(tmp_path, rules=rule("data", then)) as here, talker(here.port) as caller:
        await caller.deliver("x@far.test", [ALICE, "info@example.test"], MESSAGE)
        assert [each.address for each in here.intake.last.recipients] == ["info@example.test", BOB]
        assert b"X-Old" not in here.intake.last.octets


async def test_a_session_counts_what_it_has_brought(tmp_path: Path) -> None:
    rules = rule("mail", "close 'Enough.'", "mailCount greater 1", f"totalMailSize is {2 * len(MESSAGE)}")
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        for _ in range(2):
            assert (await caller.deliver("x@far.test", [ALICE], MESSAGE)).startswith("250 ")
        assert await caller.ask("MAIL FROM:<x@far.test>") == "421 4.7.0 Enough."


async def test_lmtp_is_asked_nothing(tmp_path: Path) -> None:
    rules = "".join(rule(at, "reject", name=at) for at in ("connect", "ehlo", "mail", "rcpt", "headers", "data"))
    async with stand(tmp_path, "lmtp", rules=rules) as here, talker(here.port, hello="LHLO client.test") as caller:
        assert (await caller.deliver("x@far.test", [ALICE], MESSAGE)).startswith("250 ")
        assert told(here) == []


# --- rules that change ----------------------------------------------------------------------------------------------


async def test_rules_are_read_once_and_again_when_they_have_changed(tmp_path: Path) -> None:
    async with stand(tmp_path, rules=rule("mail", "reject", "mailFromDomain is a.test")) as here:
        store = cast(Permits, here.parts.store)
        async with talker(here.port) as caller, talker(here.port) as other:
            for each in (caller, other):
                assert (await each.ask("MAIL FROM:<x@a.test>")).startswith("550 ")
            assert store.asked == 1
            store.rules = [stored(each) for each in from_toml(rule("mail", "reject", "mailFromDomain is b.test"))]
            here.parts.bus.publish({POLICY: ModSeq(1)})  # type: ignore[attr-defined]
            assert (await caller.ask("MAIL FROM:<x@a.test>")).startswith("250 ")
            assert (await other.ask("MAIL FROM:<x@b.test>")).startswith("550 ")
            assert store.asked == 2


async def test_a_sender_that_could_not_be_judged_may_be_named_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        await caller.ask(f"AUTH PLAIN {token}")
        with monkeypatch.context() as broken:

            def away(*arguments: object) -> object:
                raise TryAgain("away")

            broken.setattr("mailcore.smtp.envelope.not_own", lambda addresses: away)
            assert (await caller.ask(f"MAIL FROM:<{ALICE}>")).startswith("451 ")
        await caller.envelope(ALICE, BOB)


async def test_a_rule_of_another_version_is_told_of_and_the_others_hold(tmp_path: Path) -> None:
    async with stand(tmp_path, rules=rule("mail", "reject")) as here:
        cast(Permits, here.parts.store).rules.insert(0, StoredRule("odd", "mail", True, '{"then":["sing"]}'))
        async with talker(here.port) as caller:
            assert (await caller.ask("MAIL FROM:<x@a.test>")).startswith("550 ")
        assert [each["rule"] for each in here.log.named("policy_rule_unusable")] == ["odd"]


# --- held back ------------------------------------------------------------------------------------------------------


async def test_a_rule_has_a_message_held_back_and_the_client_hears_that_it_was_taken(tmp_path: Path) -> None:
    rules = rule("headers", "quarantine 'looks odd: {header.subject}'", "header.subject contains Buy")
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        assert (await caller.deliver("x@far.test", (ALICE,), MESSAGE)).startswith("250 2.0.0 Ok")
        assert (await caller.deliver("x@far.test", (ALICE,), MESSAGE.replace(b"Buy", b"Sell"))).startswith("250")
        assert here.intake.held == ["looks odd: Buy now", ""]


async def test_a_refusal_behind_it_counts_more(tmp_path: Path) -> None:
    rules = rule("headers", "quarantine", name="a") + rule("data", "reject", name="b")
    async with stand(tmp_path, rules=rules) as here, talker(here.port) as caller:
        assert (await caller.deliver("x@far.test", (ALICE,), MESSAGE)).startswith("550")
        assert here.intake.held == []


async def test_without_words_the_rule_is_the_reason(tmp_path: Path) -> None:
    async with stand(tmp_path, rules=rule("data", "quarantine", name="odd")) as here, talker(here.port) as caller:
        await caller.deliver("x@far.test", (ALICE,), MESSAGE)
        assert here.intake.held == ["the rule odd"]


# --- rules of domains -----------------------------------------------------------------------------------------------


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is another domain here, with carol in it."""
    real = People._resolved

    def resolved(self: People, address: str) -> Sequence[Target] | GroupwareError:
        if address.endswith("@other.test"):
            return [Target("account", AccountId(21), address=address)]
        return real(self, address)

    monkeypatch.setattr(People, "_resolved", resolved)


CAROL = "carol@other.test"


def domain(here: Stand, text: str, name: str = "other.test") -> None:
    cast(Permits, here.parts.store).domains[name] = text


async def test_a_domain_refuses_its_own_recipients_alone(tmp_path: Path, two: None) -> None:
    async with stand(tmp_path) as here:
        domain(here, rule("rcpt", "reject 'Not here.'", "mailFromDomain is far.test"))
        async with talker(here.port) as caller:
            await caller.envelope("x@far.test", ALICE)
            assert await caller.ask(f"RCPT TO:<{CAROL}>") == "550 5.7.1 Not here."
            assert (await caller.ask(f"RCPT TO:<{BOB}>")).startswith("250")
        assert [each.get("domain") for each in here.log.named("policy")] == ["other.test"]


async def test_the_server_s_rules_come_first_and_may_end_it(tmp_path: Path, two: None) -> None:
    async with stand(tmp_path, rules=rule("rcpt", "accept", "mailFrom is ok@far.test")) as here:
        domain(here, rule("rcpt", "reject"))
        async with talker(here.port) as caller:
            await caller.envelope("ok@far.test", CAROL)
            await caller.ask("RSET")
            assert (await caller.ask("MAIL FROM:<x@far.test>")).startswith("250")
            assert (await caller.ask(f"RCPT TO:<{CAROL}>")).startswith("550")


async def test_what_a_domain_does_to_a_message_it_does_to_its_own_mail(tmp_path: Path, two: None) -> None:
    async with stand(tmp_path) as here:
        domain(here, rule("headers", ["add-header X-Domain other", "quarantine 'odd'"], "header.subject contains buy"))
        async with talker(here.port) as caller:
            await caller.envelope("x@far.test", ALICE)
            assert (await caller.ask(f"RCPT TO:<{CAROL}>")).startswith("452 4.5.3")
            await caller.ask("RSET")
            assert (await caller.deliver("x@far.test", (ALICE,), MESSAGE)).startswith("250")
            assert (await caller.deliver("x@far.test", (CAROL,), MESSAGE)).startswith("250")
        assert [b"X-Domain" in each.octets for each in here.intake.messages] == [False, True]
        assert here.intake.held == ["", "odd"]


async def test_a_domain_and_its_alias_are_one(tmp_path: Path, two: None) -> None:
    async with stand(tmp_path) as here:
        text = rule("headers", "add-header X-Domain 1")
        for name in ("other.test", "example.test"):
            domain(here, text, name)
        async with talker(here.port) as caller:
            assert (await caller.deliver("x@far.test", (ALICE, CAROL), MESSAGE)).startswith("250")
        assert here.intake.last.octets.count(b"X-Domain: 1") == 1


async def test_domains_without_such_rules_share_a_message(tmp_path: Path, two: None) -> None:
    async with stand(tmp_path) as here:
        domain(here, rule("rcpt", "accept"))
        async with talker(here.port) as caller:
            assert (await caller.deliver("x@far.test", (ALICE, CAROL), MESSAGE)).startswith("250")


async def test_who_has_signed_in_writes_to_several_domains_at_once(tmp_path: Path, two: None) -> None:
    async with stand(tmp_path, "submission") as here:
        domain(here, rule("headers", ["add-header X-Other 1", "discard-recipient"]))
        domain(here, rule("headers", ["add-header X-Own 1"]), "example.test")
        async with talker(here.port) as caller:
            await caller.ask("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode())
            letter = MESSAGE.replace(b"x@far.test", ALICE.encode())
            assert (await caller.deliver(ALICE, (BOB, CAROL), letter)).startswith("250")
        assert [each.address for each in here.intake.last.recipients] == [BOB]
        assert (b"X-Own: 1" in here.intake.last.octets, b"X-Other" in here.intake.last.octets) == (True, False)


async def test_the_sender_s_domain_is_asked_at_mail(tmp_path: Path, two: None) -> None:
    async with stand(tmp_path) as here:
        domain(here, rule("mail", "reject 550 5.7.1 'Nobody else writes in our name.'", "authUser not exists"))
        async with talker(here.port) as caller:
            assert (await caller.ask(f"MAIL FROM:<{CAROL}>")).startswith("550 5.7.1 Nobody else")
            assert (await caller.ask("MAIL FROM:<x@far.test>")).startswith("250")


@pytest.mark.parametrize(
    ("at", "then", "told"),
    [
        ("connect", "reject", "a domain's rules are asked at"),
        ("relay", "stop", "a domain's rules are asked at"),
        ("rcpt", "set remoteDelivery all", "set is for the server's own rules"),
        ("rcpt", "close", "close is for the server's own rules"),
        ("data", "ask plugin", "ask is for the server's own rules"),
    ],
)
def test_what_concerns_others_is_no_rule_of_a_domain(at: str, then: str, told: str) -> None:
    [found] = from_toml(rule(at, then))
    with pytest.raises(Refused, match=told):
        for_domain(found)
