"""The body of an email as a document of its own, for a frame that runs no scripts and is of no origin."""

from __future__ import annotations

import asyncio
import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.mime.addresses import Mailbox
from groupware.mime.charsets import decode
from groupware.mime.headers import fields, unfold
from groupware.mime.parts import Part
from groupware.mime.sections import decoded
from groupware.mime.shown import lists_of
from groupware.mime.summary import Summary, summarize
from web.webmail.safe_html import Image, safe

PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"})
"""What is shown; never SVG, which is a document."""
PICTURE_OCTETS: Final = 5_000_000
PICTURES_OCTETS: Final = 15_000_000
"""Octets of all pictures that come within one body."""
POLICY: Final = (
    "default-src 'none'; img-src data: 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_PAGE: Final = """<!doctype html>
<html><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width">
<style>
:root{{color-scheme:light}}
body{{margin:16px;background:#fff;color:#1a1d21;font:15px/1.55 system-ui,sans-serif;overflow-wrap:break-word}}
img{{max-width:100%;height:auto}}
img:not([src]){{display:none}}
img:not([src])[alt]:not([alt=""]){{display:inline-block;padding:2px 6px;background:#eef0f3;border-radius:3px}}
pre{{white-space:pre-wrap;font:inherit;margin:0}}
blockquote{{margin:8px 0 8px 0;padding-left:12px;border-left:2px solid #cfd4da;color:#4b5158}}
table{{max-width:100%}}
a{{color:#0b6b5d}}
.head{{border-bottom:1px solid #cfd4da;margin-bottom:16px;padding-bottom:12px;color:#4b5158;font-size:13px}}
.head h1{{font-size:19px;margin:0 0 6px;color:#1a1d21}}
</style></head><body>{body}</body></html>
"""


@dataclass(frozen=True, slots=True)
class Body:
    """A document, and what is not shown of it."""

    page: str
    blocked: int


async def body_of(octets: bytes, remote: Image, *, head: bool = False) -> Body:
    """The document of a message; `remote` gives the address of a picture that is elsewhere; `head`: as on paper."""
    return await asyncio.to_thread(_body, octets, remote, head)


def _body(octets: bytes, remote: Image, head: bool) -> Body:
    summary = summarize(octets)
    parts = summary.parts
    pictures = _Pictures(octets, parts)
    shown, blocked = [_head(octets, summary)] if head else [], 0
    for index in lists_of(parts).html:
        part = parts[index]
        if part.media == "text/html":
            found = safe(decode(decoded(octets, part), part.charset), lambda at: pictures.of(at, remote))
            shown.append(f"<div>{found.html}</div>")
            blocked += found.blocked
        elif part.media == "text/plain":
            shown.append(f"<pre>{html.escape(decode(decoded(octets, part), part.charset))}</pre>")
        elif (inline := pictures.data(part)) is not None:
            shown.append(f'<p><img src="{inline}" alt="{html.escape(part.name)}"></p>')
    return Body(_PAGE.format(body="\n".join(shown)), blocked)


def _head(octets: bytes, summary: Summary) -> str:
    """What stands above a message on paper: the fields that people read, by their own names."""
    root = summary.parts[0]
    dates = [value for name, value in fields(octets[root.header_start : root.body_start]) if name.lower() == b"date"]
    people = (("From", summary.from_), ("To", summary.to), ("Cc", summary.cc))
    lines = [(name, ", ".join(map(_person, found))) for name, found in people]
    lines.append(("Date", unfold(dates[0]).decode("utf-8", "replace").strip() if dates else ""))
    rows = "".join(f"<div>{name}: {html.escape(value)}</div>" for name, value in lines if value)
    return f'<header class="head"><h1>{html.escape(summary.subject or "")}</h1>{rows}</header>'


def _person(each: Mailbox) -> str:
    return f"{each.name} <{each.address}>" if each.name else each.address


class _Pictures:
    """The pictures that a message brings along, within bounds."""

    __slots__ = ("_by_cid", "_left", "_octets")

    def __init__(self, octets: bytes, parts: Sequence[Part]) -> None:
        self._octets, self._left = octets, PICTURES_OCTETS
        self._by_cid: Mapping[str, Part] = {part.cid: part for part in parts if part.cid}

    def of(self, address: str, remote: Image) -> str | None:
        """The address that stands in for that of a picture."""
        scheme, _, rest = address.partition(":")
        if scheme.lower() == "cid":
            part = self._by_cid.get(rest)
            return None if part is None else self.data(part)
        return remote(address) if scheme.lower() in ("http", "https") else None

    def data(self, part: Part) -> str | None:
        """A picture as an address that holds it."""
        if part.media not in PICTURES:
            return None
        found = decoded(self._octets, part)
        if len(found) > min(PICTURE_OCTETS, self._left):
            return None
        self._left -= len(found)
        return f"data:{part.media};base64,{base64.b64encode(found).decode()}"
