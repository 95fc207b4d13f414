"""Header lines of messages that the server itself writes."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from secrets import token_hex
from typing import Final

from groupware.mime.headers import clean

_WIDTH: Final = 76
_LONGEST_WORD: Final = 900  # a line may have 998 octets
_WORD_OCTETS: Final = 45  # of UTF-8 in one encoded word: 60 in base64, 72 with its frame
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def header_line(name: str, value: str) -> bytes:
    """A folded header line with its CRLF; text outside ASCII becomes encoded words (RFC 2047), runs of space one.

    Line ends and control characters in the value become spaces, so no value can add a line of its own.
    """
    words = clean(value).split()
    if value.isascii() and "=?" not in value and max(map(len, words), default=0) <= _LONGEST_WORD:
        return _folded(name, words)
    return _folded(name, encoded_words(" ".join(words)))


def mailbox(name: str, address: str) -> str:
    """`name <address>` as a header wants it: the name quoted or encoded where it must be, empty: the address alone."""
    name, address = clean(name), clean(address)
    if not name:
        return address
    if not name.isascii() or "=?" in name:
        name = " ".join(encoded_words(name))
    elif not _ATOMS.match(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{address}>"


def address_line(name: str, mailboxes: Sequence[str]) -> bytes:
    """A header line of addresses that `mailbox` made, folded where there is space."""
    return _folded(name, ", ".join(mailboxes).split())


def encoded_words(text: str) -> list[str]:
    """The text as UTF-8 encoded words, none splitting a character. RFC 2047 §2, §5."""
    words: list[str] = []
    piece = b""
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(piece) + len(octets) > _WORD_OCTETS:
            words.append(_encoded_word(piece))
            piece = b""
        piece += octets
    return [*words, _encoded_word(piece)]


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?B?{b64encode(octets).decode()}?="


def _folded(name: str, words: Sequence[str]) -> bytes:
    """`name: words`, lines broken before a word that would pass 76 columns. RFC 5322 §2.1.1, §2.2.3."""
    lines = [f"{name}:"]
    for index, word in enumerate(words):
        if index and len(lines[-1]) + 1 + len(word) > _WIDTH:
            lines.append("")
        lines[-1] += " " + word
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"


def message_id(host: str) -> str:
    """A new message id with its brackets."""
    return f"<{token_hex(16)}@{host}>"


def format_date(moment: datetime) -> str:
    """A date as header fields have it, in the moment's own zone; one without a zone is UTC. RFC 5322 §3.3."""
    zone = moment.strftime("%z")[:5] or "+0000"
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day} {month} {moment.year:04} {moment:%H:%M:%S} {zone}"
