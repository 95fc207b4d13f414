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


def unbase64(octets: bytes) -> bytes:
    """What base64 stands for: other characters are skipped (RFC 2045 §6.8), padding may be missing or come early."""
    text = octets.translate(None, _NOT_BASE64).rstrip(b"=")
    return _chunk(text) if b"=" not in text else b"".join(map(_chunk, text.split(b"=")))


def _chunk(text: bytes) -> bytes:
    """One run of base64 without padding; a single character over, which is no octet, is dropped."""
    if len(text) % 4 == 1:
        text = text[:-1]
    return a2b_base64(text + b"=" * (-len(text) % 4))
