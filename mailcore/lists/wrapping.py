"""Text of a list's own around a message: into plain text where that is all there is, else as parts beside it.

What is signed, and anything else whose form is not known to take it, stays whole in a part of its own.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from quopri import encodestring
from secrets import token_hex
from string import Template
from typing import Final

from groupware.mime.charsets import decode
from groupware.mime.lines import crlf
from groupware.mime.transfer import undo
from mailcore.lists.letter import Letter
from mailcore.lists.rules import Rules

_STRUCTURE: Final = frozenset(("content-type", "content-transfer-encoding", "content-disposition"))
_ENCODED: Final = re.compile(rb"[\x80-\xff]")
_PLAIN: Final = ("7bit", "8bit", "")


def wrapped(letter: Letter, rules: Rules) -> tuple[bytes, bytes | None]:
    """The body with the list's texts, and the fields that say how it is made; None: as it was."""
    body = letter.octets[letter.body_at :]
    head, foot = filled(rules.head, rules), filled(rules.foot, rules)
    if not head and not foot:
        return body, None
    root = letter.parts[0]
    if root.media == "text/plain" and root.disposition != "attachment" and len(letter.values("content-type")) <= 1:
        text = decode(undo(body, root.encoding), root.charset or "us-ascii")
        return _text(text.replace("\r\n", "\n"), head, foot, root.encoding)
    return _parts(letter, body, head, foot)


def filled(text: str, rules: Rules) -> str:
    """A text of the list's settings, with what `$list`, `$name` and `$request` stand for."""
    facts = {"list": rules.address, "name": rules.title, "request": rules.at("request")}
    return Template(text.replace("\\n", "\n")).safe_substitute(facts).strip("\n")


def _text(text: str, head: str, foot: str, encoding: str) -> tuple[bytes, bytes]:
    blocks = [f"{head}\n\n" if head else "", text.rstrip("\n") + "\n", f"\n{foot}\n" if foot else ""]
    octets = crlf("".join(blocks).encode("utf-8", "replace"))
    kind = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
    if encoding == "base64":
        return crlf(encodebytes(octets)), kind + b"base64\r\n"
    if encoding not in _PLAIN:
        return crlf(encodestring(octets.replace(b"\r\n", b"\n"))), kind + b"quoted-printable\r\n"
    return octets, kind + (b"8bit\r\n" if _ENCODED.search(octets) else b"7bit\r\n")


def _parts(letter: Letter, body: bytes, head: str, foot: str) -> tuple[bytes, bytes]:
    boundary = f"=_list_{token_hex(12)}".encode()
    own = b"".join(
        name.title().encode() + b":" + value.rstrip(b"\r\n") + b"\r\n"
        for name, value in letter.header
        if name in _STRUCTURE
    )
    pieces = [_part(head), own + b"\r\n" + body, _part(foot)]
    octets = b"".join(b"--" + boundary + b"\r\n" + piece + b"\r\n" for piece in pieces if piece)
    kind = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="' + boundary + b'"\r\n'
    return octets + b"--" + boundary + b"--\r\n", kind + b"Content-Transfer-Encoding: 8bit\r\n"


def _part(text: str) -> bytes:
    if not text:
        return b""
    octets = crlf(f"{text}\n".encode("utf-8", "replace"))
    return b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + octets
