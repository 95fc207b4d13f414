"""CRAM-MD5 and APOP: off, unless named; and then for accounts with a secret of their own alone."""

from __future__ import annotations

import asyncio
import base64
import hmac
import poplib

import pytest

from groupware.directory.shared import KIND, new_shared_secret, open_shared, seal_shared
from groupware.model.principal import OPERATOR
from tests.protocol.pop3.box import NAME, PASSWORD, Box, connected
from tests.protocol.pop3.conftest import Opening

NAMED = '[service.pop3]\nsecure_conn_auth_types = ["CRAM-MD5"]\nplain_conn_auth_types = ["CRAM-MD5", "SCRAM-SHA-256"]\n'


async def give(box: Box) -> str:
    """The account's new secret."""
    made = new_shared_secret()
    sealed = seal_shared(made, box.parts.secret)
    await box.parts.store.write(OPERATOR, lambda tx: tx.put_credential(NAME, KIND, sealed))
    return made


async def cram(box: Box, secret: str, name: str = NAME) -> str:
    async with connected(box) as caller:
        challenge = base64.b64decode((await caller.ask("AUTH CRAM-MD5")).removeprefix("+ "))
        digest = hmac.digest(secret.encode(), challenge, "md5").hex()
        return await caller.ask(base64.b64encode(f"{name} {digest}".encode()).decode())


async def apop(box: Box, secret: str, name: str = NAME) -> str:
    def talk() -> str:
        client = poplib.POP3("127.0.0.1", box.port)
        try:
            return client.apop(name, secret).decode()
        except poplib.error_proto as error:
            return error.args[0].decode()
        finally:
            client.close()

    return await asyncio.to_thread(talk)


async def test_neither_is_offered_unless_named(box: Box) -> None:
    await give(box)
    async with connected(box) as caller:
        assert (await caller.ask("AUTH CRAM-MD5")).startswith("-ERR")
        assert (await caller.ask(f"APOP {NAME} {'0' * 32}")).startswith("-ERR")


@pytest.mark.parametrize("way", [cram, apop])
async def test_the_secret_signs_in(opening: Opening, way: object) -> None:
    async with opening(NAMED) as box:
        secret = await give(box)
        assert (await way(box, secret)).startswith("+OK")
        assert secret not in str(box.log.events)


@pytest.mark.parametrize("way", [cram, apop])
async def test_nothing_else_signs_in(opening: Opening, way: object) -> None:
    async with opening(NAMED) as box:
        assert (await way(box, PASSWORD)).startswith("-ERR")
        secret = await give(box)
        assert (await way(box, PASSWORD)).startswith("-ERR")
        assert (await way(box, secret + "x")).startswith("-ERR")
        assert (await way(box, secret, "nobody@example.test")).startswith("-ERR")


async def test_a_digest_serves_once(opening: Opening) -> None:
    async with opening(NAMED) as box, connected(box) as one, connected(box) as other:
        await give(box)
        asked = [(await caller.ask("AUTH CRAM-MD5")) for caller in (one, other)]
        assert asked[0] != asked[1]


async def test_apop_that_cannot_be_read(opening: Opening) -> None:
    async with opening(NAMED) as box, connected(box) as caller:
        for line in ("APOP", "APOP alice", "APOP alice 00"):
            assert (await caller.ask(line)).startswith("-ERR")


def test_what_is_stored_opens_at_this_site_alone() -> None:
    sealed = seal_shared("secret", b"this site")
    assert "secret" not in sealed
    assert open_shared(sealed, b"this site") == "secret"
    assert open_shared(sealed, b"another site") is None
    assert open_shared(sealed[:-4], b"this site") is None
