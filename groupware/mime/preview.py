"""The few words that a list of messages shows of each (RFC 8970), out of a bounded piece of the first text part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from groupware.mime.charsets import decode
from groupware.mime.html import plain_text
from groupware.mime.parts import Part
from groupware.mime.transfer import undo

LONGEST_PREVIEW: Final = 200
_PLAIN_OCTETS: Final = 2048
_HTML_OCTETS: Final = 32 * 1024  # style sheets come before the text
_CONTROLS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028\u2029\u2060\ufeff\u034f\u00ad]+")
_RULE: Final = re.compile(r"[-_=*#~]{4,}")


def preview_of(octets: bytes, parts: Sequence[Part]) -> str:
    """The first 200 characters of the message's text on one line, quoted lines only when there is nothing else."""
    for media in ("text/plain", "text/html"):
        for part in parts:
            if part.media == media and part.disposition != "attachment" and (text := _preview(octets, part)):
                return text
    return ""


def _preview(octets: bytes, part: Part) -> str:
    limit = _HTML_OCTETS if part.media == "text/html" else _PLAIN_OCTETS
    piece = octets[part.body_start : min(part.body_end, part.body_start + limit)]
    text = decode(undo(piece, part.encoding), part.charset)
    if part.media == "text/html":
        text = plain_text(text)
    elif "\n>" in text or text.startswith(">"):
        own = "\n".join(line for line in text.split("\n") if not line.startswith(">"))
        text = own if own.strip() else text
    text = _RULE.sub("", text) if part.media == "text/plain" else text
    return _CONTROLS.sub(" ", text[: 8 * LONGEST_PREVIEW]).strip()[:LONGEST_PREVIEW].rstrip()
