"""A text part with something below what it says, in its own charset and transfer encoding.

Where the part's octets need not change they do not: what is new is put behind them, or before the end of the HTML.
"""

from __future__ import annotations

import re
from binascii import a2b_qp, b2a_base64, b2a_qp
from typing import Final

from groupware.mime.charsets import codec_of, decode
from groupware.mime.scan import Node
from groupware.mime.transfer import KNOWN, unbase64, undo

_LONGEST_LINE: Final = 900
_BASE64_LINE: Final = 57
_END: Final = re.compile(rb"</body\b|</html\b", re.IGNORECASE)
_CHARSET: Final = re.compile(rb"(?i)charset\s*=\s*(?:\"[^\"]*\"|[^;\s]+)")
_STRANGE: Final = ("utf-16", "utf-32", "utf-7", "utf_7", "utf_16", "utf_32", "hz")
"""Charsets to which nothing can simply be added."""


def decoded(octets: bytes, node: Node) -> str:
    """What a text part says."""
    body = undo(octets[node.body_start : node.body_end], node.encoding.decode("ascii", "replace"))
    return decode(body, node.media.param(b"charset").decode("ascii", "replace"))


def appended(octets: bytes, node: Node, below: str, eol: bytes) -> bytes | None:
    """Header and body of the part with the text below; None where nobody can say what the part says."""
    encoding = node.encoding.decode("ascii", "replace")
    header, body = octets[node.header_start : node.body_start], octets[node.body_start : node.body_end]
    charset = node.media.param(b"charset").decode("ascii", "replace")
    codec = codec_of(charset)
    plain = charset.lower() in ("", "us-ascii", "ascii")
    if encoding not in KNOWN or (codec is None and not plain) or (codec or "").startswith(_STRANGE):
        return None
    if not header.endswith(b"\n"):
        return None  # it has no end, so a part is made of guesses
    header = _without(header, b"content-md5")
    if node.media.sub == b"html":
        return header + _in_html(body, _lines(below.encode("ascii", "xmlcharrefreplace"), eol), encoding, eol)
    text = _stuffed(below) if b"flowed" in node.media.param(b"format").lower() else below
    try:
        new = _lines(text.encode(_exact(charset, codec)), eol)
    except UnicodeEncodeError:
        return _as_utf8(header, body, node, text, eol, codec or "ascii")
    if encoding == "7bit" and not new.isascii():
        header = with_field(header, b"Content-Transfer-Encoding", b"quoted-printable", eol, node)
        return header + quoted(_put_behind(body, new, eol), eol)
    return header + _behind(body, new, encoding, eol)


def _exact(charset: str, codec: str | None) -> str:
    """The codec to write with: what is read generously as Windows-1252 may be Latin-1 for others."""
    return "latin-1" if codec == "cp1252" and "1252" not in charset else codec or "ascii"


def _lines(text: bytes, eol: bytes) -> bytes:
    """The lines as mail has them, none too long."""
    found: list[bytes] = []
    for line in text.split(b"\n"):
        while len(line) > _LONGEST_LINE and (at := line.rfind(b" ", 1, _LONGEST_LINE)) > 0:
            found.append(line[:at])
            line = line[at + 1 :]
        found.append(line)
    return eol.join(found)


def _stuffed(text: str) -> str:
    """The lines as format=flowed wants them. RFC 3676 §4.4."""
    lines = (line.rstrip(" ") if line != "-- " else line for line in text.split("\n"))
    return "\n".join(f" {line}" if line.startswith((" ", ">", "From ")) else line for line in lines)


def _put_behind(body: bytes, new: bytes, eol: bytes) -> bytes:
    """The text, an empty line, and what is new."""
    ended = body.endswith(b"\n") or not body
    return body + (b"" if ended else eol) + eol + new + (eol if ended else b"")


