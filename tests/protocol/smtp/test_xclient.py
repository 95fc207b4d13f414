"""XCLIENT: a trusted front end says who its client is, and everything sees that client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.smtpstand import HOST, stand, talker

TRUSTED = '[smtp]\nxclient_networks = ["127.0.0.1"]\n'
OTHERS = '[smtp]\nxclient_networks = ["192.0.2.0/24"]\n'
OFFER = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"
ALICE = "alice@example.test"
MESSAGE = b"From: x@far.test\r\n\r\nhello\r\n"


async def test_it_is_offered_to_trusted_front_ends_alone(tmp_path: Path) -> None:
    for config, offered in ((TRUSTED, True), (OTHERS, False), ("", False)):
        async with stand(tmp_path, config=config) as here, talker(here.port, hello="") as caller:
            assert (OFFER in await caller.ask("EHLO client.test")) is offered
            said = await caller.ask("XCLIENT ADDR=192.0.2.7")
            assert said.startswith(f"220 {HOST} " if offered else "550 5.7.0 ")


async def test_the_session_begins_anew_as_the_client_that_was_named(tmp_path: Path) -> None:
    rules = "[[rule]]\nname='r'\nat='rcpt'\nall=['remoteSmtpIp is 2001:db8::7', 'reverseDns is mail.far.test', "
    rules += "'remoteSmtpPort is 4711', 'smtpIp is 192.0.2.25', 'smtpPort is 25', 'ehloHost is far.test', "
    rules += "'isESMTP is no']\nthen='accept'\n[[rule]]\nname='s'\nat='rcpt'\nthen='reject'\n"
    async with stand(tmp_path, config=TRUSTED, rules=rules) as here, talker(here.port) as caller:
        await caller.envelope("a@far.test")
        assert (await caller.ask("XCLIENT ADDR=192.0.2.7")).startswith("503 ")
        await caller.ask("RSET")
        said = await caller.ask(
            "xclient addr=IPv6:2001:db8::7 NAME=mail.far.test port=4711 HELO=far.test proto=smtp DESTADDR=192.0.2.25"
            " DESTPORT=25"
        )
        assert said == f"220 {HOST} ESMTP Postroom"
        assert (await caller.deliver("x@far.test", [ALICE], MESSAGE)).startswith("250 ")
        assert here.intake.last.octets.startswith(
            b"Received: from far.test ([IPv6:2001:db8::7])\r\n\tby mx.example.test with SMTP id"
        )
        assert here.log.named("xclient")[-1]["front"] == "127.0.0.1"


async def test_who_said_it_may_say_it_again(tmp_path: Path) -> None:
    async with stand(tmp_path, config=TRUSTED) as here, talker(here.port) as caller:
        for ip in ("192.0.2.7", "192.0.2.8"):
            assert (await caller.ask(f"XCLIENT ADDR={ip}")).startswith("220 ")
        await caller.ask("EHLO x.test")
        await caller.deliver("x@far.test", [ALICE], MESSAGE)
        assert b"([192.0.2.8])" in here.intake.last.octets


async def test_a_front_end_vouches_for_who_signed_in(tmp_path: Path) -> None:
    async with stand(tmp_path, "submission", config=TRUSTED) as here, talker(here.port) as caller:
        assert (await caller.ask(f"MAIL FROM:<{ALICE}>")).startswith("530 ")
        await caller.ask("XCLIENT ADDR=192.0.2.7 LOGIN=alice@example.test")
        await caller.ask("EHLO x.test")
        await caller.envelope(ALICE, "y@elsewhere.test")
        await caller.ask("RSET")
        await caller.ask("XCLIENT LOGIN=[UNAVAILABLE]")
        await caller.ask("EHLO x.test")
        assert (await caller.ask(f"MAIL FROM:<{ALICE}>")).startswith("530 ")


async def test_what_the_front_end_does_not_know_is_unknown(tmp_path: Path) -> None:
    async with stand(tmp_path, config=TRUSTED) as here, talker(here.port) as caller:
        await caller.ask("XCLIENT ADDR=[UNAVAILABLE] NAME=[TEMPUNAVAIL] HELO=[UNAVAILABLE]")
        assert (await caller.ask("MAIL FROM:<x@far.test>")).startswith("503 ")
        await caller.ask("HELO x.test")
        await caller.deliver("x@far.test", [ALICE], MESSAGE)
        assert b"([0.0.0.0])" in here.intake.last.octets


async def test_rules_at_connect_judge_the_client_that_was_named(tmp_path: Path) -> None:
    rules = "[[rule]]\nname='r'\nat='connect'\nall=['remoteSmtpIp is 192.0.2.7']\nthen='reject'\n"
    async with stand(tmp_path, config=TRUSTED, rules=rules) as here, talker(here.port) as caller:
        assert (await caller.ask("XCLIENT ADDR=192.0.2.7")).startswith("554 ")
        assert await caller.reply() == ""


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("", "501 5.5.4 Say who the client is"),
        ("ADDR", "501 5.5.4 'ADDR' is nothing that XCLIENT knows"),
        ("COLOUR=red", "501 5.5.4 'COLOUR=red' is nothing"),
        ("ADDR=localhost", "501 5.5.4 'localhost' is no IP address."),
        ("ADDR=", "501 5.5.4 'ADDR=' is empty"),
        ("NAME=a+0Ab", "501 5.5.4 'NAME=a+0Ab' is empty, too long, or has control"),
        ("NAME=a+ZZ", "501 5.5.4 'NAME=a+ZZ' is not xtext."),
        ("PORT=70000", "501 5.5.4 '70000' is no port."),
        ("PROTO=HTTP", "501 5.5.4 'HTTP' is neither SMTP nor ESMTP."),
        ("HELO=-", "501 5.5.2 '-' is no host name."),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_changes(tmp_path: Path, argument: str, said: str) -> None:
    async with stand(tmp_path, config=TRUSTED) as here, talker(here.port) as caller:
        assert (await caller.ask(f"XCLIENT {argument}".rstrip())).startswith(said)
        await caller.deliver("x@far.test", [ALICE], MESSAGE)
        assert b"from client.test ([127.0.0.1])" in here.intake.last.octets


async def test_swaks_as_a_front_end(tmp_path: Path) -> None:
    line = ["--server", "", "--from", "x@far.test", "--to", ALICE, "--helo", "front.test"]
    line += ["--xclient-addr", "192.0.2.7", "--xclient-name", "mail.far.test", "--xclient-helo", "mail.far.test"]
    async with stand(tmp_path, config=TRUSTED) as here:
        line[1] = f"127.0.0.1:{here.port}"
        swaks = await asyncio.create_subprocess_exec("swaks", *line, stdout=asyncio.subprocess.PIPE)
        said, _ = await swaks.communicate()
        assert swaks.returncode == 0, said.decode()
        assert b"([192.0.2.7])" in here.intake.last.octets
