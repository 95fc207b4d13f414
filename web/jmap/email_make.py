"""A new message out of the properties of an Email. RFC 8621 §4.6.

The Python library encodes what is in each part; the lines around are those of `header_make`. Texts become UTF-8 with
CRLF line ends, in quoted-printable or base64 where they are more than plain ASCII; octets of blobs base64; a message in
a message stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import MIMEPart
from typing import Any, Final

from groupware.mime.compose import format_date, header_line, message_id
from groupware.mime.making import PART, enclosed, encoding_of, multipart
from web.jmap.blobs import Octets
from web.jmap.errors import SetError
from web.jmap.header_make import CONVENIENT, field_lines, part_lines, refuse
from web.jmap.sets import Given, invalid
from web.jmap.transfers import media_of

BODIES: Final = frozenset({"bodyStructure", "textBody", "htmlBody", "attachments", "bodyValues"})
PLACES: Final = frozenset({"mailboxIds", "keywords", "receivedAt"})
_PART: Final = frozenset(
    {"partId", "blobId", "size", "name", "type", "charset", "disposition", "cid", "language", "location", "subParts"}
)
_DEEPEST: Final = 20
_MOST_PARTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """What a message is made from beside its properties."""

    blobs: Mapping[str, Octets]
    host: str
    now: datetime


def blobs_in(given: Given) -> Sequence[str]:
    """The blobs that the parts of a new message name."""
    return [
        str(each["blobId"])
        for name in ("bodyStructure", "textBody", "htmlBody", "attachments")
        for each in _parts_in(given.get(name), 0)
        if isinstance(each.get("blobId"), str)
    ]


def _parts_in(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _DEEPEST:
        raise invalid("bodyStructure", f"more than {_DEEPEST} levels deep")
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            yield each
            yield from _parts_in(each.get("subParts"), depth + 1)


def message_of(given: Given, source: Source) -> bytes:
    """The octets of the message. `SetError` names the property that is wrong, and blobs that are not there."""
    known = {*CONVENIENT, *BODIES, *PLACES}
    wrong = [name for name in given if name not in known and not name.startswith("header:")]
    if wrong:
        raise refuse(wrong, f"{wrong[0][:60]!r} cannot be set")
    lost = [name for name in dict.fromkeys(blobs_in(given)) if name not in source.blobs]
    if lost:
        raise SetError("blobNotFound", "there are no such blobs, or they are not shared with you", notFound=lost)
    lines, names = field_lines(given)
    if "date" not in names:
        lines = f"Date: {format_date(source.now)}\r\n".encode() + lines
    if "message-id" not in names:
        lines += b"Message-ID: " + message_id(source.host).encode() + b"\r\n"
    body = _Bodies(given, source).whole()
    return lines + (b"" if "mime-version" in names else b"MIME-Version: 1.0\r\n") + body


class _Bodies:
    """The parts of one message."""

    def __init__(self, given: Given, source: Source) -> None:
        self._given, self._source = given, source
        self._texts = _values(given.get("bodyValues"))

    def whole(self) -> bytes:
        given = self._given
        lists = [name for name in ("textBody", "htmlBody", "attachments") if given.get(name)]
        if given.get("bodyStructure") is not None:
            if lists:
                raise refuse(["bodyStructure", *lists], "either bodyStructure or lists of parts")
            return self._part(given["bodyStructure"], "bodyStructure", 0)
        plain, html = self._only("textBody", "text/plain"), self._only("htmlBody", "text/html")
        files = given.get("attachments") or []
        if not isinstance(files, list) or len(files) > _MOST_PARTS:
            raise invalid("attachments", "a list of parts is wanted")
        parts = [each for each in (plain, html) if each is not None]
        text = self._leaf({"type": "text/plain"}, b"") if not parts and not files else b""
        if len(parts) == 2:
            text = multipart("alternative", parts)
        elif parts:
            text = parts[0]
        if not files:
            return text
        inline = [each for each in files if isinstance(each, Mapping) and each.get("cid") and html is not None]
        rest = [each for each in files if each not in inline]
        if inline:
            text = multipart("related", [text, *[self._file(each) for each in inline]])
        return multipart("mixed", [*([text] if text else []), *[self._file(each) for each in rest]]) if rest else text

    def _only(self, name: str, media: str) -> bytes | None:
        """The one part that a text is."""
        given = self._given.get(name)
        if not given:
            return None
        if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], Mapping):
            raise invalid(name, "exactly one part is wanted")
        if given[0].get("type", media) != media:
            raise invalid(name, f"its type is {media}")
        return self._part({**given[0], "type": media}, name, 0)

    def _file(self, given: Any) -> bytes:
        if isinstance(given, Mapping) and "disposition" not in given:
            given = {**given, "disposition": "attachment"}
        return self._part(given, "attachments", 0)

    def _part(self, given: Any, name: str, depth: int) -> bytes:
        if not isinstance(given, Mapping):
            raise invalid(name, "a part is an object")
        wrong = [each for each in given if each not in _PART and not each.startswith("header:")]
        if wrong:
            raise invalid(f"{name}/{wrong[0][:60]}", "a part has no such property, or it cannot be set")
        low = [each.split(":")[1].lower() for each in given if each.startswith("header:")]
        if "content-transfer-encoding" in low:
            raise invalid(name, "Content-Transfer-Encoding is the server's to choose")
        if given.get("type", "").startswith("multipart/") if isinstance(given.get("type", ""), str) else False:
            return self._several(given, name, depth)
        if given.get("subParts"):
            raise invalid(f"{name}/subParts", "only a multipart has parts")
        return self._leaf(given, self._octets(given, name))

    def _several(self, given: Mapping[str, Any], name: str, depth: int) -> bytes:
        inner = given.get("subParts") or []
        if not isinstance(inner, list) or "partId" in given or "blobId" in given or depth > _DEEPEST:
            raise invalid(f"{name}/subParts", "a multipart has a list of parts, and nothing of its own")
        kind = media_of(given["type"])
        if not kind.startswith("multipart/"):
            raise invalid(f"{name}/type", "it is no media type")
        parts = [self._part(each, name, depth + 1) for each in inner]
        return multipart(kind.removeprefix("multipart/"), parts, part_lines(given) + _about(given, name))

    def _octets(self, given: Mapping[str, Any], name: str) -> bytes:
        part, blob = given.get("partId"), given.get("blobId")
        if (part is None) == (blob is None):
            raise invalid(name, "a part has either a partId or a blobId")
        if blob is not None:
            return self._source.blobs[str(blob)].octets
        if "charset" in given and given["charset"] is not None:
            raise invalid(f"{name}/charset", "the charset of a body value is the server's to choose")
        if not isinstance(part, str) or part not in self._texts:
            raise invalid("bodyValues", f"there is no value for the part {str(part)[:60]!r}")
        return self._texts[part].encode()

    def _leaf(self, given: Mapping[str, Any], octets: bytes) -> bytes:
        fresh = given.get("blobId") is None
        media = given.get("type") or ("text/plain" if fresh else self._source.blobs[str(given["blobId"])].media)
        kind = media_of(media) if isinstance(media, str) else ""
        if not isinstance(media, str) or (kind == "application/octet-stream" != media.lower()):
            raise invalid("type", "it is no media type")
        if fresh and not kind.startswith("text/"):
            raise invalid("type", "a body value is a text")
        lines = part_lines(given)
        if kind == "message/rfc822" and b"\0" not in octets:
            return lines + _about(given, "attachments") + enclosed(octets)
        part = MIMEPart(policy=PART)
        main, sub = kind.split("/", 1)
        if fresh:
            text = octets.decode().replace("\r\n", "\n").replace("\r", "\n")
            part.set_content(text, subtype=sub, charset="utf-8", cte=encoding_of(text))
        else:
            charset = given.get("charset")
            params = {"charset": charset} if isinstance(charset, str) and charset.isascii() and main == "text" else {}
            part.set_content(octets, main, sub, cte="base64", params=params)
        return lines + _about(given, "attachments") + bytes(part)


def _about(given: Mapping[str, Any], name: str) -> bytes:
    """The lines of what a part says of itself."""
    lines: list[bytes] = []
    part = MIMEPart(policy=PART)
    for each in ("disposition", "name", "cid", "location"):
        if not isinstance(given.get(each), str | None):
            raise invalid(f"{name}/{each}", "a string is wanted")
    disposition, file = given.get("disposition"), given.get("name")
    if disposition or file:
        if disposition and not (disposition.isascii() and disposition.replace("-", "").isalnum()):
            raise invalid(f"{name}/disposition", "inline or attachment is wanted")
        filename = {"filename": _tidy(file)} if file else {}
        part.add_header("Content-Disposition", disposition or "attachment", **filename)
        lines.append(bytes(part).rstrip(b"\r\n") + b"\r\n")
    if given.get("cid"):
        if any(sign in given["cid"] for sign in "<> \r\n\t\0") or not given["cid"].isascii():
            raise invalid(f"{name}/cid", "an id without < and > is wanted")
        lines.append(f"Content-ID: <{given['cid']}>\r\n".encode())
    if given.get("location"):
        lines.append(header_line("Content-Location", given["location"]))
    language = given.get("language")
    if language:
        if not isinstance(language, list) or not all(isinstance(each, str) for each in language):
            raise invalid(f"{name}/language", "a list of languages is wanted")
        lines.append(header_line("Content-Language", ", ".join(language)))
    return b"".join(lines)


def _tidy(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name)[:255]


def _values(given: Any) -> Mapping[str, str]:
    """The texts of `bodyValues`."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise invalid("bodyValues", "an object is wanted")
    found = {}
    for name, each in given.items():
        match each:
            case {"value": str(text), **rest} if not rest.keys() - {"isEncodingProblem", "isTruncated"}:
                if rest.get("isEncodingProblem") or rest.get("isTruncated"):
                    raise invalid("bodyValues", "a text that is cut off, or was not read, is not taken")
                found[name] = text
            case _:
                raise invalid("bodyValues", "each has a `value`")
    return found
