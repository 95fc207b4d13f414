"""Clients that others wrote: Python's smtplib, and aiosmtplib."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from mailcore.server.tls import Certificate, Contexts, TlsSettings
from tests.support.certificates import Authority
from tests.support.smtpstand import HOST, PASSWORD, stand

ALICE, BOB = "alice@example.test", "bob@example.test"


def letter(sender: str = ALICE) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, BOB, "Grüße"
    message.set_content("Eins\n.\n..zwei\nDrei\n")
    return message


async def test_smtplib_delivers(tmp_path: Path) -> None:
    def send(port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", port) as client:
            return client.sendmail(
                "x@far.test", [BOB, "no@example.test"], letter("x@far.test").as_bytes(), rcpt_options=["NOTIFY=NEVER"]
            )

    async with stand(tmp_path) as here:
        refused = await asyncio.to_thread(send, here.port)
    assert list(refused) == ["no@example.test"]
    assert refused["no@example.test"][0] == 550
    assert b"\r\n\r\nEins\r\n.\r\n..zwei\r\nDrei\r\n" in here.intake.last.octets
    assert here.intake.last.recipients[0].notify == "NEVER"


async def test_smtplib_submits_over_starttls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("mx", HOST, "127.0.0.1", "localhost")),)))

    def send(port: int) -> None:
        with smtplib.SMTP("localhost", port) as client:
            client.starttls(context=ssl.create_default_context(cafile=str(authority.ca_file)))
            client.login(ALICE, PASSWORD)
            client.send_message(letter())

    async with stand(tmp_path, "submission", tls=contexts.current, plain_login=False) as here:
        await asyncio.to_thread(send, here.port)
    assert here.intake.last.by == 11


async def test_smtplib_says_lmtp(tmp_path: Path) -> None:
    def send(port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.LMTP("127.0.0.1", port) as client:
            return client.sendmail("x@far.test", [ALICE], letter().as_bytes())  # it knows one reply, not one for each

    async with stand(tmp_path, "lmtp") as here:
        assert await asyncio.to_thread(send, here.port) == {}


async def test_aiosmtplib_submits(tmp_path: Path) -> None:
    async with stand(tmp_path, "submission") as here:
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=here.port, start_tls=False, username=ALICE, password=PASSWORD
        )
        async with client:
            await client.send_message(letter())
            with pytest.raises(aiosmtplib.SMTPSenderRefused):
                await client.sendmail("bob@example.test", [ALICE], b"Subject: x\r\n\r\n")
            await client.rset()
            await client.send_message(letter())
    assert len(here.intake.messages) == 2
