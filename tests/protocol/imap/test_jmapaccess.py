"""JMAPACCESS (RFC 9698): announced to whom what was just used to sign in opens JMAP as well."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from groupware.model.ids import FolderId
from groupware.model.rights import parse_rights
from mailcore.server import tokens
from tests.protocol.imap.test_oauth import let_in
from tests.support.imapstand import PASSWORD, Client, Stand, stand

URL = b'* JMAPACCESS "https://imap.example.test/jmap/session"'


def plain(*words: str) -> str:
    return base64.b64encode("\0".join(words).encode()).decode()


async def announced(client: Client, command: str) -> bool:
    """Whether the answer to signing in says it, as CAPABILITY does from then on."""
    answer = await client.ask(command)
    assert answer.ok, answer
    found = b"JMAPACCESS" in answer.tagged.split(b"]")[0].split()
    assert (b"JMAPACCESS" in (await client.ask("CAPABILITY")).untagged[0].split()) is found
    return found


async def given(place: Stand, *scopes: str) -> str:
    """What signs in with a token of alice's for these."""
    token = await let_in(place, " ".join(scopes))
    return base64.b64encode(f"n,,\x01auth=Bearer {token}\x01\x01".encode()).decode()


@pytest.mark.parametrize(
    "command",
    [
        f'LOGIN alice "{PASSWORD}"',
        "AUTHENTICATE PLAIN " + plain("", "alice", PASSWORD),
        "AUTHENTICATE PLAIN " + plain("alice@example.test", "alice", PASSWORD),
    ],
)
async def test_a_password_opens_jmap_as_well(place: Stand, command: str) -> None:
    async with place.client() as client:
        assert await announced(client, command)
        assert (await client.ask("GETJMAPACCESS")).untagged == [URL]


async def test_who_may_not_use_jmap_is_told_of_none(place: Stand) -> None:
    await place.write(lambda tx: tx.put_setting("jmap", False, tx.account("alice@example.test").id))
    async with place.client() as client:
        assert not await announced(client, f'LOGIN alice "{PASSWORD}"')
        assert (await client.ask("GETJMAPACCESS")).tagged.startswith(b"BAD ")


async def test_who_acts_for_somebody_else_has_nothing_that_opens_jmap(place: Stand) -> None:
    bob = await place.who("bob")
    root = await place.write(lambda tx: FolderId(tx.folder("INBOX").parent or 0), bob)
    await place.write(lambda tx: tx.grant(root, "alice@example.test", parse_rights("lrswipkxtea")), bob)
    async with place.client() as client:
        assert not await announced(client, "AUTHENTICATE PLAIN " + plain("bob", "alice", PASSWORD))


@pytest.mark.parametrize(
    "config",
    [
        "[service.http]\nenabled = false\n",
        "[service.http]\nsecure_conn_allow_login = false\n",
        '[autodiscover]\ntold = ["imap"]\n',
    ],
)
async def test_no_jmap_where_it_is_not_told_or_takes_no_password(tmp_path: Path, config: str) -> None:
    async with stand(tmp_path, config=config) as place, place.client() as client:
        assert not await announced(client, f'LOGIN alice "{PASSWORD}"')


async def test_an_address_where_others_hear_passwords_is_not_told(tmp_path: Path) -> None:
    async with stand(tmp_path, config='web_url = "http://mail.example.test"\n') as place, place.client() as client:
        assert not await announced(client, f'LOGIN alice "{PASSWORD}"')
        assert (await client.ask("GETJMAPACCESS")).tagged.startswith(b"BAD ")


async def test_a_token_opens_jmap_when_it_is_for_all_that_jmap_gives(place: Stand) -> None:
    for scopes, opens in ((tokens.SCOPES, True), ([tokens.MAIL], False)):
        async with place.client() as client:
            assert await announced(client, "AUTHENTICATE OAUTHBEARER " + await given(place, *scopes)) is opens
            assert (await client.ask("GETJMAPACCESS")).untagged == [URL]
