"""Messages of Web Push, encrypted and signed as push services and clients want it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mailcore.push.encryption import MOST, BadKeys, Keys, encrypted
from mailcore.push.sender import BadUrl, Post, Sender, checked
from mailcore.push.vapid import authorization, public_key
from tests.support.pushservice import Device, Names, b64, signed_by, unb64

# the example of RFC 8291 §5
KEYS = Keys(
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "BTBZMqHH6r4Tts7J_aSIgg"
)
OWN = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_rfc() -> None:
    own = ec.derive_private_key(int.from_bytes(unb64(OWN), "big"), ec.SECP256R1())
    assert b64(encrypted(b"When I grow up, I want to be a watermelon", KEYS, own, unb64(SALT))) == SEALED


@pytest.mark.parametrize("length", [0, 1, MOST])
def test_a_client_reads_what_it_gets(length: int) -> None:
    device = Device()
    assert device.opened(encrypted(b"x" * length, Keys(device.p256dh, device.secret))) == b"x" * length


def test_what_is_too_long_is_not_sent() -> None:
    with pytest.raises(ValueError, match="at most"):
        encrypted(b"x" * (MOST + 1), KEYS)


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", KEYS.auth),
        (KEYS.p256dh, ""),
        (KEYS.p256dh[:-4], KEYS.auth),
        ("!" * 87, KEYS.auth),
        (b64(b"\4" * 65), KEYS.auth),
    ],
)
def test_bad_keys_are_none(p256dh: str, auth: str) -> None:
    with pytest.raises(BadKeys):
        Keys(p256dh, auth)


def test_a_site_signs_with_one_key_for_good() -> None:
    said = authorization(b"secret", "https://push.test:8443/a?b", "x@y.test", 1_800_000_000)
    assert signed_by(said, "https://push.test:8443") == public_key(b"secret") != public_key(b"other")


@pytest.mark.parametrize(
    "url", ["", "http://push.test/", "https://", "https://me:pw@push.test/", "https://push.test:99999/", "file:///x",
            "https://push.test/" + "x" * 2000, "https://push.test/a b", "https://push.test/\r\nx", "https://[::1/"],
)  # fmt: skip
def test_messages_go_to_https_alone(url: str) -> None:
    with pytest.raises(BadUrl):
        checked(url)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "in.test"],
)
async def test_nothing_is_posted_into_ones_own_network(host: str) -> None:
    sender = Sender(cast(Any, Names({"in.test": ("10.1.2.3",)})), b"secret", "x@y.test")
    async with asyncio.timeout(5):
        result = await sender.send(Post(f"https://{host}/", b"", "text/plain", None))
    assert result.verdict == "gone" and "not of the Internet" in result.text