def _behind(body: bytes, new: bytes, encoding: str, eol: bytes) -> bytes:
    if encoding == "base64":
        return base64_lines(_put_behind(unbase64(body), new, eol), eol)
    if encoding != "quoted-printable":
        return _put_behind(body, new, eol)
    if body.rstrip(b"\r\n \t").endswith(b"="):  # it ends within a line
        return quoted(_put_behind(a2b_qp(body), new, eol), eol)
    ended = body.endswith(b"\n") or not body
    return body + (b"" if ended else eol) + quoted(eol + new, eol) + (eol if ended else b"")


def _as_utf8(header: bytes, body: bytes, node: Node, text: str, eol: bytes, codec: str) -> bytes | None:
    """The part in UTF-8, for its charset has not all that is to be written."""
    encoding = node.encoding.decode("ascii", "replace")
    try:
        said = undo(body, encoding).decode(codec).encode()
    except (UnicodeError, ValueError):
        return None
    whole = _put_behind(said, _lines(text.encode(), eol), eol)
    old = _value(header, b"content-type") or b"text/plain"
    named = b"charset=utf-8"
    kind = _CHARSET.sub(named, old, count=1) if _CHARSET.search(old) else old + b"; " + named
    header = with_field(header, b"Content-Type", kind, eol, node)
    if encoding == "base64":
        return header + base64_lines(whole, eol)
    if encoding in ("8bit", "binary"):
        return header + whole
    header = with_field(header, b"Content-Transfer-Encoding", b"quoted-printable", eol, node)
    return header + quoted(whole, eol)


def _in_html(body: bytes, new: bytes, encoding: str, eol: bytes) -> bytes:
    """Before the end of the document. What is new is ASCII."""
    new = eol + new + eol
    if encoding == "base64":
        return base64_lines(_inserted(unbase64(body), new), eol)
    if encoding != "quoted-printable":
        return _inserted(body, new)
    at = _html_end(body)
    if at < len(body):
        return body[:at] + b"=" + eol + quoted(new, eol) + body[at:]
    return quoted(_inserted(a2b_qp(body), new), eol)


def _inserted(document: bytes, new: bytes) -> bytes:
    at = _html_end(document)
    return document[:at] + new + document[at:]


def _html_end(document: bytes) -> int:
    """Where the last </body> begins, or else the last </html>; the end where there is neither."""
    ends = {each[0].lower(): each.start() for each in _END.finditer(document)}
    return ends.get(b"</body", ends.get(b"</html", len(document)))


# --- encodings, header ----------------------------------------------------------------------------------------------


def base64_lines(octets: bytes, eol: bytes) -> bytes:
    lines = (octets[at : at + _BASE64_LINE] for at in range(0, len(octets), _BASE64_LINE))
    return eol.join(b2a_base64(line, newline=False) for line in lines) + eol


def quoted(octets: bytes, eol: bytes) -> bytes:
    """Quoted-printable; what ends a line stays what it is."""
    lines = (b2a_qp(line, istext=False).replace(b"=\n", b"=" + eol) for line in octets.split(eol))
    return eol.join(lines)


def _field(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?im)^" + re.escape(name) + rb"[ \t]*:([^\n]*\n(?:[ \t]+[^\n]*\n)*)")


def _value(header: bytes, name: bytes) -> bytes:
    found = _field(name).search(header)
    return b" ".join(found[1].split()) if found is not None else b""


def _without(header: bytes, name: bytes) -> bytes:
    return _field(name).sub(b"", header)


def with_field(header: bytes, name: bytes, value: bytes, eol: bytes, node: Node) -> bytes:
    """The header with this value of a field, in the place of the old one or as the last."""
    line = name + b": " + value + eol
    old = _field(name).search(header)
    if old is not None:
        return header[: old.start()] + line + header[old.end() :]
    if not node.depth and not _value(header, b"mime-version"):
        line = b"MIME-Version: 1.0" + eol + line
    blank = re.search(rb"(?:\A|(?<=\n))\r?\n\Z", header)
    at = blank.start() if blank is not None else len(header)
    return header[:at] + line + header[at:]
