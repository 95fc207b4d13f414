"""WBXML as the test client writes and reads it; it shares nothing with the server's."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.eas.tags import NAME, TOKEN

Given = "tuple[str, *tuple[object, ...]]"


@dataclass
class Node:
    """An element that was received."""

    name: str
    text: str = ""
    data: bytes | None = None
    inside: list[Node] = field(default_factory=list)

    def find(self, path: str) -> Node | None:
        """The first element at a path of names, `Sync/Collections`; names without their page will do."""
        first, _, rest = path.partition("/")
        for each in self.inside:
            if each.name == first or each.name.split(":")[1] == first:
                found = each if not rest else each.find(rest)
                if found is not None:
                    return found
        return None

    def get(self, path: str) -> str | None:
        """Its text; None where there is none."""
        found = self.find(path)
        return None if found is None else found.text

    def every(self, path: str) -> list[Node]:
        """All elements at a path."""
        first, _, rest = path.partition("/")
        here = [each for each in self.inside if each.name == first or each.name.split(":")[1] == first]
        return here if not rest else [deep for each in here for deep in each.every(rest)]


def write(tree: tuple) -> bytes:  # type: ignore[type-arg]
    """`(name, text | octets | tree, ...)` as a document."""
    out = [b"\x03\x01\x6a\x00"]
    _write(tree, out, [0])
    return b"".join(out)


def _write(tree: tuple, out: list[bytes], page: list[int]) -> None:  # type: ignore[type-arg]
    name, *content = tree
    there, token = TOKEN[name]
    if there != page[0]:
        out.append(bytes([0, there]))
        page[0] = there
    content = [each for each in content if each is not None]
    if not content:
        out.append(bytes([token]))
        return
    out.append(bytes([token | 0x40]))
    for each in content:
        if isinstance(each, tuple):
            _write(each, out, page)
        elif isinstance(each, bytes):
            size, length = len(each), b""
            while True:
                length = bytes([(size & 0x7F) | (0x80 if length else 0)]) + length
                size >>= 7
                if not size:
                    break
            out += [b"\xc3", length, each]
        else:
            out.append(b"\x03" + str(each).encode() + b"\0")
    out.append(b"\x01")


def read(octets: bytes) -> Node:
    """The element of a document."""
    assert octets[:4] == b"\x03\x01\x6a\x00", octets[:40]
    top, at, page = Node("top:top"), 4, 0
    stack = [top]
    while at < len(octets):
        byte = octets[at]
        at += 1
        if byte == 0:
            page = octets[at]
            at += 1
        elif byte == 1:
            stack.pop()
        elif byte == 3:
            end = octets.index(0, at)
            stack[-1].text += octets[at:end].decode()
            at = end + 1
        elif byte == 0xC3:
            size = 0
            while True:
                size = size * 128 + (octets[at] & 0x7F)
                at += 1
                if not octets[at - 1] & 0x80:
                    break
            stack[-1].data = octets[at : at + size]
            at += size
        else:
            made = Node(NAME[page, byte & 0x3F])
            stack[-1].inside.append(made)
            if byte & 0x40:
                stack.append(made)
    assert len(stack) == 1 and len(top.inside) == 1
    return top.inside[0]
