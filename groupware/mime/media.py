"""Content-Type, Content-Disposition and their parameters. RFC 2045 §5.1, RFC 2183, RFC 2231. Values come unfolded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from groupware.mime.charsets import decode
from groupware.mime.headers import clean, decode_text

Params = tuple[tuple[bytes, bytes], ...]

_COMMON: Final = 50  # octets: `text/plain; charset=utf-8` and its like are in every message, boundaries are not
_LONGEST: Final = 16 * 1024
_MOST_PARAMS: Final = 100
_TYPE: Final = re.compile(rb"[ \t]*([^\s/;()<>@,\\\":?=\[\]]+)[ \t]*/[ \t]*([^\s/;()<>@,\\\":?=\[\]]+)[ \t]*")
_TOKEN: Final = re.compile(rb"[ \t\"']*([^\s;=()\"',]+)[ \t\"']*")
# One parameter, or a piece of rubbish; every octet is consumed by one or the other.
_PARAM: Final = re.compile(
    rb"""[;\s]*+(?:([^\s=;"]++)\s*=\s*(?:"([^"\\]*+(?:\\.[^"\\]*+)*)"?|([^;"]*+))|[^;\s]++|\Z)""", re.DOTALL
)
_SIMPLE: Final = re.compile(rb'[^\s;="]++\Z')
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)
_COMMENT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"?|(?:^|(?<=[\s;)]))\([^()]*+\)', re.DOTALL)
_CONTINUED: Final = re.compile(rb"([^*]+)\*(?:(\d{1,9})(\*?))?\Z")
_DEEPEST_COMMENT: Final = 5
_MOST_SEGMENTS: Final = 500


@dataclass(frozen=True, slots=True)
class Media:
    """A media type in lower case with its parameters: names in lower case, values as IMAP tells them.

    A continued parameter is joined; one with a charset keeps its `*` and its `charset'language'` (RFC 2231 §6).
    """

    main: bytes
    sub: bytes
    params: Params = ()

    @property
    def name(self) -> str:
        return f"{self.main.decode('latin-1')}/{self.sub.decode('latin-1')}"

    def param(self, name: bytes) -> bytes:
        """The value of a parameter, b"" if there is none."""
        return next((value for key, value in self.params if key == name), b"")


TEXT_PLAIN: Final = Media(b"text", b"plain", ((b"charset", b"us-ascii"),))  # RFC 2045 §5.2
MESSAGE: Final = Media(b"message", b"rfc822")
OCTETS: Final = Media(b"application", b"octet-stream")


def media(value: bytes) -> Media | None:
    """The media type of a Content-Type field, or None when it names none. text/plain without a charset is us-ascii."""
    return _common(value) if len(value) <= _COMMON else _media(value)


def _media(value: bytes) -> Media | None:
    value = _uncommented(value[:_LONGEST])
    found = _TYPE.match(value)
    if found is None:
        return None
    main, sub = found[1].lower(), found[2].lower()
    params = parameters(value, found.end()) if found.end() < len(value) else ()
    if main == b"text" and sub == b"plain" and all(key != b"charset" and key != b"charset*" for key, _ in params):
        params = (*params, (b"charset", b"us-ascii"))
    return Media(main, sub, params)


_common = lru_cache(maxsize=512)(_media)


def disposition(value: bytes) -> tuple[bytes, Params] | None:
    """The kind (in lower case) and parameters of a Content-Disposition; one of parameters alone is an attachment."""
    value = _uncommented(value[:_LONGEST])
    found = _TOKEN.match(value)
    if found is None:
        return None
    if value[found.end() : found.end() + 1] == b"=":
        return b"attachment", parameters(value, 0)
    return found[1].lower(), parameters(value, found.end())


def token(value: bytes) -> bytes:
    """The first word of a field such as Content-Transfer-Encoding in lower case, b"" if there is none."""
    found = _TOKEN.match(_uncommented(value[:_LONGEST]))
    return found[1].lower() if found else b""


def _uncommented(value: bytes) -> bytes:
    """The value without its comments. A parenthesis inside a word is none: `name=file(1).pdf` is what it says."""
    for _ in range(_DEEPEST_COMMENT):
        if b"(" not in value:
            break
        value = _COMMENT.sub(lambda found: found[0] if found[0].startswith(b'"') else b" ", value)
    return value


def parameters(value: bytes, at: int) -> Params:
    """The parameters in a value from `at` on, in their order, continuations joined."""
    found: list[tuple[bytes, bytes]] = []
    starred = False
    while at < len(value) and len(found) < _MOST_SEGMENTS:
        piece = _PARAM.match(value, at)
        assert piece is not None, "rubbish matches too"
        at = piece.end()
        name, quoted, bare = piece.groups()
        if name is None:
            continue
        if quoted is not None:
            text = _ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted
        else:
            text, over = _bare(bare or b"")
            at -= over
        name = name.lower()
        starred = starred or b"*" in name
        found.append((name, text))
    return (_joined(found) if starred else tuple(found))[:_MOST_PARAMS]


def _bare(text: bytes) -> tuple[bytes, int]:
    """An unquoted value, which may hold spaces though it must not, and how many octets were no part of it."""
    if _SIMPLE.match(text):
        return text, 0
    if b"=" not in text or b"=?" in text or len(words := text.split(None, 1)) < 2 or b"=" not in words[1]:
        return text.strip(), 0  # `name=my file.pdf`
    return words[0], len(words[1])  # `charset=utf-8 format=flowed`: the semicolon is missing


def _joined(found: list[tuple[bytes, bytes]]) -> Params:
    """Parameters with `name*0`, `name*1*` ... put together in the place of the first. RFC 2231 §3, §4.1."""
    segments: dict[bytes, dict[int, tuple[bytes, bool]]] = {}
    result: list[tuple[bytes, bytes | None]] = []
    for name, text in found:
        parts = _CONTINUED.match(name)
        if parts is None or parts[2] is None:
            result.append((name, text))
            continue
        if parts[1] not in segments:
            segments[parts[1]] = {}
            result.append((parts[1], None))
        segments[parts[1]].setdefault(int(parts[2]), (text, bool(parts[3])))
    return tuple(_assembled(name, segments[name]) if text is None else (name, text) for name, text in result)


def _assembled(name: bytes, segments: dict[int, tuple[bytes, bool]]) -> tuple[bytes, bytes]:
    """One parameter of its segments, in the order of their numbers; extended when any segment is."""
    ordered = [segments[number] for number in sorted(segments)]
    if not any(extended for _, extended in ordered):
        return name, b"".join(text for text, _ in ordered)
    joined = b"".join(text if extended else quote_from_bytes(text, safe="").encode() for text, extended in ordered)
    return name + b"*", joined if ordered[0][1] else b"''" + joined


def text_of_param(params: Params, name: bytes) -> str:
    """A parameter as people read it, "" if there is none: RFC 2231 decoded, and encoded words, which many use."""
    for key, value in params:
        if key == name + b"*":
            charset, mark, rest = value.partition(b"'")
            octets = unquote_to_bytes(rest.partition(b"'")[2] if mark else value)
            return clean(decode(octets, charset.decode("latin-1") if mark else ""))
    for key, value in params:
        if key == name:
            return decode_text(value)
    return ""
