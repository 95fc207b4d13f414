"""POP3 over TLS: begun midway, or from the first octet."""

import asyncio
import poplib
import ssl
from pathlib import Path

import pytest

from mailcore.server.tls import Certificate, Contexts, TlsSettings
from tests.protocol.pop3.box import NAME, PASSWORD, connected, lines, say
from tests.protocol.pop3.conftest import Opening
from tests.support.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def contexts(authority: Authority) -> Contexts:
    return Contexts(TlsSettings((Certificate(*authority.sign("mx", "localhost")),)))


@pytest.fixture
def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.ca_file))


async def test_stls_opens_the_way_for_passwords(opening: Opening, contexts: Contexts, trusting: ssl.SSLContext) -> None:
    async with opening(plain_login=False, context=contexts.current) as box, connected(box) as caller:
        await say(caller, "> CAPA\n< +OK *")
        found = await lines(caller)
        assert "STLS" in found
        assert "USER" not in found
        await say(caller, "> STLS\n< +OK *")
        await caller.start_tls(trusting, "localhost")
        await say(caller, "> CAPA\n< +OK *")
        found = await lines(caller)
        assert "STLS" not in found
        mechanisms = "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN OAUTHBEARER XOAUTH2"
        assert {"USER", f"SASL {mechanisms}"} <= set(found)
        await say(caller, f"> USER {NAME}\n< +OK *\n> PASS {PASSWORD}\n< +OK *\n> STLS\n< -ERR *\n> QUIT\n< +OK *")
    await box.until_ended()
    assert box.counters.total("POP3_InboundConnectionSSL") == 1


async def test_what_was_sent_before_tls_counts_no_more(
    opening: Opening, contexts: Contexts, trusting: ssl.SSLContext
) -> None:
    async with opening(context=contexts.current) as box, connected(box) as caller:
        await say(caller, f"> USER {NAME}\n< +OK *")
        caller.send(f"STLS\r\nPASS {PASSWORD}\r\nSTAT\r\n".encode())
        await say(caller, "< +OK Begin TLS.")
        await caller.start_tls(trusting, "localhost")
        assert await say(caller, f"> PASS {PASSWORD}\n< -ERR [SYS/PERM] USER *\n> QUIT\n< +OK Goodbye.")


async def test_stls_is_refused_after_utf8_and_where_the_administrator_does_not_want_it(
    opening: Opening, contexts: Contexts
) -> None:
    async with opening(context=contexts.current) as box, connected(box) as caller:
        await say(caller, "> UTF8\n< +OK *\n> STLS\n< -ERR *")
    async with (
        opening("[service.pop3]\nallow_start_tls = false\n", context=contexts.current) as box,
        connected(box) as caller,
    ):
        await say(caller, "> STLS\n< -ERR *\n> CAPA\n< +OK *")
        assert "STLS" not in await lines(caller)


async def test_pythons_own_client_comes_over_tls_from_the_first_octet_and_midway(
    opening: Opening, contexts: Contexts, trusting: ssl.SSLContext
) -> None:
    async with (
        opening(plain_login=False, context=contexts.current, tls="implicit") as first,
        opening(plain_login=False, context=contexts.current) as midway,
    ):

        def count() -> list[int]:
            pops = [
                poplib.POP3_SSL("localhost", first.port, context=trusting, timeout=20),
                poplib.POP3("localhost", midway.port, timeout=20),
            ]
            pops[1].stls(trusting)
            found = []
            for pop in pops:
                pop.user(NAME)
                pop.pass_(PASSWORD)
                found.append(pop.stat()[0])
                pop.quit()
            return found

        await first.put(b"Subject: x\r\n\r\n")
        assert await asyncio.to_thread(count) == [1, 0]
