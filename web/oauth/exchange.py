"""Codes and refresh tokens become tokens. RFC 6749 §4.1.3, §6, RFC 7636 §4.6, OAuth 2.1 §4.3.

1. A code, and a refresh token, is good once. Whoever brings one that was used before may have stolen it, or was
   stolen from: then the grant ends for both.
2. A client that lost an answer on the way may ask again with the same refresh token for `AGAIN_SECONDS`.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from groupware.model.errors import NotFound
from groupware.model.principal import OPERATOR
from groupware.model.token import Grant, NewTokens
from groupware.store.api import Store
from mailcore.server.sections_web import OAuthSection
from mailcore.server.tokens import ACCESS, REFRESH, digest_of, new_token

AGAIN_SECONDS: Final = 60
_LONGEST_VERIFIER: Final = 128


class Denied(Exception):
    """No tokens. `kind` is an error code of RFC 6749 §5.2."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


async def tokens(store: Store, limits: OAuthSection, given: Mapping[str, str], peer: str) -> Mapping[str, object]:
    """The answer to a request for tokens. `Denied`, `TryAgain`."""
    match given.get("grant_type"):
        case "authorization_code":
            found = await _by_code(store, given)
        case "refresh_token":
            found = await _by_refresh(store, given)
        case _:
            raise Denied("unsupported_grant_type", "there are authorization_code and refresh_token")
    access, refresh = new_token(ACCESS), new_token(REFRESH)
    new = NewTokens(digest_of(refresh), digest_of(access), limits.access_time, limits.refresh_time)
    if not await store.write(OPERATOR, lambda tx: tx.turn_oauth_grant(found, new, peer)):
        raise Denied("invalid_grant", "somebody else has used it just now")
    return {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": limits.access_time,
        "refresh_token": refresh,
        "scope": found.scope,
    }


async def _by_code(store: Store, given: Mapping[str, str]) -> Grant:
    found = await _found(store, "code", given.get("code", ""))
    if found.stale:
        await revoke(store, found)
        raise Denied("invalid_grant", "the code was used before; what it gave has ended")
    verifier = given.get("code_verifier", "")
    made = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
    right = len(verifier) <= _LONGEST_VERIFIER and hmac.compare_digest(made, found.challenge.encode())
    if not right or not _is_for(found, given) or given.get("redirect_uri", found.redirect) != found.redirect:
        await revoke(store, found)
        raise Denied("invalid_grant", "the code was given to another program, or for another address")
    return found


async def _by_refresh(store: Store, given: Mapping[str, str]) -> Grant:
    found = await _found(store, "refresh", given.get("refresh_token", ""))
    if not _is_for(found, given):
        raise Denied("invalid_grant", "the token was given to another program")
    if found.stale and datetime.now(UTC) - found.changed > timedelta(seconds=AGAIN_SECONDS):
        await revoke(store, found)
        raise Denied("invalid_grant", "the token was used before; what it gave has ended")
    return found


def _is_for(found: Grant, given: Mapping[str, str]) -> bool:
    return hmac.compare_digest(digest_of(given.get("client_id", "")), found.client)


async def _found(store: Store, by: str, secret: str) -> Grant:
    digest = digest_of(secret)
    try:
        return await store.read(OPERATOR, lambda tx: tx.oauth_grant(by, digest))  # type: ignore[arg-type]
    except NotFound:
        raise Denied("invalid_grant", "there is no such code or token, or it has ended") from None


async def revoke(store: Store, found: Grant) -> None:
    """Ends a grant; nothing when it has ended."""
    try:
        await store.write(OPERATOR, lambda tx: tx.drop_oauth_grant(found.number, found.account))
    except NotFound:
        return


async def revoke_token(store: Store, token: str) -> None:
    """Ends what a token belongs to, whichever of the two it is; nothing for what is none. RFC 7009."""
    for by in ("access", "refresh"):
        try:
            await revoke(store, await _found(store, by, token))
        except Denied:
            continue
