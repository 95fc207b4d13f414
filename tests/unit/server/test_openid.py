"""Whether a token is good: against a provider over HTTP."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from groupware.model.errors import TryAgain
from mailcore.server.config import ConfigError, load
from mailcore.server.oauth import BadToken
from mailcore.server.openid import OpenId
from mailcore.server.sections_openid import OpenIdSection
from tests.support.openid import AUDIENCE, Provider, provider


@pytest.fixture
def house() -> Iterator[Provider]:
    with provider() as made:
        yield made


class Tick:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def checker(house: Provider, tick: Tick | None = None, **values: Any) -> OpenId:
    said = {"enable": True, "issuer": house.issuer, "audience": (AUDIENCE,), "scope": ("mail",), **values}
    if tick is None:
        return OpenId(OpenIdSection(**said))
    began = time.time() - tick.now
    return OpenId(OpenIdSection(**said), tick=tick, clock=lambda: began + tick.now)


async def test_a_good_token_names_the_account(house: Provider) -> None:
    assert await checker(house).account(house.token()) == "alice@example.test"


async def test_the_claim_is_the_one_that_is_configured(house: Provider) -> None:
    token = house.token(preferred_username="bob")
    assert await checker(house, claim="preferred_username").account(token) == "bob"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"iss": "https://elsewhere.test"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "another"}, "not for this server"),
        ({"aud": None}, "not for this server"),
        ({"exp": 1}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "never"}, "expired"),
        ({"nbf": 1 << 40}, "not valid yet"),
        ({"scope": "openid"}, "scope"),
        ({"email": None}, "no account"),
        ({"email": ["alice@example.test"]}, "no account"),
        ({"email_verified": False}, "not verified"),
    ],
)
async def test_a_token_that_is_not_good(house: Provider, more: dict[str, Any], why: str) -> None:
    for method in ("jwt", "introspection"):
        token = house.token(**more) if method == "jwt" else house.handed_out("opaque", **more)
        with pytest.raises(BadToken, match=why):
            await checker(house, method=method).account(token)


@pytest.mark.parametrize("more", [{"aud": ["x", AUDIENCE]}, {"scope": None, "scp": ["mail", "x"]}])
async def test_what_providers_say_in_other_ways(house: Provider, more: dict[str, Any]) -> None:
    assert await checker(house).account(house.token(**more)) == "alice@example.test"


async def test_clocks_that_differ_a_little(house: Provider) -> None:
    assert await checker(house).account(house.token(exp=int(time.time()) - 5)) == "alice@example.test"


async def test_a_token_that_somebody_else_signed(house: Provider) -> None:
    forged = jwt.encode({"alg": "ES256", "kid": "first"}, house.claims(), ECKey.generate_key("P-256", {"kid": "first"}))
    with pytest.raises(BadToken, match="signature"):
        await checker(house).account(forged)


async def test_a_token_signed_with_a_shared_secret_or_not_at_all(house: Provider) -> None:
    head, body, _ = house.token().split(".")
    secret = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').decode().rstrip("=") + "." + body
    seal = hmac.digest(house.keys[0].as_pem(private=False), secret.encode(), "sha256")
    forged = secret + "." + base64.urlsafe_b64encode(seal).decode().rstrip("=")
    for token in (forged, f"eyJhbGciOiJub25lIn0.{body}.", f"{head}.{body}.", "x", "a.b.c"):
        with pytest.raises(BadToken):
            await checker(house).account(token)


async def test_a_new_key_is_looked_for_but_not_all_the_time(house: Provider) -> None:
    tick = Tick()
    openid = checker(house, tick)
    assert await openid.account(house.token())
    house.rotate()
    token = house.token()
    with pytest.raises(BadToken):
        await openid.account(token)
    assert house.asked.count("/keys") == 1
    tick.now += 61
    assert await openid.account(token) == "alice@example.test"
    assert house.asked.count("/keys") == 2


async def test_a_token_that_was_good_is_not_checked_again_at_once(house: Provider) -> None:
    tick = Tick()
    openid = checker(house, tick, method="introspection", cache_time=60)
    token = house.handed_out("opaque")
    assert await openid.account(token)
    house.opaque.clear()
    assert await openid.account(token)
    tick.now += 61
    with pytest.raises(BadToken, match="not active"):
        await openid.account(token)


async def test_a_token_is_not_good_beyond_its_end(house: Provider) -> None:
    tick = Tick()
    openid = checker(house, tick, cache_time=3600, leeway=0)
    token = house.token(exp=int(time.time()) + 100)
    assert await openid.account(token)
    tick.now += 101
    with pytest.raises(BadToken, match="expired"):
        await openid.account(token)


async def test_it_asks_under_its_own_name(house: Provider, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("pssst\n")
    openid = checker(house, method="introspection", client_id="mail", client_secret_file=secret)
    await openid.account(house.handed_out("opaque"))
    assert house.authorized[-1] == "Basic bWFpbDpwc3NzdA=="


async def test_a_provider_that_does_not_answer_is_a_passing_failure(house: Provider) -> None:
    house.broken = True
    openid = checker(house)
    with pytest.raises(TryAgain):
        await openid.account(house.token())


async def test_a_discovery_document_of_somebody_else(house: Provider) -> None:
    house.discovery["issuer"] = "https://elsewhere.test"
    with pytest.raises(TryAgain, match="another issuer"):
        await checker(house).account(house.token())


@pytest.mark.parametrize(
    "values",
    [
        {"issuer": ""},
        {"issuer": "http://id.example.test"},
        {"audience": ()},
        {"jwks_url": "http://id.example.test/keys"},
    ],
)
def test_a_section_that_would_let_anybody_in(house: Provider, values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"openid.{next(iter(values))}: "):
        checker(house, **values)


def test_its_files_are_in_the_data_folder(tmp_path: Path) -> None:
    file = tmp_path / "postroom.toml"
    said = '[openid]\nenable = true\nissuer = "https://id.example.test"\naudience = ["a"]\nclient_secret_file = "s"\n'
    file.write_text(said)
    with pytest.raises(ConfigError, match=r"postroom.toml:5: openid.client_secret_file: there is no file /"):
        load(file, data=tmp_path, environ={}, services=())
    (tmp_path / "s").write_text("x")
    assert load(file, data=tmp_path, environ={}, services=()).openid.client_secret_file == tmp_path / "s"


def test_a_section_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "postroom.toml"
    file.write_text('[openid]\nenable = true\nissuer = "https://id.example.test"\naudience = []\n')
    with pytest.raises(ConfigError, match=r"postroom.toml:4: openid.audience: "):
        load(file, data=tmp_path, environ={}, services=())
