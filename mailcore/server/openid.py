"""Whether an OpenID provider's token is good, and for which account. RFC 9068, RFC 7662, OpenID Discovery.

1. A token is good only if the configured issuer made it, for this server (audience), now (exp, nbf), with the scopes
   that are asked for; by which way it was checked makes no difference.
2. Only the configured signatures count: neither `none` nor one with a shared secret can be configured.
3. What does not answer is `TryAgain`, and is never a reason to let somebody in. Answers are bounded in size and time.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from groupware.model.errors import TryAgain
from mailcore.server.oauth import BadToken, NoScope
from mailcore.server.sections_openid import OpenIdSection, incomplete, is_safe

MOST_OCTETS: Final = 1 << 20
MOST_CACHED: Final = 10_000
KEYS_SECONDS: Final = 3600.0
"""So long the provider's keys are used without a look at them."""
AGAIN_SECONDS: Final = 60.0
"""A token with an unknown key makes us look again, but not more often than this."""
LONGEST_CLAIM: Final = 320

Claims = Mapping[str, Any]


@dataclass(slots=True)
class _Kept:
    keys: KeySet | None = None
    looked: float = 0.0
    discovery: Claims | None = None
    good: dict[bytes, tuple[str, float]] = field(default_factory=dict)
    """By the token's hash: the account, and until when."""


class OpenId:
    """The configured provider."""

    __slots__ = ("_clock", "_kept", "_secret", "_tick", "_tls", "section")

    def __init__(
        self,
        section: OpenIdSection,
        *,
        clock: Callable[[], float] = time.time,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        """ValueError when the section does not say enough."""
        self.section, self._clock, self._tick = section, clock, tick
        problem = incomplete(section)
        if problem is not None:
            raise ValueError(f"openid.{problem[0]}: {problem[1]}")
        self._secret = section.client_secret_file.read_text().strip() if section.client_secret_file else ""
        self._tls = ssl.create_default_context(cafile=str(section.ca_file) if section.ca_file else None)
        self._kept = _Kept()

    @property
    def discovery_url(self) -> str:
        """Where a client learns how to get a token."""
        return self.section.issuer.rstrip("/") + "/.well-known/openid-configuration"

    async def account(self, token: str) -> str:
        """The account that a good token names. `BadToken`, `TryAgain`."""
        mark, now = hashlib.sha256(token.encode()).digest(), self._tick()
        known = self._kept.good.get(mark)
        if known is not None and now < known[1]:
            return known[0]
        claims = await (self._signed(token) if self.section.method == "jwt" else self._introspected(token))
        name = self._checked(claims)
        left = float(claims["exp"]) + self.section.leeway - self._clock()
        self._kept.good.pop(mark, None)
        self._kept.good[mark] = name, now + min(left, self.section.cache_time)
        if len(self._kept.good) > MOST_CACHED:
            self._kept.good.pop(next(iter(self._kept.good)))
        return name

    # --- the two ways to look at a token

    async def _signed(self, token: str) -> Claims:
        """What a signed token says, RFC 7519, once its signature is found right."""
        keys = await self._keys(self._tick() - KEYS_SECONDS)
        try:
            return self._decoded(token, keys)
        except (JoseError, ValueError):  # perhaps the provider has a new key
            newer = await self._keys(self._tick() - AGAIN_SECONDS)
            if newer is keys:
                raise BadToken("its signature cannot be checked with the provider's keys") from None
        try:
            return self._decoded(token, newer)
        except (JoseError, ValueError) as error:
            raise BadToken(
                f"its signature cannot be checked with the provider's keys ({type(error).__name__})"
            ) from None

    def _decoded(self, token: str, keys: KeySet) -> Claims:
        return jwt.decode(token, keys, algorithms=list(self.section.algorithms)).claims

    async def _keys(self, oldest: float) -> KeySet:
        """The provider's keys, not looked at before `oldest`."""
        kept = self._kept
        if kept.keys is not None and kept.looked > oldest:
            return kept.keys
        kept.looked = self._tick()  # whoever comes meanwhile uses the old ones
        try:
            url = self.section.jwks_url or str((await self._discovery()).get("jwks_uri", ""))
            kept.keys = KeySet.import_key_set(await self._fetch("GET", url))  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise TryAgain(f"the keys of the OpenID provider cannot be read ({type(error).__name__})") from error
        return kept.keys

    async def _introspected(self, token: str) -> Claims:
        """What the provider says of the token. RFC 7662."""
        url = self.section.introspection_url or str((await self._discovery()).get("introspection_endpoint", ""))
        found = await self._fetch("POST", url, {"token": token, "token_type_hint": "access_token"})
        if found.get("active") is not True:
            raise BadToken("the provider says that it is not active")
        return found

    def _checked(self, claims: Claims) -> str:
        """The account that the claims name, when they are what is asked for. `BadToken`."""
        section, now = self.section, self._clock()
        for wrong, why in (
            (claims.get("iss") != section.issuer, "another issuer made it"),
            (
                section.audience and not set(_words(claims.get("aud"))) & set(section.audience),
                "it is not for this server",
            ),
            (not _is_after(claims.get("exp"), now - section.leeway), "it has expired, or does not say when"),
            ("nbf" in claims and _is_after(claims["nbf"], now + section.leeway), "it is not valid yet"),
            (section.claim == "email" and claims.get("email_verified") is False, "its address is not verified"),
        ):
            if wrong:
                raise BadToken(why)
        if not set(section.scope) <= _scopes(claims):
            raise NoScope("it lacks a scope")
        name = claims.get(section.claim)
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_CLAIM:
            raise BadToken(f"it names no account in {section.claim}")
        return name

    # --- talking to the provider

    async def _discovery(self) -> Claims:
        if self._kept.discovery is None:
            found = await self._fetch("GET", self.discovery_url)
            if found.get("issuer") != self.section.issuer:  # OpenID Connect Discovery §4.3
                raise TryAgain("the OpenID provider's discovery document is that of another issuer")
            self._kept.discovery = found
        return self._kept.discovery

    async def _fetch(self, verb: str, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at a URL. `TryAgain`."""
        if not is_safe(url):
            raise TryAgain("the OpenID provider names no https address where one is needed")
        login = (self.section.client_id, self._secret) if form is not None and self.section.client_id else None
        octets = b""
        try:
            async with (
                httpx.AsyncClient(verify=self._tls, timeout=self.section.timeout, trust_env=False) as client,
                client.stream(verb, url, data=form, auth=login, headers={"Accept": "application/json"}) as answer,
            ):
                answer.raise_for_status()
                async for piece in answer.aiter_bytes():
                    octets += piece
                    if len(octets) > MOST_OCTETS:
                        raise TryAgain("the OpenID provider's answer is too long")
            found = json.loads(octets)
        except (httpx.HTTPError, ValueError) as error:
            raise TryAgain(f"the OpenID provider does not answer as it should ({type(error).__name__})") from error
        if not isinstance(found, dict):
            raise TryAgain("the OpenID provider's answer is no JSON object")
        return found


def _is_after(moment: object, when: float) -> bool:
    return isinstance(moment, int | float) and not isinstance(moment, bool) and moment > when


def _words(value: object) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else ()


def _scopes(claims: Claims) -> set[str]:
    """RFC 8693 §4.2: one string, parted by spaces; some providers give a list, or call it scp."""
    found: set[str] = set()
    for name in ("scope", "scp"):
        for each in _words(claims.get(name)):
            found.update(each.split())
    return found
