"""Signing in: passwords, SASL, TLS, how many sessions, and what is said when it fails."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

import pytest

from mailcore.server.tls import Contexts
from tests.support.imapstand import PASSWORD, Client, Stand, connected, stand
from tests.support.scramclient import ScramClient


async def test_password_as_literal(place: Stand) -> None:
    async with place.client() as client:
        answer = await client.ask("LOGIN alice", PASSWORD.encode())
    assert answer.tagged.startswith(b"OK [CAPABILITY IMAP4rev1 ")
    assert b"AUTH=" not in answer.tagged


async def test_full_address(place: Stand) -> None:
    async with place.client() as client:
        assert (await client.ask(f'LOGIN alice@example.test "{PASSWORD}"')).ok


async def test_password_is_never_logged(place: Stand) -> None:
    async with place.client() as client:
        await client.ask('LOGIN alice "guess4711"')
        await client.ask(f'LOGIN alice "{PASSWORD}"')
    assert PASSWORD not in str(place.log.events)
    assert "guess4711" not in str(place.log.events)


async def test_too_many_failures_end_the_session(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[service.imap]\nmax_auth_errors = 2\n") as place, place.client() as client:
        assert (await client.ask("LOGIN alice no")).tagged.startswith(b"NO [AUTHENTICATIONFAILED]")
        answer = await client.ask("LOGIN alice no")
        assert answer.untagged[0].startswith(b"* BYE ")
        assert await client.response() == b""


async def test_too_many_wrong_commands_end_the_session(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[service.imap]\nmax_errors = 3\n") as place, place.client() as client:
        for _ in range(3):
            assert (await client.ask("NONSENSE")).tagged.startswith(b"BAD ")
        assert (await client.response()).startswith(b"* BYE ")
        assert await client.response() == b""


async def test_more_sessions_than_an_account_may_have(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[imap]\nmax_connections_per_account = 1\n") as place:
        async with place.client("alice"), place.client("bob"), place.client() as third:
            assert (await third.ask(f'LOGIN alice "{PASSWORD}"')).tagged.startswith(b"NO [LIMIT]")
        await place.log.until("logout", 3)
        async with place.client("alice") as again:
            assert (await again.ask("NOOP")).ok


async def test_scram(place: Stand) -> None:
    async with place.client() as client:
        scram = ScramClient("alice", PASSWORD, "sha256")
        client.send(b"s1 AUTHENTICATE SCRAM-SHA-256 " + base64.b64encode(scram.first()) + b"\r\n")
        challenge = await client.response()
        final = scram.final(base64.b64decode(challenge.removeprefix(b"+ ")))
        client.send(base64.b64encode(final) + b"\r\n")
        proof = await client.response()
        assert base64.b64decode(proof.removeprefix(b"+ ")) == scram.expected
        client.send(b"\r\n")
        assert (await client.until(b"s1")).ok


async def test_passwords_need_tls_where_that_is_asked_for(tmp_path: Path) -> None:
    async with stand(tmp_path, plain_login=False) as place, place.client() as client:
        assert b"LOGINDISABLED" in client.greeting
        assert b"AUTH=PLAIN" not in client.greeting
        assert (await client.ask(f'LOGIN alice "{PASSWORD}"')).tagged.startswith(b"NO [PRIVACYREQUIRED]")
        assert (await client.ask("AUTHENTICATE PLAIN")).tagged.startswith(b"NO [PRIVACYREQUIRED]")


async def test_starttls(tmp_path: Path, contexts: Contexts, client_tls: ssl.SSLContext) -> None:
    async with stand(tmp_path, tls=contexts.current, plain_login=False) as place, place.client() as client:
        assert b"STARTTLS" in client.greeting
        client.send(b"t1 STARTTLS\r\nt2 NOOP\r\n")  # what is sent ahead is thrown away
        assert (await client.response()).startswith(b"t1 OK")
        await client.writer.start_tls(client_tls, server_hostname="localhost")
        told = await client.ask("CAPABILITY")
        assert b"STARTTLS" not in told.untagged[0]
        assert b"AUTH=PLAIN" in told.untagged[0]
        assert (await client.ask("STARTTLS")).tagged.startswith(b"BAD ")
        assert (await client.ask(f'LOGIN alice "{PASSWORD}"')).ok


async def test_tls_from_the_first_octet(tmp_path: Path, contexts: Contexts, client_tls: ssl.SSLContext) -> None:
    async with stand(tmp_path, tls=contexts.current, implicit=True, plain_login=False) as place:
        async with connected(place.port, client_tls, name="localhost") as client:
            assert b"STARTTLS" not in client.greeting
            assert (await client.ask(f'LOGIN alice "{PASSWORD}"')).ok
        await place.log.until("logout")
    assert place.counters.total("IMAP_InboundConnectionSSL") == 1


async def test_connections_are_counted_when_they_close(place: Stand) -> None:
    async with place.client("alice"):
        pass
    async with place.client() as stranger:
        await stranger.ask("LOGIN alice wrong")
    await place.log.until("logout", 2)
    totals = {name: place.counters.total(f"IMAP_InboundConnection{name}") for name in ("", "SSL", "Authenticated")}
    assert totals == {"": 2, "SSL": 0, "Authenticated": 2}
    assert place.counters.total("IMAP_InboundConnectionAuthenticatedSuccess") == 1


async def test_logout_is_logged_with_octets(place: Stand) -> None:
    async with place.client("alice") as client:
        await client.ask("LOGOUT")
        assert await client.response() == b""
    facts = await place.log.until("logout")
    assert facts["user"] == "alice@example.test"
    assert isinstance(facts["sent"], int) and facts["sent"] > 100
    assert isinstance(facts["received"], int) and facts["received"] > 20


async def test_server_that_stops_says_goodbye(place: Stand, alice: Client) -> None:
    alice.send(b"i1 IDLE\r\n")
    assert await alice.response() == b"+ idling"
    await place.service.drain(5)
    assert (await alice.response()).startswith(b"* BYE [UNAVAILABLE]")


@pytest.mark.parametrize("command", ["LOGIN", "LOGIN alice", "AUTHENTICATE", "LOGIN alice pass word", "STARTTLS x"])
async def test_what_cannot_be_understood_is_bad(place: Stand, command: str) -> None:
    async with place.client() as client:
        assert (await client.ask(command)).tagged.startswith(b"BAD ")
