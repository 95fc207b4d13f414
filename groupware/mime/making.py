"""Parts of messages that the server itself makes: what is in them encoded as it travels best, and put together."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import MIMEPart
from email.policy import SMTP
from secrets import token_hex
from typing import Final

from groupware.mime.lines import crlf

PART: Final = SMTP.clone(cte_type="7bit", max_line_length=78)
"""How the Python library writes a part."""


def encoding_of(text: str) -> str:
    """How a text travels: as it is when no line is long, else whichever of the two encodings is shorter."""
    if text.isascii() and max(map(len, text.split("\n")), default=0) <= 900 and "\0" not in text:
        return "7bit"
    odd = sum(1 for sign in text.encode() if sign > 126 or sign == 61)
    return "quoted-printable" if odd * 3 < len(text) else "base64"


def enclosed(octets: bytes) -> bytes:
    """A message as a part, octet for octet but for its line ends."""
    encoding = b"7bit" if octets.isascii() else b"8bit"
    return b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: %b\r\n\r\n%b" % (encoding, crlf(octets))


def multipart(kind: str, parts: Sequence[bytes], lines: bytes = b"") -> bytes:
    """Parts in a multipart of that kind; `lines` stand before its Content-Type."""
    while any((mark := token_hex(16).encode()) in each for each in parts):
        pass
    head = lines + b'Content-Type: multipart/%b; boundary="=_%b"\r\n\r\n' % (kind.encode(), mark)
    return head + b"".join(b"--=_%b\r\n%b\r\n" % (mark, each) for each in parts) + b"--=_%b--\r\n" % mark


def text_part(text: str, subtype: str) -> bytes:
    """A text in UTF-8, its line ends CRLF."""
    part = MIMEPart(policy=PART)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    part.set_content(text, subtype=subtype, charset="utf-8", cte=encoding_of(text))
    return bytes(part)


def file_part(octets: bytes, media: str, name: str, *, cid: str = "", inline: bool = False) -> bytes:
    """Octets under a name: a message as it is, all else as base64."""
    part = MIMEPart(policy=PART)
    filename = {"filename": "".join(sign if sign.isprintable() else " " for sign in name)[:255]} if name else {}
    part.add_header("Content-Disposition", "inline" if inline else "attachment", **filename)
    lines = bytes(part).rstrip(b"\r\n") + b"\r\n"
    if cid and cid.isascii() and cid.isprintable() and not set(cid) & set("<> "):
        lines += f"Content-ID: <{cid}>\r\n".encode()
    if media == "message/rfc822" and b"\0" not in octets:
        return lines + enclosed(octets)
    main, _, sub = media.partition("/")
    inner = MIMEPart(policy=PART)
    inner.set_content(octets, main, sub, cte="base64")
    return lines + bytes(inner)
