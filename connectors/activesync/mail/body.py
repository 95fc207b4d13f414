"""The body of a message in the form that a device takes, cut off where it says. MS-ASAIRS §2.2.2.9."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final

from connectors.activesync.element import Element, el, some
from connectors.activesync.sync.options import HTML, MIME, PLAIN, Options, Preference
from groupware.mime.charsets import decode
from groupware.mime.html import plain_text
from groupware.mime.lines import crlf
from groupware.mime.parts import Part
from groupware.mime.sections import decoded
from groupware.mime.shown import Lists
from groupware.mime.unique import unique_html, unique_text

MOST: Final = 10 * 1024 * 1024
"""Octets of one body that is told; more has to be fetched."""
SIGNED: Final = ("multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_BLANK: Final = re.compile(r"\n{3,}")


def native(parts: Sequence[Part], lists: Lists) -> int:
    """The form in which the message was written."""
    return HTML if any(parts[index].media == "text/html" for index in lists.html) else PLAIN


def text_in(octets: bytes, parts: Sequence[Part], lists: Lists, kind: int) -> str:
    """The text as plain text or HTML, made of the other where there is only that."""
    indexes = lists.html if kind == HTML else lists.text
    found = []
    for index in indexes:
        part = parts[index]
        if not part.media.startswith("text/"):
            continue
        text = decode(decoded(octets, part), part.charset)
        if kind == HTML and part.media != "text/html":
            text = as_html(text)
        elif kind == PLAIN and part.media == "text/html":
            text = _BLANK.sub("\n\n", plain_text(text).strip())
        found.append(text)
    return ("<hr>" if kind == HTML else "\n").join(found).replace("\0", "")


def as_html(text: str) -> str:
    """Plain text as a document of HTML."""
    return f"<html><body><pre style='white-space:pre-wrap'>{escape(text, quote=False)}</pre></body></html>"


def chosen(options: Options, parts: Sequence[Part], kind: int) -> Preference | None:
    """The form that is told: MIME where the device wants it of this message, else the one it was written in, if it may
    be; None: the device wants none."""
    wanted = {each.type: each for each in reversed(options.bodies)}
    if MIME in wanted and (options.mime == 2 or (options.mime == 1 and parts[0].media in SIGNED)):
        return wanted[MIME]
    for each in (kind, HTML if kind == PLAIN else PLAIN):
        if each in wanted:
            return wanted[each]
    return wanted.get(MIME)


def body_of(octets: bytes, parts: Sequence[Part], lists: Lists, options: Options) -> tuple[Element | None, int]:
    """The Body element, and the form in which the message was written."""
    kind = native(parts, lists)
    preference = chosen(options, parts, kind)
    if preference is None:
        return None, kind
    return told(octets, parts, lists, preference), kind


def part_told(octets: bytes, parts: Sequence[Part], lists: Lists, preference: Preference, *, answer: bool) -> Element:
    """BodyPart: what is new in the message, in HTML; of what is no answer it is all. MS-ASCONV §3.2.5.2."""
    if native(parts, lists) == HTML:
        whole = text_in(octets, parts, lists, HTML)
        new = unique_html(whole) if answer else whole
        shown = plain_text(new).strip()
    else:
        whole = text_in(octets, parts, lists, PLAIN)
        shown = unique_text(whole) if answer else whole
        new = as_html(shown)
    return element(new, preference, "BodyPart", shown[: preference.preview] if preference.preview else "")


def told(octets: bytes, parts: Sequence[Part], lists: Lists, preference: Preference) -> Element:
    """The body in one form."""
    if preference.type == MIME:
        whole = crlf(octets).decode("utf-8", "surrogateescape")
        whole = whole.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "")
    else:
        whole = text_in(octets, parts, lists, preference.type)
    preview = text_in(octets, parts, lists, PLAIN)[: preference.preview] if preference.preview else ""
    return element(whole, preference, preview=preview)


def element(whole: str, preference: Preference, name: str = "Body", preview: str = "") -> Element:
    """Body or BodyPart: the text, cut off between two characters where it is too long."""
    coded = whole.encode("utf-8", "replace")
    most = MOST if preference.size is None else min(preference.size, MOST)
    cut = len(coded) > most
    data = "" if cut and preference.all_or_none else coded[:most].decode("utf-8", "ignore") if cut else whole
    return el(
        f"AirSyncBase:{name}",
        el("AirSyncBase:Status", 1) if name == "BodyPart" else None,
        el("AirSyncBase:Type", preference.type),
        el("AirSyncBase:EstimatedDataSize", len(coded)),
        el("AirSyncBase:Truncated", cut) if cut or name == "BodyPart" else None,
        some("AirSyncBase:Data", data),
        some("AirSyncBase:Preview", preview),
    )
