"""The PROXY protocol's parser: vectors, bounds, and anything at all."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailcore.server.proxy import (
    V2_MAX,
    V2_SIGNATURE,
    Endpoint,
    ProxyError,
    ProxyHeader,
    ProxyPolicy,
    header_v1,
    header_v2,
    may_be_header,
    read_header,
)
from mailcore.server.rules import ANYONE, address

BOTH = ProxyPolicy(ANYONE)


def v2(
    command: int = 0x21, family: int = 0x11, body: bytes = b"\xc0\x00\x02\x07\xc0\x00\x02\x01\x12\x67\x00\x8f"
) -> bytes:
    return V2_SIGNATURE + bytes((command, family)) + len(body).to_bytes(2, "big") + body


@pytest.mark.parametrize(
    ("line", "source", "target"),
    [
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 143\r\n", ("192.0.2.7", 4711), ("192.0.2.1", 143)),
        (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", ("255.255.255.255", 65535), None),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 143\r\n", ("2001:db8::7", 4711), ("2001:db8::1", 143)),
        (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 143\r\n", ("192.0.2.7", 4711), ("::1", 143)),
        (b"PROXY UNKNOWN\r\n", None, None),
        (b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", None, None),
    ],
)
def test_version_1(line: bytes, source: tuple[str, int] | None, target: tuple[str, int] | None) -> None:
    header = read_header(line + b"EHLO", BOTH)
    assert header is not None
    assert header.length == len(line)
    assert header.source == (None if source is None else Endpoint(address(source[0]), source[1]))
    assert target is None or header.target == Endpoint(address(target[0]), target[1])


@pytest.mark.parametrize(
    "line",
    [
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 65536\r\n",
        b"PROXY TCP4 192.0.2.256 192.0.2.1 4711 143\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::1 4711 143\r\n",
        b"PROXY TCP4  192.0.2.7 192.0.2.1 4711 143\r\n",
        b"PROXY UDP4 192.0.2.7 192.0.2.1 4711 143\r\n",
        b"PROXY \r\n",
        b"PROXY TCP4 " + b"1" * 100,
        b"proxy TCP4 192.0.2.7 192.0.2.1 4711 143\r\n",
        b"EHLO client\r\n",
    ],
)
def test_version_1_refuses(line: bytes) -> None:
    with pytest.raises(ProxyError):
        read_header(line, BOTH)


def test_version_2_over_both_families() -> None:
    for ip in ("192.0.2.7", "2001:db8::7"):
        source, target = Endpoint(address(ip), 4711), Endpoint(address(ip), 143)
        made = header_v2(source, target)
        assert read_header(made + b"rest", BOTH) == ProxyHeader(2, len(made), source, target)


def test_version_2_fields_tell_of_tls_and_the_asked_host() -> None:
    fields = b"\x02\x00\x09mail.test" + b"\x20\x00\x05\x01\x00\x00\x00\x00" + b"\xee\x00\x00"
    header = read_header(v2(body=b"\xc0\x00\x02\x07\xc0\x00\x02\x01\x12\x67\x00\x8f" + fields), BOTH)
    assert header is not None
    assert (header.authority, header.tls) == ("mail.test", True)


@pytest.mark.parametrize("octets", [v2(command=0x20), v2(family=0x00), v2(command=0x20, family=0x00, body=b"")])
def test_a_version_2_header_may_name_nobody(octets: bytes) -> None:
    assert read_header(octets, BOTH) == ProxyHeader(2, len(octets))


@pytest.mark.parametrize(
    "octets",
    [
        v2(command=0x11),
        v2(command=0x22),
        v2(family=0x12),
        v2(family=0x31, body=b"\x00" * 216),
        v2(body=b"\xc0\x00\x02\x07"),
        v2(body=b"\xc0\x00\x02\x07\xc0\x00\x02\x01\x12\x67\x00\x8f" + b"\x02\x00\x09mail"),
        v2()[:14] + b"\xff\xff",
    ],
)
def test_version_2_refuses(octets: bytes) -> None:
    with pytest.raises(ProxyError):
        read_header(octets, BOTH)


def test_a_version_that_is_off_is_no_header() -> None:
    source, target = Endpoint(address("192.0.2.7"), 1), Endpoint(address("192.0.2.1"), 2)
    with pytest.raises(ProxyError):
        read_header(header_v1(source, target), ProxyPolicy(ANYONE, v1=False))
    with pytest.raises(ProxyError):
        read_header(header_v2(source, target), ProxyPolicy(ANYONE, v2=False))
    assert not may_be_header(b"PROXY", ProxyPolicy(ANYONE, v1=False))
    assert may_be_header(b"PRO", BOTH)
    assert not may_be_header(b"PRX", BOTH)


ENDPOINTS = st.builds(Endpoint, st.ip_addresses(v=4).map(lambda ip: address(str(ip))), st.integers(0, 65535))


@given(ENDPOINTS, ENDPOINTS, st.sampled_from([header_v1, header_v2]), st.binary(max_size=20))
def test_every_beginning_asks_for_more_and_the_whole_says_all(
    source: Endpoint, target: Endpoint, make: object, rest: bytes
) -> None:
    octets: bytes = make(source, target)  # type: ignore[operator]  # one of two functions
    for end in range(len(octets)):
        assert read_header(octets[:end], BOTH) is None
    header = read_header(octets + rest, BOTH)
    assert header is not None
    assert (header.length, header.source, header.target) == (len(octets), source, target)


@given(
    st.one_of(
        st.binary(max_size=300), st.binary(max_size=300).map(V2_SIGNATURE.__add__), st.binary().map(b"PROXY ".__add__)
    )
)
@example(b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x00")
def test_anything_is_a_header_or_an_error_or_too_short(octets: bytes) -> None:
    try:
        header = read_header(octets, BOTH)
    except ProxyError:
        return
    if header is None:
        assert len(octets) < V2_MAX
    else:
        assert 0 < header.length <= len(octets)
