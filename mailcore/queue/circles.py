"""Mail that is passed on for an account, and how a circle is seen: every passing on leaves a mark. RFC 5228 §10."""

from __future__ import annotations

from typing import Final

from groupware.mime.compose import header_line
from groupware.mime.headers import fields

REDIRECTED: Final = "X-Sieve-Redirected-From"
"""The field that each passing on leaves: mail that comes back with it has gone in a circle."""
_NAME: Final = REDIRECTED.lower().encode()


def circle(header: bytes, own: str, to: str, most_received: int) -> str:
    """Why the message may not go on from an account to this address; "" if it may."""
    names = [name.lower() for name, _ in fields(header)]
    if own.lower() in redirected_from(header):
        return "it has been redirected from here before"
    if to.lower() == own.lower():
        return "it would come back"
    if names.count(b"received") >= most_received:
        return "it has passed through too many servers"
    return ""


def mark(own: str) -> bytes:
    """The line that says that it has been passed on from here."""
    return header_line(REDIRECTED, own)


def redirected_from(header: bytes) -> frozenset[str]:
    """The addresses that it was passed on from on its way."""
    values = (value for name, value in fields(header) if name.lower() == _NAME)
    return frozenset(value.decode("utf-8", "replace").strip().lower() for value in values)
