"""HTML to the words that a reader would see: for search and previews, never for showing. Linear in its input."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

_HIDDEN: Final = re.compile(r"<(?:(!--)|(script|style|template|title|noscript)\b)", re.IGNORECASE)
_BLOCK: Final = re.compile(
    r"</?(?:p|div|br|hr|tr|td|th|li|ul|ol|dl|dt|dd|h[1-6]|table|tbody|thead|blockquote|pre|section|article|header|footer"
    r"|center|form|option|body|html|head|address|img|caption)\b[^<>]*+>?",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"<[/!?a-zA-Z][^<>]*+>?")


def plain_text(html: str) -> str:
    """The text of an HTML document: without scripts, styles and comments, blocks on own lines, entities decoded."""
    html = _visible(html)
    if "<" in html:
        html = _TAG.sub("", _BLOCK.sub("\n", html))
    return unescape(html) if "&" in html else html


def _visible(html: str) -> str:
    """The document without what browsers do not show; an element that nobody closes hides the rest, as there."""
    pieces = []
    at = 0
    lowered = ""
    while found := _HIDDEN.search(html, at):
        pieces.append(html[at : found.start()])
        lowered = lowered or _lowered(html)
        end = "-->" if found[1] else f"</{found[2].lower()}"
        stop = lowered.find(end, found.end())
        if stop < 0:
            return "".join(pieces)
        at = stop + (3 if found[1] else 0)
    pieces.append(html[at:])
    return "".join(pieces)


def _lowered(html: str) -> str:
    """Lower case of the same length: some letters outside ASCII grow when they are lowered."""
    lowered = html.lower()
    return lowered if len(lowered) == len(html) else "".join(c.lower() if c.isascii() else c for c in html)
