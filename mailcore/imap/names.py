"""Mailbox names: text inside; on the wire modified UTF-7 (RFC 3501 §5.1.3), or UTF-8 in IMAP4rev2 (RFC 9051 §5.1).

And the patterns of LIST.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from typing import Final

from groupware.model.folder import INBOX, SEPARATOR, levels_of

_PLAIN: Final = re.compile(rb"[\x20-\x7e]*\Z")
_SHIFTED: Final = re.compile(rb"&([A-Za-z0-9+,]*)-")
_OTHER: Final = re.compile("[^\x20-\x7e]+")


UTF8: Final = ContextVar("imap_utf8_names", default=False)
"""Whether the session at work speaks of mailboxes in UTF-8 (decision 110); each session is a task, with its own."""


class BadName(ValueError):
    """The octets are no mailbox name; the text says what is wrong."""


@lru_cache(maxsize=4096)
def encode(name: str) -> bytes:
    """The name in modified UTF-7."""
    escaped = name.replace("&", "&-")
    return _OTHER.sub(lambda run: f"&{_base64(run[0])}-", escaped).encode("ascii")


def _base64(text: str) -> str:
    octets = text.encode("utf-16-be", "surrogatepass")
    return base64.b64encode(octets).decode().rstrip("=").replace("/", ",")


def decode(octets: bytes) -> str:
    """The name that the octets are in modified UTF-7, or in UTF-8 where they have the eighth bit. `BadName`."""
    if not octets.isascii():
        try:
            return octets.decode()
        except UnicodeDecodeError:
            raise BadName("the mailbox name is neither modified UTF-7 nor UTF-8") from None
    if not _PLAIN.match(octets):
        raise BadName("the mailbox name has control characters")
    if b"&" not in octets:
        return octets.decode("ascii")
    pieces, at = [], 0
    while (start := octets.find(b"&", at)) >= 0:
        pieces.append(octets[at:start].decode("ascii"))
        found = _SHIFTED.match(octets, start)
        if found is None:
            raise BadName("the mailbox name has an & that begins no modified UTF-7; a plain & is written &-")
        pieces.append(_text(found[1]) if found[1] else "&")
        at = found.end()
    return "".join((*pieces, octets[at:].decode("ascii")))


def _text(shifted: bytes) -> str:
    padded = shifted.replace(b",", b"/") + b"=" * (-len(shifted) % 4)
    try:
        return base64.b64decode(padded, validate=True).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        raise BadName("the mailbox name has broken modified UTF-7") from None


def written(name: str) -> bytes:
    """The name as this session writes it."""
    return name.encode("utf-8", "surrogatepass") if UTF8.get() else encode(name)


def read(octets: bytes) -> str:
    """The name that the octets are in this session, as it is kept (RFC 9051 §5.1: Net-Unicode). `BadName`."""
    name = _read(octets)
    return name if name.isascii() else SEPARATOR.join(levels_of(name))


def _read(octets: bytes) -> str:
    if not UTF8.get():
        return decode(octets)
    try:
        name = octets.decode()
    except UnicodeDecodeError:
        raise BadName("the mailbox name is not UTF-8") from None
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in name):
        raise BadName("the mailbox name has control characters")
    return name


def canonical(name: str) -> str:
    """The name with INBOX in its one spelling (RFC 3501 §5.1) and no separator at the end."""
    if len(name) > 1:
        name = name.rstrip(SEPARATOR)
    head, slash, rest = name.partition(SEPARATOR)
    return f"{INBOX}{slash}{rest}" if head.upper() == INBOX else name


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a path fits a pattern of LIST: * is anything, % anything but the separator. RFC 3501 §6.3.8.

    In linear time, whatever the pattern. INBOX fits in any case.
    """
    head, slash, rest = pattern.partition(SEPARATOR)
    if head.upper() == INBOX:
        pattern = f"{INBOX}{slash}{rest}"
    as_is, any_case = _glob(pattern), _glob(pattern.upper())
    return lambda path: as_is(path) or (path == INBOX and any_case(path))


def _glob(pattern: str) -> Callable[[str], bool]:
    pattern = re.sub(r"[*%]*\*[*%]*", "*", re.sub(r"%+", "%", pattern))
    wild = len(re.findall(r"[*%]", pattern))
    if not wild:
        return lambda path: path == pattern
    prefix = pattern[:-1]
    if wild == 1 and pattern.endswith("*"):
        return lambda path: path.startswith(prefix)
    if wild == 1 and pattern.endswith("%"):
        return lambda path: path.startswith(prefix) and SEPARATOR not in path[len(prefix) :]
    return _simulated(pattern)


def _simulated(pattern: str) -> Callable[[str], bool]:
    """All ways of matching at once: bit n of the state stands for "the first n signs of the pattern are used up"."""
    literal: dict[str, int] = {}
    for number, sign in enumerate(pattern):
        literal[sign] = literal.get(sign, 0) | 1 << number
    anything, level = literal.pop("*", 0), literal.pop("%", 0)
    wild, done = anything | level, 1 << len(pattern)

    def fits(path: str) -> bool:
        state = 1 | (1 & wild) << 1
        for sign in path:
            stays = state & (anything if sign == SEPARATOR else wild)
            state = stays | (state & literal.get(sign, 0)) << 1
            state |= (state & wild) << 1
            if not state:
                return False
        return bool(state & done)

    return fits
