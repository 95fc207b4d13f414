"""Signing in with a token: a provider over HTTP, and IMAP, POP3 and SMTP alike. RFC 7628."""

from __future__ import annotations

import asyncio
import base64
import imaplib
import json
import poplib
import smtplib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from imapclient import IMAPClient

from groupware.model.principal import OPERATOR
from groupware.model.token import NewGrant, NewTokens
from groupware.store.bus import LocalBus
from mailcore.server import tokens
from mailcore.server.config import load
from mailcore.server.parts import Parts
from tests.protocol.pop3.box import serving
from tests.support import smtpstand
from tests.support.imapstand import Stand, stand
from tests.support.onedoor import House
from tests.support.openid import Provider, provider, section


@pytest.fixture
def house() -> Iterator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture
async def place(tmp_path: Path, house: Provider) -> AsyncIterator[Stand]:
    async with stand(tmp_path, config=section(house)) as made:
        yield made


def message(token: str, name: str = "alice@example.test") -> bytes:
    return f"n,a={name},\x01auth=Bearer {token}\x01\x01".encode()


def old_message(token: str, name: str = "alice@example.test") -> bytes:
    return f"user={name}\x01auth=Bearer {token}\x01\x01".encode()


async def test_both_mechanisms_are_announced(place: Stand) -> None:
    async with place.client() as client:
        words = (await client.ask("CAPABILITY")).untagged[0].split()
    assert {b"AUTH=OAUTHBEARER", b"AUTH=XOAUTH2"} <= set(words)


