"""Many cards as one file."""

from __future__ import annotations


def joined(octets: bytes) -> bytes:
    """A card as it goes behind another: its lines as they are, each with CRLF at its end (RFC 6350 §3.2)."""
    lines = octets.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").split(b"\n")
    return b"".join(line + b"\r\n" for line in lines if line)
