"""Which parts of a message are shown as text, as HTML, and which are attachments. RFC 8621 §4.1.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from groupware.mime.parts import Part
from groupware.mime.sections import children

_MEDIA: Final = ("image/", "audio/", "video/")


@dataclass(slots=True)
class Lists:
    """Indexes of parts, in the order in which they are shown."""

    text: list[int] = field(default_factory=list)
    html: list[int] = field(default_factory=list)
    attachments: list[int] = field(default_factory=list)


def lists_of(parts: Sequence[Part]) -> Lists:
    """What to show as text, as HTML, and as attachments: the algorithm of RFC 8621 §4.1.4."""
    found = Lists()
    _gather(parts, [0], "mixed", False, found.html, found.text, found.attachments)
    return found


def _gather(
    parts: Sequence[Part],
    level: Sequence[int],
    kind: str,
    alternative: bool,
    html: list[int] | None,
    plain: list[int] | None,
    attachments: list[int],
) -> None:
    had = (-1 if plain is None else len(plain), -1 if html is None else len(html))
    for place, index in enumerate(level):
        part = parts[index]
        if part.kind == "multipart":
            inner = part.media.removeprefix("multipart/")
            within = alternative or inner == "alternative"
            _gather(parts, list(children(parts, index)), inner, within, html, plain, attachments)
        elif not _inline(part, place, kind):
            attachments.append(index)
        elif kind == "alternative":
            _choose(part, index, html, plain, attachments)
        else:
            html, plain = _take(part, index, alternative, html, plain, attachments)
    if kind == "alternative" and plain is not None and html is not None:
        if had[0] == len(plain) and had[1] != len(html):
            plain.extend(html[had[1] :])
        elif had[1] == len(html) and had[0] != len(plain):
            html.extend(plain[had[0] :])


def _inline(part: Part, place: int, kind: str) -> bool:
    shown = part.media in ("text/plain", "text/html") or part.media.startswith(_MEDIA)
    first = place == 0 or (kind != "related" and (part.media.startswith(_MEDIA) or not part.name))
    return part.disposition != "attachment" and shown and first


def _choose(part: Part, index: int, html: list[int] | None, plain: list[int] | None, attachments: list[int]) -> None:
    """One of several forms of the same."""
    if part.media == "text/plain" and plain is not None:
        plain.append(index)
    elif part.media == "text/html" and html is not None:
        html.append(index)
    elif part.media not in ("text/plain", "text/html"):
        attachments.append(index)


def _take(
    part: Part,
    index: int,
    alternative: bool,
    html: list[int] | None,
    plain: list[int] | None,
    attachments: list[int],
) -> tuple[list[int] | None, list[int] | None]:
    """What is shown wherever the reader is; inside an alternative one kind of text rules out the other."""
    if alternative and part.media == "text/plain":
        html = None
    if alternative and part.media == "text/html":
        plain = None
    for each in (plain, html):
        if each is not None:
            each.append(index)
    if (plain is None or html is None) and part.media.startswith(_MEDIA):
        attachments.append(index)
    return html, plain
