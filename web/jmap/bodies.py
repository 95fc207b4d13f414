"""The parts of a message: their tree, and which are text, HTML and attachments. RFC 8621 §4.1.4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from groupware.mime.charsets import decode
from groupware.mime.parts import Part
from groupware.mime.sections import children, decoded
from groupware.mime.transfer import KNOWN
from web.jmap.headers_of import header_fields, raw, value_of, wanted
from web.jmap.ids import part_id

PROPERTIES: Final = (
    "partId",
    "blobId",
    "size",
    "name",
    "type",
    "charset",
    "disposition",
    "cid",
    "language",
    "location",
)
"""What is told of a part unless a client says what it wants."""
KNOWN_PROPERTIES: Final = frozenset({*PROPERTIES, "headers", "subParts"})
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


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose parts are told of."""

    blob: str
    """The id of its octets."""
    parts: Sequence[Part]
    octets: bytes

    def part(self, index: int, wanted_properties: Sequence[str]) -> dict[str, Any]:
        """EmailBodyPart. RFC 8621 §4.1.4."""
        part = self.parts[index]
        fields = header_fields(self.octets[part.header_start : part.body_start])
        return {name: self._property(name, index, part, fields) for name in wanted_properties if name != "subParts"}

    def _property(self, name: str, index: int, part: Part, fields: Any) -> Any:
        several = part.kind == "multipart"
        match name:
            case "partId":
                return None if several else str(index)
            case "blobId":
                return None if several else part_id(self.blob, index)
            case "size":
                return len(decoded(self.octets, part)) if not several else part.size
            case "name" | "disposition" | "cid":
                return getattr(part, name) or None
            case "type":
                return part.media
            case "charset":
                return (part.charset or "us-ascii") if part.media.startswith("text/") else None
            case "language":
                said = value_of(wanted("header:Content-Language:asText"), fields)
                return [each.strip() for each in said.split(",") if each.strip()] or None if said else None
            case "location":
                return value_of(wanted("header:Content-Location:asText"), fields)
            case "headers":
                return [{"name": each.decode("latin-1"), "value": raw(value)} for each, value in fields]
        return value_of(wanted(name), fields)

    def structure(self, wanted_properties: Sequence[str], index: int = 0) -> dict[str, Any]:
        """The part with the parts in it; what is in an attached message is not told."""
        found = self.part(index, wanted_properties)
        if self.parts[index].kind == "multipart":
            found["subParts"] = [self.structure(wanted_properties, each) for each in children(self.parts, index)]
        return found

    def value(self, index: int, most: int) -> dict[str, Any]:
        """EmailBodyValue: the text, its line ends LF, cut off between two characters."""
        part = self.parts[index]
        whole = decode(decoded(self.octets, part), part.charset).replace("\r\n", "\n")
        octets = whole.encode()
        cut = len(octets) > most
        said = octets[:most].decode("utf-8", "ignore") if cut else whole
        problem = part.encoding not in KNOWN or "\ufffd" in whole
        return {"value": said, "isEncodingProblem": problem, "isTruncated": cut}
