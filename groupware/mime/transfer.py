"""Content-Transfer-Encodings undone, as far as broken input allows. RFC 2045 §6."""

from __future__ import annotations

from binascii import a2b_base64, a2b_qp
from typing import Final

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64: Final = bytes(set(range(256)) - set(_ALPHABET))


def undo(octets: bytes, encoding: str) -> bytes:
    """The octets that were encoded; those given when the encoding is the identity or nobody knows it."""
    if encoding == "base64":
        return unbase64(octets)
    if encoding == "quoted-printable":
        return a2b_qp(octets)
    return octets


KNOWN: Final = frozenset({"7bit", "8bit", "binary", "base64", "quoted-printable"})
"""The encodings that can be undone. RFC 2045 §6.1."""
_MOST_KEPT: Final = 1 << 20  # octets of a line of quoted-printable that are waited for


class Undoing:
    """`undo` for octets that come piece by piece: `feed` gives what is certain so far, `end` the rest."""

    __slots__ = ("_encoding", "_kept")

    def __init__(self, encoding: str) -> None:
        self._encoding, self._kept = encoding, b""

    def feed(self, octets: bytes) -> bytes:
        """What these octets stand for, as far as it does not depend on those to come."""
        if self._encoding == "base64":
            return self._base64(octets)
        if self._encoding == "quoted-printable":
            return self._quoted(octets)
        return octets

    def end(self) -> bytes:
        """What the last octets stand for."""
        kept, self._kept = self._kept, b""
        return _chunk(kept) if self._encoding == "base64" else undo(kept, self._encoding)

    def _base64(self, octets: bytes) -> bytes:
        *ended, last = (self._kept + octets.translate(None, _NOT_BASE64)).split(b"=")
        whole = len(last) - len(last) % 4
        self._kept = last[whole:]
        return b"".join((*map(_chunk, ended), a2b_base64(last[:whole])))

    def _quoted(self, octets: bytes) -> bytes:
        text = self._kept + octets
        end = text.rfind(b"\n") + 1
        if not end and len(text) > _MOST_KEPT:
            sign = text.rfind(b"=", -2)  # the beginning of what stands for an octet
            end = sign if sign >= 0 else len(text)
        self._kept = text[end:]
        return a2b_qp(text[:end])


def unbase64(octets: bytes) -> bytes:
    """What base64 stands for: other characters are skipped (RFC 2045 §6.8), padding may be missing or come early."""
    text = octets.translate(None, _NOT_BASE64).rstrip(b"=")
    return _chunk(text) if b"=" not in text else b"".join(map(_chunk, text.split(b"=")))


def _chunk(text: bytes) -> bytes:
    """One run of base64 without padding; a single character over, which is no octet, is dropped."""
    if len(text) % 4 == 1:
        text = text[:-1]
    return a2b_base64(text + b"=" * (-len(text) % 4))
