"""The words of a message, for search: decoded, without markup, bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from groupware.mime.content import text_of_part
from groupware.mime.headers import decode_text, fields, unfold
from groupware.mime.parts import Part
from groupware.mime.summary import summarize
from groupware.mime.transfer import undo
from groupware.model.octets import Octets

_LONGEST_HEADER: Final = 256 * 1024
_ENCODED_MESSAGES: Final = 3  # deep


def text_of(octets: Octets, parts: Sequence[Part], limit: int = 256 * 1024) -> str:
    """The text of a message's text parts, attached texts and messages included, at most `limit` characters.

    Parts come one after the other, a line end between. The caller folds the case.
    """
    pieces: list[str] = []
    left = limit
    for text in _texts(octets, parts, limit, _ENCODED_MESSAGES):
        pieces.append(text[:left])
        left -= len(text) + 1
        if left <= 0:
            break
    return "\n".join(pieces)


def _texts(octets: Octets, parts: Sequence[Part], limit: int, deep: int) -> Iterator[str]:
    hidden = -1  # below this depth lies what is still encoded
    for part in parts:
        if hidden >= 0 and part.depth > hidden:
            continue
        hidden = -1
        if part.kind == "message" and part.encoding in ("base64", "quoted-printable") and deep:
            hidden = part.depth
            inner = undo(octets[part.body_start : part.body_end], part.encoding)
            yield from _texts(inner, summarize(inner).parts, limit, deep - 1)
        elif part.media.startswith("text/"):
            yield text_of_part(octets, part, 4 * limit)  # octets of one character, or of its encoding


def header_texts(octets: bytes, parts: Sequence[Part]) -> dict[str, str]:
    """The message's own header fields decoded: by name in lower case, several of one name on a line each."""
    root = parts[0]
    end = min(root.body_start, root.header_start + _LONGEST_HEADER)
    found: dict[str, list[str]] = {}
    for name, value in fields(octets[root.header_start : end]):
        found.setdefault(name.lower().decode("ascii"), []).append(decode_text(unfold(value)))
    return {name: "\n".join(values) for name, values in found.items()}
