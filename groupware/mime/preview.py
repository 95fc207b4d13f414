"""The few words that a list of messages shows of each (RFC 8970), out of a bounded piece of the first text part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from groupware.mime.content import text_of_part
from groupware.mime.parts import Part
from groupware.model.octets import Octets

LONGEST_PREVIEW: Final = 200
_PLAIN_OCTETS: Final = 2048
_HTML_OCTETS: Final = 32 * 1024  # style sheets come before the text
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\xad\u034f\u200b-\u200f\u2028\u2029\u2060\ufeff]+")
_RULE: Final = re.compile(r"[-_=*#~]{4,}")
_FIRST_LOOK: Final = 2 * LONGEST_PREVIEW


def preview_of(octets: Octets, parts: Sequence[Part]) -> str:
    """The first 200 characters of the message's text on one line, quoted lines only when there is nothing else.

    The first text that says anything; attached messages come after the message's own text.
    """
    later: list[Part] = []
    inside = -1  # the depth of the attached message that the walk is in
    for part in parts:
        if 0 <= inside < part.depth:
            later.append(part)
            continue
        inside = part.depth if part.kind == "message" and part.depth else -1
        if text := _preview(octets, part):
            return text
    return next((text for part in later if (text := _preview(octets, part))), "")


def _preview(octets: Octets, part: Part) -> str:
    if part.media not in ("text/plain", "text/html") or part.disposition == "attachment":
        return ""
    limit = _HTML_OCTETS if part.media == "text/html" else _PLAIN_OCTETS
    text = text_of_part(octets, part, limit)
    if part.media == "text/plain" and ">" in text:
        own = "\n".join([line for line in text.split("\n") if not line.startswith(">")])
        text = own if own.strip() else text
    line = _one_line(text[:_FIRST_LOOK])
    if len(line) < LONGEST_PREVIEW < _FIRST_LOOK < len(text):
        line = _one_line(text)
    return line[:LONGEST_PREVIEW].rstrip()


def _one_line(text: str) -> str:
    """The text without line ends, rulers and characters that nobody sees."""
    line = " ".join(text.split())
    if not line.isprintable():
        line = " ".join(_UNSEEN.sub(" ", line).split())
    return " ".join(_RULE.sub(" ", line).split()) if _RULE.search(line) else line
