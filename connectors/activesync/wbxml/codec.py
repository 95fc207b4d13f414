"""WBXML as ActiveSync has it: one element from octets, and back. MS-ASWBXML §2.1, WBXML 1.3.

There are no attributes, no string table and no entities in it; who sends such is told that it cannot be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.activesync.element import Element
from connectors.activesync.wbxml.pages import NAMES, TOKENS

HEADER: Final = b"\x03\x01\x6a\x00"
"""Version 1.3, an unknown public identifier, UTF-8, an empty string table."""
MOST_DEPTH: Final = 40
MOST_ELEMENTS: Final = 200_000
_SWITCH, _END, _ENTITY, _STRING, _OPAQUE = 0x00, 0x01, 0x02, 0x03, 0xC3
_CONTENT: Final = 0x40
_ATTRIBUTES: Final = 0x80
_UTF8: Final = 0x6A


class Unreadable(ValueError):
    """What was sent is no document of ActiveSync; the text says where."""


@dataclass(slots=True)
class _Reader:
    octets: bytes
    at: int = 0

    def byte(self) -> int:
        if self.at >= len(self.octets):
            raise Unreadable(f"octet {self.at}: it ends in the middle")
        self.at += 1
        return self.octets[self.at - 1]

    def number(self) -> int:
        """A multi-byte integer of 32 bits. WBXML §5.1."""
        found = 0
        for _ in range(5):
            byte = self.byte()
            found = found << 7 | byte & 0x7F
            if not byte & 0x80:
                return found
        raise Unreadable(f"octet {self.at}: a number of more than 32 bits")

    def string(self) -> str:
        end = self.octets.find(b"\0", self.at)
        if end < 0:
            raise Unreadable(f"octet {self.at}: a text without an end")
        found = self.octets[self.at : end]
        self.at = end + 1
        try:
            return found.decode()
        except UnicodeDecodeError:
            raise Unreadable(f"octet {self.at}: a text that is not UTF-8") from None

    def opaque(self) -> bytes:
        length = self.number()
        if length > len(self.octets) - self.at:
            raise Unreadable(f"octet {self.at}: {length} octets are announced, and fewer are there")
        self.at += length
        return self.octets[self.at - length : self.at]


def decode(octets: bytes) -> Element:
    """The one element of a document. `Unreadable`."""
    reader = _Reader(octets)
    if reader.byte() not in (1, 2, 3):
        raise Unreadable("octet 0: this is no WBXML")
    if reader.number() == 0:
        reader.number()
    charset = reader.number()
    if charset not in (_UTF8, 0):
        raise Unreadable(f"octet {reader.at}: the charset is {charset}, and UTF-8 is what is taken")
    table = reader.number()
    if table > len(octets) - reader.at:
        raise Unreadable("the string table is longer than all there is")
    reader.at += table
    found = fragment(octets[reader.at :])
    if len(found) != 1:
        raise Unreadable(f"{len(found)} elements stand where one should")
    return found[0]


def fragment(octets: bytes) -> list[Element]:
    """The elements of what comes behind the header of a document. `Unreadable`."""
    reader, top, page, many = _Reader(octets), Element(""), 0, 0
    open_ = [top]
    while reader.at < len(octets):
        token = reader.byte()
        if token == _SWITCH:
            page = reader.byte()
        elif token == _END:
            if len(open_) == 1:
                raise Unreadable(f"octet {reader.at}: an end where nothing began")
            open_.pop()
        elif token in (_STRING, _ENTITY, _OPAQUE):
            _put(open_, token, reader)
        else:
            many += 1
            if many > MOST_ELEMENTS or len(open_) > MOST_DEPTH:
                raise Unreadable(f"octet {reader.at}: more than {MOST_ELEMENTS} elements, or {MOST_DEPTH} levels")
            made = Element(_name(page, token, reader.at))
            open_[-1].children.append(made)
            if token & _CONTENT:
                open_.append(made)
    if len(open_) > 1:
        raise Unreadable(f"{open_[-1].name} has no end")
    return top.children


def _put(open_: list[Element], token: int, reader: _Reader) -> None:
    """Text or octets, into the element that is open."""
    if len(open_) == 1:
        raise Unreadable(f"octet {reader.at}: a text outside of all elements")
    into = open_[-1]
    if token == _STRING:
        into.text += reader.string()
    elif token == _ENTITY:
        code = reader.number()
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise Unreadable(f"octet {reader.at}: {code} is no character")
        into.text += chr(code)
    else:
        into.octets = (into.octets or b"") + reader.opaque()


def _name(page: int, token: int, at: int) -> str:
    if token & _ATTRIBUTES:
        raise Unreadable(f"octet {at}: an element with attributes")
    name = NAMES.get(page, {}).get(token & 0x3F)
    if name is None:
        raise Unreadable(f"octet {at}: there is no element {token & 0x3F:#04x} on page {page}")
    return name


def encode(root: Element) -> bytes:
    """The document of an element."""
    return HEADER + encode_fragment([root])


def encode_fragment(elements: list[Element]) -> bytes:
    """What comes behind the header of a document."""
    out, page = bytearray(), 0
    for each in elements:
        page = _write(out, each, page)
    return bytes(out)


def _write(out: bytearray, one: Element, page: int) -> int:
    """Writes an element; gives the page that holds then."""
    there, token = TOKENS[one.name]
    if there != page:
        out += bytes((_SWITCH, there))
    if not (one.children or one.text or one.octets is not None):
        out.append(token)
        return there
    out.append(token | _CONTENT)
    if one.octets is not None:
        out.append(_OPAQUE)
        out += number(len(one.octets))
        out += one.octets
    if one.text:
        out.append(_STRING)
        out += one.text.replace("\0", "").encode("utf-8", "replace")
        out.append(0)
    page = there
    for each in one.children:
        page = _write(out, each, page)
    out.append(_END)
    return page


def number(value: int) -> bytes:
    """A multi-byte integer."""
    found = bytearray((value & 0x7F,))
    while value := value >> 7:
        found.insert(0, value & 0x7F | 0x80)
    return bytes(found)
