"""Submission: TLS, signing in, whose address one may use, and what a message gets that lacks it."""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailcore.server.tls import Certificate, Contexts, TlsSettings
from tests.support.certificates import Authority
from tests.support.smtpstand import HOST, PASSWORD, Talker, stand, talker

MESSAGE = b"From: Alice <alice@example.test>\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n"


def plain(name: str, password: str = PASSWORD) -> str:
    return "AUTH PLAIN " + base64.b64encode(f"\0{name}\0{password}".encode()).decode()


async def signed_in(caller: Talker, name: str = "alice@example.test") -> None:
    assert (await caller.ask(plain(name))).startswith("235 2.7.0")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def tls(authority: Authority) -> Callable[[], ssl.SSLContext | None]:
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("mx", HOST)),)))
    return contexts.current


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.ca_file))


async def test_submission_needs_a_login(tmp_path: Path) -> None:
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        assert (await caller.ask("MAIL FROM:<alice@example.test>")).startswith("530 5.7.0")
        await signed_in(caller)
        assert (await caller.ask("MAIL FROM:<alice@example.test>")).startswith("250 2.1.0")


async def test_who_signed_in_may_send_elsewhere(tmp_path: Path) -> None:
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        await signed_in(caller)
        said = await caller.deliver("alice@example.test", ["x@elsewhere.test", "bob@example.test"], MESSAGE)
    assert said.startswith("250 2.0.0")
    assert here.intake.last.by == 11
    assert b" with ESMTPA id " in here.intake.last.octets


@pytest.mark.parametrize(
    ("sender", "code"),
    [
        ("alice@example.test", "250"),
        ("info@example.test", "250"),
        ("", "250"),
        ("bob@example.test", "553 5.7.1"),
        ("alice@far.test", "553 5.7.1"),
    ],
)
async def test_the_sender_is_ones_own_or_covered_by_a_right(tmp_path: Path, sender: str, code: str) -> None:
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        await signed_in(caller)
        assert (await caller.ask(f"MAIL FROM:<{sender}>")).startswith(code)


async def test_the_author_in_the_header_is_ones_own_too(tmp_path: Path) -> None:
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        await signed_in(caller)
        forged = MESSAGE.replace(b"Alice <alice@", b"Bob <bob@")
        said = await caller.deliver("alice@example.test", ["bob@example.test"], forged)
        assert said.startswith("553 5.7.1 <bob@example.test> is neither")
        allowed = MESSAGE.replace(b"alice@", b"info@")
        assert (await caller.deliver("alice@example.test", ["bob@example.test"], allowed)).startswith("250")


async def test_an_author_from_elsewhere_is_shown_with_who_sent_it(tmp_path: Path) -> None:
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        await signed_in(caller)
        passed_on = MESSAGE.replace(b"alice@example.test", b"alice@far.test")
        assert (await caller.deliver("alice@example.test", ["bob@example.test"], passed_on)).startswith("250")
    assert b"\r\nSender: alice@example.test\r\nFrom: Alice <alice@far.test>\r\n" in here.intake.last.octets


@pytest.mark.parametrize(("field", "code"), [("Resent-From", "250"), ("Sender", "553 5.7.1")])
async def test_who_sends_again_answers_for_it(tmp_path: Path, field: str, code: str) -> None:
    other = "alice" if field == "Resent-From" else "bob"
    author = "bob" if field == "Resent-From" else "alice"
    letter = f"{field}: {other}@example.test\r\nFrom: {author}@example.test\r\n\r\nhello\r\n".encode()
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        await signed_in(caller)
        said = await caller.deliver("alice@example.test", ["bob@example.test"], letter)
    assert said.startswith(code)


async def test_a_message_gets_what_it_lacks(tmp_path: Path) -> None:
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        await signed_in(caller)
        await caller.deliver("alice@example.test", ["bob@example.test"], b"Subject: x\r\n\r\nhello\r\n")
        octets = here.intake.last.octets
    header, _, body = octets.partition(b"\r\n\r\n")
    assert re.search(
        rb"\r\nFrom: alice@example.test\r\nDate: [^\r]+\r\nMessage-ID: <[0-9a-f]+@example.test>\r\n", header
    )
    assert body == b"hello\r\n"


