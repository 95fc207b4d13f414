"""A small writer of MaxMind's form, for tests. https://maxmind.github.io/MaxMind-DB/"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network

MARK = b"\xab\xcd\xefMaxMind.com"
Node = list["Node | int | None"]


def written(countries: Mapping[str, str]) -> bytes:
    """A database that knows the countries of these IPv4 networks."""
    root: Node = [None, None]
    data, at = b"", {}
    for network, code in countries.items():
        at.setdefault(code, len(data))
        if at[code] == len(data):
            data += _map({"country": {"iso_code": code}})
        _put(root, IPv4Network(network), at[code])
    nodes = _numbered(root)
    count = len(nodes)
    numbers = {id(node): number for number, node in enumerate(nodes)}
    tree = b""
    for node in nodes:
        for child in node:
            value = count if child is None else child + count + 16 if isinstance(child, int) else numbers[id(child)]
            tree += value.to_bytes(3, "big")
    about = {
        "binary_format_major_version": _number(2, 5), "binary_format_minor_version": _number(0, 5),
        "build_epoch": _number(1, 9), "database_type": _text("Test"), "description": _map({"en": "Test"}),
        "ip_version": _number(4, 5), "languages": b"\x01\x04" + _text("en"), "node_count": _number(count, 6),
        "record_size": _number(24, 5),
    }  # fmt: skip
    return tree + bytes(16) + data + MARK + _map(about)


def _put(node: Node, network: IPv4Network, value: int) -> None:
    bits = f"{int(network.network_address):032b}"[: network.prefixlen]
    for bit in map(int, bits[:-1]):
        if node[bit] is None:
            node[bit] = [None, None]
        inner = node[bit]
        assert isinstance(inner, list)
        node = inner
    node[int(bits[-1])] = value


def _numbered(root: Node) -> list[Node]:
    found = [root]
    for node in found:
        found += [child for child in node if isinstance(child, list)]
    return found


def _map(values: Mapping[str, object]) -> bytes:
    return bytes([7 << 5 | len(values)]) + b"".join(_text(name) + _value(value) for name, value in values.items())


def _value(value: object) -> bytes:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return value
    assert isinstance(value, Mapping)
    return _map(value)


def _number(value: int, kind: int) -> bytes:
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return (bytes([kind << 5 | len(octets)]) if kind < 8 else bytes([len(octets), kind - 7])) + octets


def _text(text: str) -> bytes:
    return bytes([2 << 5 | len(text)]) + text.encode()
