"""The two mechanisms that take a token, octet by octet. RFC 7628."""

from __future__ import annotations

import json

import pytest

from mailcore.server import oauth, sasl
from mailcore.server.oauth import BadToken
from mailcore.server.sasl import Challenge, Credentials, Exchange, Lookups, Offer, Outcome, Refused
from tests.unit.server.test_sasl import LOOKUPS


async def check(token: str) -> str:
    if token != "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==":
        raise BadToken("unknown")
    return "user@example.com"


DISCOVERY = "https://id.example.com/.well-known/openid-configuration"
OFFER = Offer(tls=True, more=oauth.mechanisms(check, DISCOVERY, "mail"))
GOOD = b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="


def begin(mechanism: str, lookups: Lookups = LOOKUPS) -> Exchange:
    exchange = sasl.start(mechanism, OFFER, lookups)
    assert isinstance(exchange, Exchange)
    return exchange


async def outcome(mechanism: str, data: bytes) -> Outcome:
    return await begin(mechanism).step(data)


@pytest.mark.parametrize(
    ("mechanism", "data"),
    [  # the first is the example of RFC 7628 §4.1
        ("OAUTHBEARER", b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01" + GOOD + b"\x01\x01"),
        ("OAUTHBEARER", b"n,,\x01" + GOOD + b"\x01\x01"),
        ("OAUTHBEARER", b"y,a=USER@example.com,\x01" + GOOD.replace(b"Bearer", b"bearer") + b"\x01\x01"),
        ("XOAUTH2", b"user=user@example.com\x01" + GOOD + b"\x01\x01"),
    ],
)
async def test_a_good_token(mechanism: str, data: bytes) -> None:
    assert await outcome(mechanism, data) == Credentials(mechanism, "user@example.com", verified=True)


async def test_acting_as_another() -> None:
    found = await outcome("OAUTHBEARER", b"n,a=a=2Cb=3Dc@example.com,\x01" + GOOD + b"\x01\x01")
    assert isinstance(found, Credentials)
    assert found.act_as == "a,b=c@example.com"


async def test_without_initial_response() -> None:
    exchange = begin("OAUTHBEARER")
    assert await exchange.step(None) == Challenge(b"")
    assert isinstance(await exchange.step(b"n,,\x01" + GOOD + b"\x01\x01"), Credentials)


async def test_what_is_wrong_is_told_as_json_and_then_it_ends() -> None:
    exchange = begin("OAUTHBEARER")
    told = await exchange.step(b"n,a=user@example.com,\x01auth=Bearer old\x01\x01")
    assert isinstance(told, Challenge)
    assert json.loads(told.data) == {"status": "invalid_token", "scope": "mail", "openid-configuration": DISCOVERY}
    assert await exchange.step(b"\x01") == Refused("credentials", "The token is not good: unknown", "user@example.com")


async def test_a_client_that_only_asks_where_to_get_a_token() -> None:
    assert isinstance(await outcome("OAUTHBEARER", b"n,,\x01\x01"), Challenge)


async def test_what_is_wrong_in_the_words_of_xoauth2() -> None:
    exchange = begin("XOAUTH2")
    told = await exchange.step(b"user=user@example.com\x01auth=Bearer old\x01\x01")
    assert isinstance(told, Challenge)
    assert json.loads(told.data) == {"status": "401", "schemes": "bearer", "scope": "mail"}
    assert isinstance(await exchange.step(b""), Refused)


@pytest.mark.parametrize(
    ("mechanism", "data"),
    [
        ("OAUTHBEARER", b""),
        ("OAUTHBEARER", b"n,,"),
        ("OAUTHBEARER", b"n,,\x01" + GOOD + b"\x01"),
        ("OAUTHBEARER", b"p=tls-unique,,\x01" + GOOD + b"\x01\x01"),
        ("OAUTHBEARER", b"n,,\x01nonsense\x01\x01"),
        ("OAUTHBEARER", b"n,a=\xff,\x01" + GOOD + b"\x01\x01"),
        ("XOAUTH2", b"user=x\x01" + GOOD),
        ("XOAUTH2", b"nonsense\x01\x01"),
    ],
)
async def test_what_is_no_message(mechanism: str, data: bytes) -> None:
    found = await outcome(mechanism, data)
    assert isinstance(found, Refused)
    assert found.kind == "syntax"
