"""Whatever speaks milter, with this server in the place of the MTA: version 6 of Sendmail's protocol (libmilter).

1. The dialogue for a message is one connection, after the message has come: nothing in it holds a client up at RCPT,
   and a filter can change the header, refuse and quarantine, but not touch the recipients or the body.
2. Every packet that comes is bounded, and the whole dialogue has one time.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from connectors.scanners.report import MOST_TOLD, Change, Letter, Report, Unavailable, Wish, one_line
from connectors.scanners.wire import MOST_ANSWER, Wire, connected
from groupware.mime.headers import fields

VERSION: Final = 6
_ADD, _CHANGE, _QUARANTINE = 0x01, 0x10, 0x20
_ACTIONS: Final = _ADD | _CHANGE | _QUARANTINE
_SKIPPED: Final = {b"C": 0x1, b"H": 0x2, b"M": 0x4, b"R": 0x8, b"B": 0x10, b"L": 0x20, b"N": 0x40, b"T": 0x200}
"""The bit by which a filter says that it does not want a step."""
_SILENT: Final = {
    b"C": 0x1000, b"H": 0x2000, b"M": 0x4000, b"R": 0x8000, b"T": 0x10000, b"L": 0x80, b"N": 0x40000, b"B": 0x80000,
}  # fmt: skip
"""The bit by which it says that it does not answer to it."""
_LEADING_SPACE: Final = 0x100000
_KNOWN: Final = 0x1FFFFF
_PIECE: Final = 65_535
_MOST_CHANGES: Final = MOST_TOLD
_ENDS: Final[dict[bytes, Wish]] = {b"a": "accept", b"d": "discard", b"r": "reject", b"t": "later"}


@dataclass(frozen=True, slots=True)
class Milter:
    """A filter that speaks milter."""

    name: str
    address: str
    seconds: float = 60

    async def scan(self, letter: Letter) -> Report:
        """What it would do with the message, and the changes of the header that it asks for. `Unavailable`."""
        async with connected(self.name, self.address, self.seconds) as wire:
            try:
                return await _Dialogue(self.name, wire, letter).run()
            except (ValueError, IndexError, struct.error) as error:
                raise Unavailable(f"{self.name} at {self.address}: {one_line(str(error))}") from None

    async def learn(self, octets: bytes, *, spam: bool, user: str = "") -> None:
        """It does not learn."""


@dataclass(slots=True)
class _Dialogue:
    name: str
    wire: Wire
    letter: Letter
    unwanted: int = 0
    changes: list[Change] = field(default_factory=list)
    quarantined: str = ""

    async def run(self) -> Report:
        await self._send(b"O", struct.pack("!III", VERSION, _ACTIONS, _KNOWN))
        kind, body = await self._receive()
        if kind != b"O" or len(body) < 12:
            raise ValueError("it does not begin with what it wants")
        version, _, self.unwanted = struct.unpack("!III", body[:12])
        if not 2 <= version <= VERSION:
            raise ValueError(f"it speaks version {version} of the protocol, which is not known here")
        report = await self._told() or await self._end()
        await self._send(b"Q", b"")
        return report

    async def _told(self) -> Report | None:
        """Everything up to the end of the message; a report when it has heard enough."""
        skipped = b""
        for kind, macros, body in self._steps():
            if self.unwanted & _SKIPPED[kind] or kind == skipped:
                continue
            if macros:
                await self._send(b"D", kind + macros)
            await self._send(kind, body)
            if self.unwanted & _SILENT[kind]:
                continue
            said, rest = await self._answer()
            if said == b"s":
                skipped = kind
            elif said != b"c":
                return self._report(said, rest)
        return None

    async def _end(self) -> Report:
        await self._send(b"E", b"")
        while True:
            said, body = await self._answer()
            match said:
                case b"h":
                    self._add(*_two(body))
                case b"i":
                    self._add(*_two(body[4:]))
                case b"m":
                    name, value = _two(body[4:])
                    self._change(name, value or None, struct.unpack("!I", body[:4])[0])
                case b"q":
                    self.quarantined = one_line(_text(body)) or "quarantined"
                case _:
                    return self._report(said, body)

    def _add(self, name: str, value: str) -> None:
        self._change(name, value, 0)

    def _change(self, name: str, value: str | None, index: int) -> None:
        if len(self.changes) >= _MOST_CHANGES:
            raise ValueError(f"it wants more than {_MOST_CHANGES} changes")
        self.changes.append(Change(name, value, index))

    def _report(self, said: bytes, body: bytes) -> Report:
        changes = tuple(self.changes)
        if said == b"y":
            text = one_line(_text(body))
            code, _, words = text.partition(" ")
            status, _, rest = words.partition(" ")
            enhanced = status[:2] in ("4.", "5.") and status.replace(".", "").isdecimal()
            told = f"{code} {status}" if enhanced else code
            return Report(
                self.name, "later" if code.startswith("4") else "reject", text=rest if enhanced else words, code=told
            )
        wish = _ENDS.get(said)
        if wish is None and said != b"c":
            raise ValueError(f"its answer {said!r} is not known here")
        if self.quarantined and wish in (None, "accept"):
            return Report(self.name, "quarantine", text=self.quarantined, changes=changes)
        return Report(self.name, wish or "accept", changes=changes)

    # --- what is told

    def _steps(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        """Kind, macros and body of each step, in their order."""
        letter = self.letter
        yield b"C", _pairs(j=letter.host, **{"{daemon_name}": "Postroom"}), _connection(letter)
        yield b"H", b"", _octets(letter.hello or letter.host) + b"\0"
        mail = {"i": letter.message, "{auth_authen}": letter.user, "{mail_addr}": letter.sender}
        yield b"M", _pairs(**mail), b"<%b>\0" % _octets(letter.sender)
        for address in letter.recipients:
            yield b"R", _pairs(**{"{rcpt_addr}": address}), b"<%b>\0" % _octets(address)
        yield b"T", b"", b""
        head, _, content = letter.octets.partition(b"\r\n\r\n")
        for name, value in fields(head + b"\r\n"):
            text = value.replace(b"\r\n", b"\n").rstrip(b"\r\n")
            text = text if self.unwanted & _LEADING_SPACE else text.removeprefix(b" ")
            yield b"L", b"", name + b"\0" + text.replace(b"\0", b"") + b"\0"
        yield b"N", _pairs(i=letter.message), b""
        for at in range(0, len(content), _PIECE):
            yield b"B", b"", content[at : at + _PIECE]

    # --- packets

    async def _send(self, kind: bytes, body: bytes) -> None:
        await self.wire.send(struct.pack("!I", len(body) + 1) + kind, body)

    async def _receive(self) -> tuple[bytes, bytes]:
        (length,) = struct.unpack("!I", await self.wire.reader.readexactly(4))
        if not 1 <= length <= MOST_ANSWER:
            raise ValueError(f"it sends a packet of {length} octets")
        packet = await self.wire.reader.readexactly(length)
        return packet[:1], packet[1:]

    async def _answer(self) -> tuple[bytes, bytes]:
        """The next packet that says something: it may say for any time that it is at work."""
        while (found := await self._receive())[0] == b"p":
            pass
        return found


def _connection(letter: Letter) -> bytes:
    """The client: its name, which is not known here, and its address."""
    try:
        address = ipaddress.ip_address(letter.peer)
    except ValueError:
        return b"localhost\0U"
    if address.version == 4:
        return b"[%b]\x004%b%b\0" % (str(address).encode(), struct.pack("!H", 0), str(address).encode())
    return b"[IPv6:%b]\x006%b%b\0" % (str(address).encode(), struct.pack("!H", 0), str(address).encode())


def _octets(text: str) -> bytes:
    return text.replace("\0", "").encode("utf-8", "replace")


def _pairs(**values: str) -> bytes:
    return b"".join(_octets(name) + b"\0" + _octets(value) + b"\0" for name, value in values.items() if value)


def _text(body: bytes) -> str:
    return body.rstrip(b"\0").decode("utf-8", "replace")


def _two(body: bytes) -> tuple[str, str]:
    """A name and a value."""
    name, value, *_ = body.split(b"\0")
    if not name or not all(33 <= octet <= 126 and octet != 58 for octet in name):
        raise ValueError(f"it wants a field {name[:40]!r}, which is no name of one")
    text = value.decode("utf-8", "replace").replace("\r", "").replace("\n", "\r\n")
    return name.decode(), text
