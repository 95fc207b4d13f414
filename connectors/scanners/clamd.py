"""ClamAV's daemon: INSTREAM. clamd(8)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from connectors.scanners.report import Letter, Report, Unavailable, one_line
from connectors.scanners.wire import connected

_PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Clamd:
    """A clamd."""

    name: str
    address: str
    seconds: float = 60

    async def scan(self, letter: Letter) -> Report:
        """The virus that it has found, if any. `Unavailable`, also for a message larger than its StreamMaxLength."""
        octets = letter.octets
        async with connected(self.name, self.address, self.seconds) as wire:
            await wire.send(b"zINSTREAM\0")
            for at in range(0, len(octets), _PIECE):
                piece = octets[at : at + _PIECE]
                await wire.send(struct.pack("!I", len(piece)), piece)
            await wire.send(struct.pack("!I", 0))
            answer = await wire.all()
        said = answer.rstrip(b"\0\n").decode("utf-8", "replace").removeprefix("stream: ")
        if said == "OK":
            return Report(self.name)
        if said.endswith(" FOUND"):
            virus = one_line(said.removesuffix(" FOUND"))
            return Report(self.name, "reject", virus=virus, text=f"The message carries {virus}.", code="554 5.7.1")
        raise Unavailable(f"{self.name} at {self.address} says {one_line(said) or 'nothing'!r}")

    async def learn(self, octets: bytes, *, spam: bool, user: str = "") -> None:
        """It does not learn."""
