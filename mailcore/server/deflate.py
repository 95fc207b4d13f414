"""A compressed dialogue: raw deflate both ways, inflated only as far as there is room. RFC 4978, RFC 1951."""

import zlib
from typing import Final

_LEVEL: Final = 4
_WINDOW: Final = 13  # of what is sent: with this memory a connection costs 64 KiB, not 256
_MEMORY: Final = 6
_PEER_WINDOW: Final = 15


class BadStream(Exception):
    """The octets are no deflate stream."""


class Deflate:
    """The state of both directions. What is not inflated yet waits in `_packed`: as much as was read at once."""

    __slots__ = ("_deflater", "_inflater", "_more", "_packed", "rest")

    def __init__(self) -> None:
        self._deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW, _MEMORY)
        self._inflater = zlib.decompressobj(-_PEER_WINDOW)
        self._packed = b""
        self._more = False
        self.rest = b""
        """What came behind the end of the peer's stream."""

    @property
    def ended(self) -> bool:
        """Whether the peer has ended its stream: nothing more will be inflated."""
        return self._inflater.eof

    @property
    def waiting(self) -> bool:
        """Whether there may be more to inflate without another octet from the peer."""
        return self._more

    def inflate(self, octets: bytes, room: int) -> bytes:
        """Takes octets in, and gives back what they are, at most `room` octets for now. `BadStream`."""
        if self.ended:
            self.rest += octets
            return b""
        packed = self._packed + octets
        if room <= 0:
            self._packed, self._more = packed, self._more or bool(packed)
            return b""
        self._packed, self._more = b"", False
        try:
            found = self._inflater.decompress(packed, room)
        except zlib.error as error:
            raise BadStream(str(error)) from None
        self.rest = self._inflater.unused_data
        self._packed = self._inflater.unconsumed_tail
        full = bool(self._packed) or len(found) == room  # then the inflater itself may hold some back
        self._more = full and not self.ended
        return found

    def deflate(self, octets: bytes) -> bytes:
        """The octets as they are sent, whole at their end: the peer can read them all."""
        return self._deflater.compress(octets) + self._deflater.flush(zlib.Z_SYNC_FLUSH)
