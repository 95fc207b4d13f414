"""Pictures, sounds, keys: `ENCODING=b` and a TYPE in 3.0 (RFC 2426 §3.1.4), a `data:` URI in 4.0 (RFC 6350 §6.2.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from groupware.model.content import Line

from .pairs import kind_of, media_type, plain, types, with_params

_DATA: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)?;base64,([A-Za-z0-9+/=\s]*+)", re.IGNORECASE)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=]*+")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_KIND: Final = re.compile(r"[\w.+-]+(?:/[\w.+-]+)?")
_MEDIA: Final = re.compile(r"[\w.+-]+/[\w.+-]+")
_PLACES: Final = frozenset({"home", "work", "pref"})
_UNKNOWN: Final = "application/octet-stream"
_BEGINS: Final[Mapping[str, str]] = {"/9j/": "image/jpeg", "iVBORw0KGgo": "image/png", "R0lGOD": "image/gif"}
"""What the base64 of pictures begins with."""


def to_four(line: Line) -> Line:
    """The line in 4.0."""
    places, media = _said(line)
    kinds = {"TYPE": places} if places else {}
    encoded = line.param("ENCODING").lower() in ("b", "base64")
    if encoded:
        octets = "".join(line.value.split())
        if not _BASE64.fullmatch(octets):
            return line
        guessed = next((each for begin, each in _BEGINS.items() if octets.startswith(begin)), _UNKNOWN)
        made = with_params(line, "ENCODING", "VALUE", "TYPE", *_bare(line), **kinds)
        return made._replace(value=f"data:{media or guessed};base64,{octets}")
    said = {**kinds, "MEDIATYPE": [media]} if media else kinds
    made = with_params(line, "TYPE", "VALUE", *_bare(line), **said)
    if line.param("VALUE").lower() == "uri" or (_URI.match(line.value) and line.param("VALUE").lower() != "text"):
        return made._replace(value=plain(line.value) if line.value[:5].lower() == "data:" else line.value)
    return made._replace(params={"VALUE": ("text",), **made.params}) if line.name == "KEY" else line


def _bare(line: Line) -> list[str]:
    return [key for key, values in line.params.items() if not values]


def _said(line: Line) -> tuple[list[str], str]:
    """(which are no formats, the media type) of what TYPE says."""
    places, media = [], ""
    for each in types(line):
        if media or each.lower() in _PLACES or not _KIND.fullmatch(each):
            places.append(each)
        else:
            media = media_type(line.name, each)
    return places, media


def to_three(line: Line) -> Line:
    """The line in 3.0."""
    if "ENCODING" in line.params:
        return line
    if line.param("VALUE").lower() == "text":
        return _typed(line, line.param("MEDIATYPE"))
    found = _DATA.fullmatch(plain(line.value)) if line.value[:5].lower() == "data:" else None
    if found is None:
        return _typed(with_params(line, VALUE=("uri",)), line.param("MEDIATYPE"))
    media = found[1] or _UNKNOWN
    kinds = [*([kind_of(line.name, media)] if media.lower() != _UNKNOWN else []), *types(line)]
    given = {"ENCODING": ("b",), **({"TYPE": kinds} if kinds else {})}
    return with_params(line, "VALUE", "TYPE", **given)._replace(value="".join(found[2].split()))


def _typed(line: Line, media: str) -> Line:
    """With the media type as a TYPE, where that says all."""
    if not _MEDIA.fullmatch(media):
        return line
    return with_params(line, "MEDIATYPE", TYPE=[kind_of(line.name, media), *types(line)])