async def test_a_complete_message_gets_nothing_but_the_trace(tmp_path: Path) -> None:
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        await signed_in(caller)
        await caller.deliver("alice@example.test", ["bob@example.test"], MESSAGE)
    by = rb"Authentication-Results: mx\.example\.test;\r\n\tauth=pass smtp\.auth=alice@example\.test\r\n"
    trace = rb"Received: [^\r]+\r\n(?:\t[^\r]+\r\n)+"
    assert re.fullmatch(trace + by + re.escape(MESSAGE), here.intake.last.octets)


async def test_mail_from_other_servers_gets_nothing_but_the_trace(tmp_path: Path) -> None:
    async with stand(tmp_path, "mx") as here, talker(here.port) as caller:
        await caller.deliver("x@far.test", ["bob@example.test"], b"\r\nno header\r\n")
    assert re.fullmatch(rb"Received: [^\r]+\r\n(?:\t[^\r]+\r\n)+\r\nno header\r\n", here.intake.last.octets)


async def test_wrong_passwords_are_answered_and_bounded(tmp_path: Path) -> None:
    async with (
        stand(tmp_path, config="[service.smtp_incoming]\nmax_auth_errors = 3\n") as here,
        talker(here.port) as caller,
    ):
        answers = [await caller.ask(plain("alice@example.test", "wrong")) for _ in range(3)]
        end = await caller.reply()
    assert [each[:9] for each in answers] == ["535 5.7.8"] * 3
    assert end == ""


async def test_login_in_two_steps(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        assert await caller.ask("AUTH LOGIN") == "334 " + base64.b64encode(b"Username:").decode()
        assert (await caller.ask(base64.b64encode(b"alice@example.test").decode())).startswith("334 ")
        assert (await caller.ask(base64.b64encode(PASSWORD.encode()).decode())).startswith("235 ")


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        (["AUTH"], "501 5.5.4"),
        (["AUTH GSSAPI"], "504 5.5.4"),
        (["AUTH PLAIN", "*"], "501 5.0.0"),
        (["AUTH PLAIN =x="], "501 5.5.2"),
        (["AUTH PLAIN", "A" * 13_000], "500 5.5.6"),
        (["MAIL FROM:<x@far.test>", "AUTH PLAIN"], "503 5.5.1"),
        ([plain("alice@example.test"), plain("alice@example.test")], "503 5.5.1"),
    ],
)
async def test_what_is_wrong_with_auth(tmp_path: Path, commands: list[str], code: str) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        said = ""
        for command in commands:
            said = await caller.ask(command)
        assert said.startswith(code)
        assert (await caller.ask("NOOP")).startswith("250")


async def test_a_password_needs_tls(tmp_path: Path, tls: Callable[[], ssl.SSLContext | None]) -> None:
    async with stand(tmp_path, "submission", tls=tls, plain_login=False) as here, talker(here.port, hello="") as caller:
        words = await caller.ask("EHLO client.test")
        assert "STARTTLS" in words
        assert "PLAIN" not in words.partition("AUTH ")[2]
        assert (await caller.ask(plain("alice@example.test"))).startswith("538 5.7.11")


async def test_starttls_forgets_what_was_said_and_what_was_sent_ahead(
    tmp_path: Path, authority: Authority, tls: Callable[[], ssl.SSLContext | None]
) -> None:
    async with stand(tmp_path, "submission", tls=tls, plain_login=False) as here, talker(here.port) as caller:
        caller.send(b"STARTTLS\r\nMAIL FROM:<alice@example.test>\r\n")
        assert await caller.reply() == "220 2.0.0 Ready to start TLS"
        await caller.line.start_tls(trusting(authority), HOST)
        assert (await caller.ask(plain("alice@example.test"))).startswith("503 5.5.1")  # EHLO again
        words = await caller.ask("EHLO client.test")
        assert "STARTTLS" not in words
        assert "PLAIN" in words
        await signed_in(caller)
        await caller.deliver("alice@example.test", ["bob@example.test"], MESSAGE)
    assert b"\r\n\t(using TLSv1.3 with cipher " in here.intake.last.octets
    assert b" with ESMTPSA id " in here.intake.last.octets


