"""OAUTHBEARER (RFC 7628) and XOAUTH2, the mechanisms that take a token; who checks it is given.

A token that is not good is answered by a challenge with what is wrong as JSON; the client's answer to that ends it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

from mailcore.server.sasl import Challenge, Credentials, Next, Outcome, Refused
from mailcore.server.scram import Malformed


class BadToken(Exception):
    """The token is not good; the text says why, for the log."""

    status = "invalid_token"
    """What the client is told. RFC 6750 §3.1."""


class NoScope(BadToken):
    """It is good, but for something else: asking for another one of the same kind is of no use."""

    status = "insufficient_scope"


Check = Callable[[str], Awaitable[str]]
"""The account that a token names. `BadToken`, `TryAgain`."""
Problem = Callable[[BadToken], Mapping[str, str]]
"""What a client is told of a token that is not good."""

_GS2: Final = re.compile(rb"(?:n|y),(?:a=([^,\x00-\x1f]*))?,\Z")
_BEARER: Final = re.compile(rb"bearer +([A-Za-z0-9\-._~+/]+=*)\Z", re.IGNORECASE)
_SASLNAME: Final = re.compile(rb"=(2C|3D)")
_END: Final = b"\x01"


def mechanisms(check: Check, discovery: str, scope: str) -> Mapping[str, Next]:
    """Both mechanisms, for `Offer.more`. `discovery` and `scope` are told to a client whose token is not good."""
    needed = {"scope": scope} if scope else {}

    def bearer(error: BadToken) -> Mapping[str, str]:
        return {"status": error.status, **needed, "openid-configuration": discovery}

    def old(_: BadToken) -> Mapping[str, str]:
        return {"status": "401", "schemes": "bearer", **needed}

    return {"OAUTHBEARER": partial(_bearer, check, bearer), "XOAUTH2": partial(_xoauth2, check, old)}


async def _bearer(check: Check, problem: Problem, data: bytes | None) -> tuple[Outcome, Next | None]:
    """OAUTHBEARER: gs2 header, ^A, key=value pairs each with ^A, ^A. RFC 7628 §3.1."""
    if data is None:
        return Challenge(b""), partial(_bearer, check, problem)
    header, mark, rest = data.partition(_END)
    found = _GS2.match(header)
    if found is None or not mark or not (rest == _END or rest.endswith(_END + _END)):
        raise Malformed("OAUTHBEARER needs a header, and pairs each with ^A behind it.")
    act_as = _SASLNAME.sub(lambda sign: bytes.fromhex(sign[1].decode()), found[1] or b"")
    return await _checked("OAUTHBEARER", check, problem, _token(_pairs(rest)), act_as)


async def _xoauth2(check: Check, problem: Problem, data: bytes | None) -> tuple[Outcome, Next | None]:
    """XOAUTH2: user=..., ^A, auth=Bearer ..., ^A, ^A."""
    if data is None:
        return Challenge(b""), partial(_xoauth2, check, problem)
    if not data.endswith(_END + _END):
        raise Malformed("XOAUTH2 needs user and auth, each with ^A behind it, and one more.")
    pairs = _pairs(data)
    return await _checked("XOAUTH2", check, problem, _token(pairs), pairs.get(b"user", b""))


def _pairs(octets: bytes) -> Mapping[bytes, bytes]:
    pairs = [pair.partition(b"=") for pair in octets.split(_END) if pair]
    if any(not sign for _, sign, _ in pairs):
        raise Malformed("Between two ^A there has to be key=value.")
    return {key.lower(): value for key, _, value in pairs}


def _token(pairs: Mapping[bytes, bytes]) -> str:
    """The token; "" when there is none."""
    found = _BEARER.match(pairs.get(b"auth", b""))
    return found[1].decode("ascii") if found is not None else ""


async def _checked(
    mechanism: str, check: Check, problem: Problem, token: str, act_as: bytes
) -> tuple[Outcome, Next | None]:
    try:
        claimed = act_as.decode()
    except UnicodeDecodeError:
        raise Malformed("The name is not UTF-8.") from None
    try:
        if not token:
            raise BadToken("there is no token")
        name = await check(token)
    except BadToken as error:
        refused = Refused("credentials", f"The token is not good: {error}", claimed[:320])
        return Challenge(json.dumps(problem(error)).encode()), partial(_over, refused)
    other = claimed if claimed and claimed.casefold() != name.casefold() else None
    return Credentials(mechanism, name, act_as=other, verified=True), None


async def _over(refused: Refused, data: bytes | None) -> tuple[Outcome, Next | None]:
    """Whatever the client says to what is wrong: RFC 7628 §3.2.3 wants ^A, XOAUTH2 an empty line."""
    return refused, None