async def test_neither_where_nobody_gives_tokens(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[oauth]\nenabled = false\n") as made, made.client() as client:
        assert b"OAUTH" not in (await client.ask("CAPABILITY")).untagged[0]


async def test_neither_where_others_could_listen(tmp_path: Path, house: Provider) -> None:
    async with stand(tmp_path, config=section(house), plain_login=False) as made, made.client() as client:
        assert b"OAUTH" not in (await client.ask("CAPABILITY")).untagged[0]
        answer = await client.ask("AUTHENTICATE OAUTHBEARER " + base64.b64encode(message(house.token())).decode())
        assert answer.tagged.startswith(b"NO [PRIVACYREQUIRED] ")


@pytest.mark.parametrize(("mechanism", "form"), [("OAUTHBEARER", message), ("XOAUTH2", old_message)])
async def test_a_good_token(place: Stand, house: Provider, mechanism: str, form: Callable[[str], bytes]) -> None:
    async with place.client() as client:
        initial = base64.b64encode(form(house.token())).decode()
        assert (await client.ask(f"AUTHENTICATE {mechanism} {initial}")).ok
        assert (await client.ask("SELECT INBOX")).ok


async def test_a_long_token_fits(place: Stand, house: Provider) -> None:
    initial = base64.b64encode(message(house.token(groups=["x" * 100] * 45))).decode()
    assert len(initial) > 8000
    async with place.client() as client:
        assert (await client.ask(f"AUTHENTICATE OAUTHBEARER {initial}")).ok


async def test_a_token_that_is_not_good(place: Stand, house: Provider) -> None:
    async with place.client() as client:
        initial = base64.b64encode(message(house.token(aud="another"))).decode()
        client.send(b"a AUTHENTICATE OAUTHBEARER " + initial.encode() + b"\r\n")
        challenge = await client.response()
        told = json.loads(base64.b64decode(challenge.removeprefix(b"+ ")))
        client.send(b"AQ==\r\n")
        answer = await client.until(b"a")
    assert told["status"] == "invalid_token"
    assert told["openid-configuration"] == f"{house.issuer}/.well-known/openid-configuration"
    assert answer.tagged.startswith(b"NO [AUTHENTICATIONFAILED] The token is not good here")
    assert initial not in str(place.log.events)


async def test_a_token_for_somebody_unknown_here(place: Stand, house: Provider) -> None:
    async with place.client() as client:
        initial = base64.b64encode(message(house.token("nobody@example.test"), "")).decode()
        assert (await client.ask(f"AUTHENTICATE OAUTHBEARER {initial}")).tagged.startswith(
            b"NO [AUTHENTICATIONFAILED] "
        )


async def test_a_token_of_one_for_another(place: Stand, house: Provider) -> None:
    async with place.client() as client:
        initial = base64.b64encode(message(house.token("bob@example.test"))).decode()
        assert (await client.ask(f"AUTHENTICATE OAUTHBEARER {initial}")).tagged.startswith(
            b"NO [AUTHENTICATIONFAILED] "
        )


async def test_a_provider_that_does_not_answer(place: Stand, house: Provider) -> None:
    house.broken = True
    async with place.client() as client:
        initial = base64.b64encode(message(house.token())).decode()
        assert (await client.ask(f"AUTHENTICATE OAUTHBEARER {initial}")).tagged.startswith(b"NO [UNAVAILABLE] ")


async def test_pythons_own_clients(place: Stand, house: Provider, tmp_path: Path) -> None:
    def imap_client() -> str:
        with imaplib.IMAP4("127.0.0.1", place.port) as client:
            return str(client.authenticate("XOAUTH2", lambda _: old_message(house.token()))[0])

    assert await asyncio.to_thread(imap_client) == "OK"


@pytest.mark.parametrize("login", [IMAPClient.oauthbearer_login, IMAPClient.oauth2_login])
async def test_imapclient(place: Stand, house: Provider, login: Callable[[IMAPClient, str, str], object]) -> None:
    def talk() -> int:
        with IMAPClient("127.0.0.1", place.port, ssl=False, timeout=20) as client:
            login(client, "alice@example.test", house.token())
            return int(client.select_folder("INBOX")[b"EXISTS"])

    assert await asyncio.to_thread(talk) == 0


async def test_pop3(place: Stand, house: Provider, tmp_path: Path) -> None:
    parts = parts_of(place)
    settings = load(tmp_path / "postroom.toml", data=place.data, environ={}, services=())
    async with serving(House(parts, settings, place.log, await place.who("alice"))) as box:

        def pop3_client() -> tuple[dict[str, Any], bytes]:
            client = poplib.POP3("127.0.0.1", box.port)
            can = client.capa()
            client._putline(b"AUTH OAUTHBEARER")
            client._getline()
            answer = client._shortcmd(base64.b64encode(message(house.token())).decode())
            client.quit()
            return can, answer

        def at_once() -> bytes:
            client = poplib.POP3("127.0.0.1", box.port)
            initial = base64.b64encode(old_message(house.token())).decode()
            assert len(initial) > 255
            answer = client._shortcmd(f"AUTH XOAUTH2 {initial}")
            client.quit()
            return answer

        can, answer = await asyncio.to_thread(pop3_client)
        assert (await asyncio.to_thread(at_once)).startswith(b"+OK")
    assert {"OAUTHBEARER", "XOAUTH2"} <= set(can["SASL"])
    assert answer.startswith(b"+OK")


async def test_smtp(house: Provider, tmp_path: Path) -> None:
    async with smtpstand.stand(tmp_path, "submission", config=section(house)) as made:

        def smtp_client() -> tuple[str, tuple[int, bytes]]:
            with smtplib.SMTP("127.0.0.1", made.port) as client:
                client.ehlo()
                said = client.esmtp_features["auth"]
                return said, client.auth("OAUTHBEARER", lambda _=None: message(house.token()).decode())

        said, answer = await asyncio.to_thread(smtp_client)
    assert {"OAUTHBEARER", "XOAUTH2"} <= set(said.split())
    assert answer[0] == 235


def parts_of(place: Stand) -> Parts:
    """The parts of the stand, for another service."""
    nothing = cast(Any, None)
    return Parts(
        log=lambda _: place.log, store=place.store, blobs=place.blobs, bus=LocalBus(), directory=place.directory,
        counters=place.counters, dns=nothing, secret=b"secret",
    )  # fmt: skip


async def let_in(made: Stand, scope: str) -> str:
    """An access token of our own, for Alice."""
    access = tokens.new_token(tokens.ACCESS)
    code, refresh = (tokens.digest_of(each) for each in ("code " + scope, "refresh " + scope))
    new = NewGrant(code, "A mailer", scope, code, "c", "http://127.0.0.1/", 60, "::1")
    issued = NewTokens(refresh, tokens.digest_of(access), 60, 60)
    alice = await made.store.read(OPERATOR, lambda tx: tx.identity(tx.account("alice@example.test").id))
    await made.write(lambda tx: tx.put_oauth_grant(new), alice)
    granted = await made.store.read(OPERATOR, lambda tx: tx.oauth_grant("code", code))
    assert await made.write(lambda tx: tx.turn_oauth_grant(granted, issued, "::1"))
    return access


@pytest.mark.parametrize(("mechanism", "form"), [("OAUTHBEARER", message), ("XOAUTH2", old_message)])
async def test_our_own_tokens_open_mail(tmp_path: Path, mechanism: str, form: Callable[[str], bytes]) -> None:
    async with stand(tmp_path) as made:
        token = await let_in(made, tokens.MAIL)
        async with made.client() as client:
            initial = base64.b64encode(form(token)).decode()
            assert (await client.ask(f"AUTHENTICATE {mechanism} {initial}")).ok
            assert (await client.ask("SELECT INBOX")).ok


async def test_tokens_for_something_else_do_not(tmp_path: Path) -> None:
    async with stand(tmp_path) as made:
        token = await let_in(made, f"{tokens.CONTACTS} {tokens.CALENDARS}")
        async with made.client() as client:
            client.send(b"a AUTHENTICATE OAUTHBEARER " + base64.b64encode(message(token)) + b"\r\n")
            told = json.loads(base64.b64decode((await client.response()).removeprefix(b"+ ")))
            client.send(b"AQ==\r\n")
            answer = await client.until(b"a")
            assert (told["status"], told["scope"]) == ("insufficient_scope", tokens.MAIL)
            assert answer.tagged.startswith(b"NO [AUTHENTICATIONFAILED]")


async def test_our_own_tokens_are_taken_beside_a_providers(tmp_path: Path, house: Provider) -> None:
    async with stand(tmp_path, config=section(house)) as made:
        for token in (await let_in(made, tokens.MAIL), house.token()):
            async with made.client() as client:
                initial = base64.b64encode(message(token)).decode()
                assert (await client.ask(f"AUTHENTICATE OAUTHBEARER {initial}")).ok
