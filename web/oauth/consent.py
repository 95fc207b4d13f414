"""Whoever a program sends here signs in, sees what it wants, and consents or not. RFC 6749 §4.1, RFC 7636, RFC 9207.

1. Nothing goes back to an address before it is sure that the program may be answered there: what is wrong until then
   is told on the page.
2. Consenting takes the proof that a page of ours asks (`web.signin`), and no page of another site can show this one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from groupware.model.token import NewGrant
from mailcore.server.tokens import SCOPES, digest_of, new_token
from web.oauth.clients import BadClient, client_of

CODE: Final = "postroom-code-"
CODE_SECONDS: Final = 60
LONGEST_STATE: Final = 1000
LONGEST_SCOPE: Final = 1000
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class NotAsked(Exception):
    """The request cannot even be answered where it says: the text is for people."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a program asks for."""

    client_id: str
    name: str
    redirect: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str
    error: str = ""
    """Why it gets nothing: an error code of RFC 6749 §4.1.2.1, which is told where it wants the answer."""

    def answer(self, issuer: str, **said: str) -> str:
        """The address that its browser goes back to."""
        told = {**said, **({"state": self.state} if self.state is not None else {}), "iss": issuer}
        return f"{self.redirect}{'&' if '?' in self.redirect else '?'}{urlencode(told)}"


def wish(given: Mapping[str, str], secret: bytes) -> Wish:
    """What is asked for. `NotAsked`."""
    try:
        client = client_of(given.get("client_id", ""), secret)
    except BadClient as error:
        raise NotAsked(str(error)) from None
    redirect = given.get("redirect_uri", "")
    if not redirect and len(client.redirects) == 1:
        redirect = client.redirects[0]
    if not client.returns_to(redirect):
        raise NotAsked("the program wants the answer where it has not said that it may be answered")
    state = given.get("state")
    scopes = tuple(dict.fromkeys(each for each in given.get("scope", "").split() if each in SCOPES)) or tuple(SCOPES)
    challenge = given.get("code_challenge", "")
    return Wish(given["client_id"], client.name, redirect, scopes, state, challenge, _wrong(given, state, challenge))


def _wrong(given: Mapping[str, str], state: str | None, challenge: str) -> str:
    if given.get("response_type") != "code":
        return "unsupported_response_type"
    if given.get("code_challenge_method") != "S256" or not _CHALLENGE.match(challenge):
        return "invalid_request"
    if len(state or "") > LONGEST_STATE or len(given.get("scope", "")) > LONGEST_SCOPE:
        return "invalid_request"
    asked = given.get("scope", "").split()
    if asked and not set(asked) & set(SCOPES):
        return "invalid_scope"
    return ""


def new_grant(asked: Wish, peer: str) -> tuple[str, NewGrant]:
    """A code, and what is stored of it."""
    code = new_token(CODE)
    return code, NewGrant(
        digest_of(asked.client_id),
        asked.name,
        " ".join(asked.scopes),
        digest_of(code),
        asked.challenge,
        asked.redirect,
        CODE_SECONDS,
        peer,
    )


def shown(asked: Wish) -> Mapping[str, object]:
    """What the page tells of it."""
    return {
        "name": asked.name,
        "returns": asked.redirect.partition("?")[0],
        "scopes": [{"name": each, "text": SCOPES[each]} for each in asked.scopes],
    }
