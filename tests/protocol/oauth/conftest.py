"""Programs, and people who let them in: the authorization server beside JMAP, over a real store."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest_asyncio
from starlette.routing import BaseRoute, Mount

from connectors.dav.app import dav
from mailcore.server.config import load
from mailcore.server.parts import Parts, ServiceSetup
from mailcore.server.tokens import CALENDARS, CONTACTS, MAIL
from tests.support.jmapstand import USING, Stand, jmap_stand
from web.oauth.app import oauth

CONFIG = '[server]\nserver_name = "mail.example.test"\n'
BACK = "http://127.0.0.1/back"
EVERYTHING = f"{MAIL} {CONTACTS} {CALENDARS}"


@dataclass
class Program:
    """A program that signs somebody in with tokens."""

    stand: Stand
    ident: str
    redirect: str = "http://127.0.0.1:40123/back"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def query(self, **more: str) -> str:
        """What it opens the browser with."""
        challenge = base64.urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        given = {
            "response_type": "code",
            "client_id": self.ident,
            "redirect_uri": self.redirect,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": "s1",
            "scope": EVERYTHING,
        }
        return urlencode({name: value for name, value in {**given, **more}.items() if value})

    async def decide(self, consent: bool = True, headers: dict[str, str] | None = None, **more: str) -> httpx.Response:
        """What its owner, who has signed in, says on the page."""
        body = {"query": self.query(**more), "consent": consent}
        proof = (await self.stand.http.get("/signin/session")).json()["csrf"]
        sent = {"x-csrf-token": proof} if headers is None else headers
        return await self.stand.http.post("/oauth/authorize", json=body, headers=sent)

    async def code(self, name: str = "alice", **more: str) -> str:
        """A code, once that person consents."""
        await self.stand.browse(name)
        goes = (await self.decide(**more)).json()["goes"]
        self.stand.http.cookies.clear()
        return back(goes)["code"]

    async def ask(self, **form: str) -> httpx.Response:
        given = {"client_id": self.ident, **form}
        return await self.stand.http.post("/oauth/token", data={name: each for name, each in given.items() if each})

    async def redeem(self, code: str, **more: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect}
        return await self.ask(**{**form, "code_verifier": self.verifier, **more})

    async def refresh(self, token: str, **more: str) -> httpx.Response:
        return await self.ask(**{"grant_type": "refresh_token", "refresh_token": token, **more})

    async def tokens(self, name: str = "alice", **more: str) -> dict[str, Any]:
        got = await self.redeem(await self.code(name, **more))
        assert got.status_code == 200, got.text
        return dict(got.json())

    async def opens(self, token: str) -> int:
        """The status of a JMAP request with that token."""
        body = {"using": USING, "methodCalls": [["Core/echo", {}, "0"]]}
        sent = {"authorization": f"Bearer {token}"}
        return (await self.stand.http.post("/jmap/api", json=body, headers=sent)).status_code


def back(address: str) -> dict[str, str]:
    """What a program is told when the browser comes back."""
    return dict(parse_qsl(urlsplit(address).query))


def all_of(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query)


async def register(stand: Stand, *redirects: str, **more: Any) -> httpx.Response:
    body = {"client_name": "A mailer", "redirect_uris": list(redirects or (BACK,)), **more}
    return await stand.http.post("/oauth/register", json=body)


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    file = tmp_path / "named.toml"
    file.write_text(CONFIG)
    settings = load(file, data=Path("/nonexistent"), environ={})
    setup = ServiceSetup("http", settings.services["http"], settings)

    def beside(parts: Parts) -> list[BaseRoute]:
        return [*oauth(parts, setup), Mount("/dav", dav(parts, setup))]

    async with jmap_stand(tmp_path, beside, CONFIG) as made:
        yield made


@pytest_asyncio.fixture
async def program(stand: Stand) -> Program:
    return Program(stand, (await register(stand)).json()["client_id"])