async def test_tls_further_on_can_be_required_where_there_is_tls(
    tmp_path: Path, authority: Authority, tls: Callable[[], ssl.SSLContext | None]
) -> None:
    async with stand(tmp_path, tls=tls) as here, talker(here.port) as caller:
        assert "REQUIRETLS" not in await caller.ask("EHLO client.test")
        assert (await caller.ask("MAIL FROM:<x@far.test> REQUIRETLS")).startswith("555 5.5.4")
        assert (await caller.ask("STARTTLS")).startswith("220")
        await caller.line.start_tls(trusting(authority), HOST)
        assert "250-REQUIRETLS" in await caller.ask("EHLO client.test")
        assert (await caller.ask("MAIL FROM:<x@far.test> REQUIRETLS=yes")).startswith("501")
        for words, required in ((" REQUIRETLS", True), ("", False)):
            assert (await caller.ask(f"MAIL FROM:<x@far.test>{words}")).startswith("250")
            assert (await caller.ask("RCPT TO:<bob@example.test>")).startswith("250")
            assert (await caller.ask("DATA")).startswith("354")
            caller.send(MESSAGE + b".\r\n")
            assert (await caller.reply()).startswith("250")
            assert here.intake.last.require_tls is required


async def test_tls_from_the_first_octet(
    tmp_path: Path, authority: Authority, tls: Callable[[], ssl.SSLContext | None]
) -> None:
    async with (
        stand(tmp_path, "submission", tls=tls, implicit=True, plain_login=False) as here,
        talker(here.port, tls=trusting(authority), name=HOST) as caller,
    ):
        await signed_in(caller)
        assert (await caller.ask("STARTTLS")).startswith("503 5.5.1")


async def test_local_delivery_can_be_for_users_alone(tmp_path: Path) -> None:
    async with stand(tmp_path, config='[smtp]\nlocal_delivery = "auth"\n') as here, talker(here.port) as caller:
        await caller.ask("MAIL FROM:<x@far.test>")
        assert (await caller.ask("RCPT TO:<alice@example.test>")).startswith("530 5.7.0")


async def test_remote_delivery_can_be_for_nobody(tmp_path: Path) -> None:
    async with stand(tmp_path, config='[smtp]\nremote_delivery = "none"\n') as here, talker(here.port) as caller:
        await signed_in(caller)
        await caller.ask("MAIL FROM:<alice@example.test>")
        assert (await caller.ask("RCPT TO:<x@elsewhere.test>")).startswith("550 5.7.1")


async def test_a_message_is_kept_back_as_its_sender_asks(tmp_path: Path) -> None:
    async with stand(tmp_path, "submission") as here, talker(here.port) as caller:
        await signed_in(caller)
        for words, seconds in (("HOLDFOR=600", 600), ("HOLDUNTIL=2000-01-01T00:00:00Z", 0), ("", 0)):
            before = datetime.now(UTC)
            assert (await caller.ask(f"MAIL FROM:<alice@example.test> {words}".strip())).startswith("250")
            assert (await caller.ask("RCPT TO:<bob@example.test>")).startswith("250")
            assert (await caller.ask("DATA")).startswith("354")
            assert (await caller.ask(MESSAGE.decode() + ".")).startswith("250")
            due = here.intake.last.due
            assert (due is not None) == bool(seconds)
            if due is not None:
                assert timedelta(0) <= due - before - timedelta(seconds=seconds) < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("role", "words", "code"),
    [
        ("submission", "HOLDFOR=5184000", "250"),
        ("submission", "HOLDFOR=5999999", "501 5.5.4"),
        ("submission", "HOLDFOR=x", "501 5.5.4"),
        ("submission", "HOLDUNTIL=tomorrow", "501 5.5.4"),
        ("submission", "HOLDUNTIL=2999-01-01T00:00:00Z", "501 5.5.4"),
        ("submission", "HOLDFOR=1 HOLDUNTIL=2000-01-01T00:00:00Z", "501 5.5.4"),
        ("mx", "HOLDFOR=600", "555 5.5.4"),
    ],
)
async def test_how_long_it_is_kept_back_has_a_bound(tmp_path: Path, role: str, words: str, code: str) -> None:
    async with stand(tmp_path, role) as here, talker(here.port) as caller:
        await signed_in(caller)
        assert (await caller.ask(f"MAIL FROM:<alice@example.test> {words}")).startswith(code)
