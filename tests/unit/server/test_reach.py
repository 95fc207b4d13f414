"""Which addresses are of the Internet."""

from __future__ import annotations

import pytest

from mailcore.server.reach import is_public

OWN = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fc00::1", "fd00::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1", "5f00::1"),
)
HOLDING = (
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1"),  # mapped, compatible, translated
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::7f00:1", "64:ff9b:1::808:808"),  # NAT64, of one's own too
    *("2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe"),  # 6to4, Teredo
)


@pytest.mark.parametrize("address", OWN)
def test_what_is_in_ones_own_network_is_none(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", HOLDING)
def test_what_holds_an_address_of_ones_own_network_is_none(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_is_of_the_internet_is_reached(address: str) -> None:
    assert is_public(address)
