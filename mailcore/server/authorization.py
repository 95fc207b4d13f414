"""Whose Authorization field an HTTP request has: Basic (RFC 7617), or a bearer token (RFC 6750)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from groupware.model.errors import BadCredentials
from groupware.model.principal import Principal
from groupware.store.api import Watch
from mailcore.server.signin import WRONG, Desk, SignIn
from mailcore.server.stay import gone, marks_of

CHALLENGE: Final = {"www-authenticate": 'Basic realm="Postroom", charset="UTF-8"'}
"""What goes with 401."""
_UNREADABLE: Final = "The Authorization field cannot be read."


@dataclass(frozen=True, slots=True)
class Kept:
    """Who a field was found to be of on a connection; good until something is heard that may change it."""

    who: Principal
    service: str
    watch: Watch


async def authorized(desk: Desk, state: Mapping[str, Any], given: str) -> Principal:
    """Who that is; what was right once on a connection is not asked again on it, while that cannot have changed.

    `state` is the ASGI scope's. `BadCredentials` is for 401 with `CHALLENGE`, `Rejected` for 403, `TryAgain` for 503.
    """
    known: dict[str, Kept] = state["known"]
    key = f"{desk.service} {given}"
    kept = known.get(key)
    lasting = given[:7].lower() != "bearer "  # a token ends while a connection lasts
    if kept is not None and lasting and not kept.watch.any():
        return kept.who
    forget(known)
    found = await _by(SignIn(desk, state["way"]), given)
    who = replace(found, client=found.client or desk.service)
    forget(known)  # another request of this connection may have been quicker
    known[key] = Kept(who, desk.service, desk.parts.bus.watch(marks_of(who)))
    if await gone(desk.parts.store, who, desk.service) is not None:  # it has become so while that was found out
        forget(known)
        raise BadCredentials(WRONG)
    return who


def forget(known: dict[str, Kept]) -> None:
    """Forget who was known on a connection: it has closed, or somebody else comes."""
    while known:
        known.popitem()[1].watch.close()


async def _by(signing: SignIn, given: str) -> Principal:
    scheme, _, coded = given.partition(" ")
    if scheme.lower() == "bearer" and "OAUTHBEARER" in signing.mechanisms:
        token = coded.strip()
        if not token.isascii() or not token.isprintable() or len(token) > 20_000:
            raise BadCredentials("The token cannot be read.")
        initial = base64.b64encode(b"n,,\x01auth=Bearer " + token.encode() + b"\x01\x01")
        return await signing.sasl("OAUTHBEARER", initial, _nothing_more)
    if scheme.lower() != "basic":
        raise BadCredentials("Sign in with your address and password.")
    try:
        name, sign, password = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise BadCredentials(_UNREADABLE) from None
    if not sign or not name or "\0" in name + password or len(name) + len(password) > 2000:
        raise BadCredentials(_UNREADABLE)
    return await signing.password(name, password)


async def _nothing_more(challenge: bytes) -> bytes:
    """The answer to the challenge that tells what was wrong with a token. RFC 7628 §3.2.3."""
    return base64.b64encode(b"\x01")
