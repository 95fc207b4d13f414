"""The text of one text part, as its sender meant it."""

from __future__ import annotations

import re
from typing import Final

from groupware.mime.charsets import codec_of, decode
from groupware.mime.html import plain_text
from groupware.mime.parts import Part
from groupware.mime.transfer import undo
from groupware.model.octets import Octets

_META: Final = re.compile(rb"<meta\b[^<>]{0,200}?charset\s{0,9}=[\s\"']{0,9}([a-z0-9_:-]{1,40})", re.IGNORECASE)
_META_OCTETS: Final = 2048


def text_of_part(octets: Octets, part: Part, limit: int) -> str:
    """The text of a part out of the first `limit` octets of its body; of HTML the words that a reader sees.

    HTML without a charset in its Content-Type may name one itself.
    """
    content = undo(octets[part.body_start : min(part.body_end, part.body_start + limit)], part.encoding)
    if part.media != "text/html":
        return decode(content, part.charset)
    charset = part.charset
    if codec_of(charset) is None and (meta := _META.search(content, 0, _META_OCTETS)):
        charset = meta[1].decode("ascii")
    return plain_text(decode(content, charset))
