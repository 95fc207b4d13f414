"""What is new in an answer: its text without the message that it answers, as mail programs put it below or above.

Each program marks what it quotes in its own way; where none of these marks is, the text is new as a whole. Linear in
its input.
"""

from __future__ import annotations

import re
from typing import Final

from .html import plain_text

_REST: Final = re.compile(
    r"<hr\b[^<>]*>\s*(?=<div\b[^<>]*\bid=[\"']?(?:x_)*divRplyFwdMsg)"  # Outlook on the web, Outlook for phones
    r"|<(?:div|hr)\b[^<>]*\bid=[\"']?(?:x_)*(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|stopSpelling"
    r"|mail-editor-reference-message-container)\b"
    r"|<div\b[^<>]*\bstyle=[\"'][^\"'<>]*border:\s*none;\s*border-top:\s*solid #(?:E1E1E1|B5C4DF) 1\.0pt"  # Word
    r"|<hr\b[^<>]*>\s*(?:<div\b[^<>]*>\s*)?<b>From:"
    r"|-----\s?Original Message\s?-----",
    re.IGNORECASE,
)
"""Where all that follows is the message that is answered."""
_QUOTE: Final = re.compile(
    r"<(blockquote)\b[^<>]*\b(?:type=[\"']?cite|class=[\"']?(?:gmail_quote|protonmail_quote))"
    r"|<(div)\b[^<>]*\b(?:class=[\"']?(?:gmail_quote|moz-cite-prefix|yahoo_quoted|protonmail_quote|zmail_extra)"
    r"|id=[\"']?(?:yahoo_quoted))",
    re.IGNORECASE,
)
"""The beginning of an element that holds what is quoted, or says whose it is."""
_ENDS: Final = {name: re.compile(rf"<(/?){name}\b[^<>]*>", re.IGNORECASE) for name in ("blockquote", "div")}
_PICTURE: Final = re.compile(r"<img\b", re.IGNORECASE)
_BELOW: Final = re.compile(
    r"^[ \t]*(?:-{2,}[ \t]*Original Message[ \t]*-{2,}[ \t]*$|_{20,}[ \t]*\n+[ \t]*From:)", re.IGNORECASE | re.MULTILINE
)
_NAMED: Final = re.compile(r"(?:^|\n)[^\n>][^\n]*(?:\n[^\n>][^\n]*)?:[ \t]*\n*\Z")
_MOST: Final = 1000
"""Quotes of one message."""


def unique_html(html: str) -> str:
    """The new part of a document; all of it where nothing would be left."""
    found = _REST.search(html)
    left = html[: found.start()] if found is not None else html
    pieces, at = [], 0
    for _ in range(_MOST):
        quote = _QUOTE.search(left, at)
        if quote is None:
            break
        pieces.append(left[at : quote.start()])
        at = _end(left, quote.start(), (quote[1] or quote[2]).lower())
    pieces.append(left[at:])
    new = "".join(pieces)
    return new if _says(new) else html


def _end(html: str, start: int, name: str) -> int:
    """Where an element ends that begins there; nobody closes it: at the end."""
    depth = 0
    for each in _ENDS[name].finditer(html, start):
        depth += -1 if each[1] else 1
        if depth <= 0:
            return each.end()
    return len(html)


def _says(html: str) -> bool:
    """Whether a reader would see anything."""
    return _PICTURE.search(html) is not None or bool(plain_text(html).strip())


def unique_text(text: str) -> str:
    """The new part of a plain text; all of it where nothing would be left. Answers between quotes stay as they are."""
    whole = text.replace("\r\n", "\n")
    found = _BELOW.search(whole)
    lines = (whole[: found.start()] if found is not None else whole).split("\n")
    first, last = 0, len(lines)
    while last and (not lines[last - 1].strip() or lines[last - 1].startswith(">")):
        last -= 1
    below = "\n".join(lines[:last]) + "\n"
    if any(line.startswith(">") for line in lines[last:]):
        named = _NAMED.search(below, max(len(below) - 500, 0))
        below = below[: named.start()] if named is not None else below
    else:
        below = "\n".join(lines)
        while first < last and (not lines[first].strip() or lines[first].startswith(">") or _heads(lines, first)):
            first += 1
        if any(line.startswith(">") for line in lines[:first]):
            below = "\n".join(lines[first:])
    new = below.strip("\n")
    return new if new.strip() else text


def _heads(lines: list[str], at: int) -> bool:
    """Whether a line says whose the quote is that begins behind it."""
    return lines[at].rstrip().endswith(":") and at + 1 < len(lines) and lines[at + 1].startswith(">")
