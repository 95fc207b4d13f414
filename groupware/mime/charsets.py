"""Octets of a named charset to text, whatever the name and whatever the octets."""

from __future__ import annotations

import codecs
from encodings.aliases import aliases
from functools import lru_cache
from typing import Final

# What mail calls its charsets, where Python calls them differently or where the wider set is what was meant.
_SYNONYMS: Final = {
    "ascii": "us-ascii",
    "646": "us-ascii",
    "ansi_x3.4-1968": "us-ascii",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "ansi": "cp1252",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-6-e": "iso8859-6",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "x-windows-874": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "x-euc-cn": "gb18030",
    "euc-cn": "gb18030",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "x-windows-949": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "x-euc-jp": "euc_jp",
    "big5": "cp950",
    "x-x-big5": "cp950",
    "cn-big5": "cp950",
    "unicode-1-1-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ce": "mac_latin2",
    "x-user-defined": "cp1252",
}
# Python's codecs of text alone: a name from a message must reach no other (rot13, zlib), nor grow the codec cache.
_NOT_CHARSETS: Final = frozenset(
    {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
)
_EBCDIC: Final = frozenset({"cp037", "cp1026", "cp1140", "cp273", "cp424", "cp500", "cp875"})  # no mail is in these
_UNLISTED: Final = frozenset(
    {"cp1006", "cp720", "cp737", "cp856", "cp874", "koi8_t", "koi8_u"}
)  # codecs without aliases
_NAMES: Final = (frozenset(aliases) | frozenset(aliases.values()) | _UNLISTED) - _NOT_CHARSETS - _EBCDIC
_LONGEST_NAME: Final = 40
# In a "us-ascii" message with octets above 127 the sender's charset was simply not named.
_UNNAMED: Final = frozenset(
    {"", "us-ascii", "unknown", "unknown-8bit", "x-unknown", "default", "none", "binary", "8bit"}
)


def decode(octets: bytes, charset: str = "") -> str:
    """The text of `octets` in `charset`; an unknown charset is guessed and a broken sequence becomes U+FFFD.

    The text holds no lone surrogates, so it can always be stored as UTF-8.
    """
    charset = charset[:_LONGEST_NAME]
    if octets.isascii() and not _may_escape(charset):
        return octets.decode("ascii")
    codec = codec_of(charset)
    if codec is None:
        return guess(octets)
    try:
        text = octets.decode(codec, "replace")
    except (UnicodeError, ValueError, OverflowError):  # some codecs (utf-7, utf-16) refuse even "replace"
        return guess(octets)
    return text if codec == "utf-8" else text.encode("utf-8", "replace").decode("utf-8")


def guess(octets: bytes) -> str:
    """Octets of no named charset: UTF-8 if they are, else Windows-1252. A UTF-8 character cut off at the end goes."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as broken:
        if broken.reason == "unexpected end of data" and not octets[: broken.start].isascii():
            return octets[: broken.start].decode("utf-8")
        return octets.decode("cp1252", "replace")


def _may_escape(charset: str) -> bool:
    """Whether ASCII octets of this charset can mean something else than ASCII (ISO-2022, UTF-7, HZ, UTF-16)."""
    codec = codec_of(charset)
    return codec is not None and codec.startswith(("iso2022", "utf-7", "utf_7", "hz", "utf-16", "utf-32"))


@lru_cache(maxsize=512)
def codec_of(charset: str) -> str | None:
    """Python's name for a charset as mail names it, or None if there is none or it says nothing."""
    name = charset.strip(" \t\r\n\"'<>;,").lower()
    if name in _UNNAMED:
        return None
    name = _SYNONYMS.get(name, name)
    if name == "us-ascii":
        return None
    if name in ("utf-8", "utf8", "utf_8", "utf-8-sig", "cp65001"):
        return "utf-8"
    return _python_name(name)


def _python_name(name: str) -> str | None:
    """The codec called `name` if it is one of text, spelled as Python spells it."""
    plain = name.replace("-", "_").replace(" ", "_")
    for spelling in (plain, plain.replace("windows_", "cp"), plain.replace("_", ""), plain.replace("x_", "", 1)):
        if spelling in _NAMES:
            codec = codecs.lookup(spelling)
            return codec.name if _is_text(codec) else None
    return None


def _is_text(codec: codecs.CodecInfo) -> bool:
    """Whether a codec turns octets into text (and not octets into octets)."""
    return bool(getattr(codec, "_is_text_encoding", False)) and codec.name not in _NOT_CHARSETS | _EBCDIC
