"""What the server says: values to octets, the tagged answer, and the one table from errors to response codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from groupware.model import annotation, errors
from groupware.model.flags import Flags
from mailcore.imap import names

_QUOTABLE: Final = re.compile(rb"[\x20\x21\x23-\x5b\x5d-\x7e]{0,1000}\Z")
_ESCAPABLE: Final = re.compile(rb"[\x20-\x7e]{0,1000}\Z")
_ATOM: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]{1,200}\Z")
_UNSAFE: Final = re.compile(r"[^\x20-\x5a\x5c\x5e-\x7e]+")
_MONTHS: Final = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_FLAG_WORDS: Final = (
    (Flags.ANSWERED, b"\\Answered"),
    (Flags.FLAGGED, b"\\Flagged"),
    (Flags.DELETED, b"\\Deleted"),
    (Flags.SEEN, b"\\Seen"),
    (Flags.DRAFT, b"\\Draft"),
)

CODES: Final[dict[type[errors.GroupwareError], bytes]] = {
    errors.RoleTaken: b"USEATTR",
    annotation.TooManyEntries: b"METADATA TOOMANY",
    errors.NotFound: b"NONEXISTENT",
    errors.NoRight: b"NOPERM",
    errors.AlreadyExists: b"ALREADYEXISTS",
    errors.Conflict: b"MODIFIED",
    errors.OverQuota: b"OVERQUOTA",
    errors.Refused: b"CANNOT",
    errors.BadCredentials: b"AUTHENTICATIONFAILED",
    errors.TryAgain: b"UNAVAILABLE",
}
"""RFC 5530 (and RFC 7162 for MODIFIED, 9208 for OVERQUOTA, 6154 for USEATTR, 5464 for METADATA); the special first."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one command: what comes before the tagged line (whole lines, with their ends), and that line."""

    status: bytes
    text: str
    code: bytes = b""
    lines: Sequence[bytes] = field(default=())
    modseq: bool = False
    """Whether a client that knows of MODSEQ is told in the code where the mailbox stands. RFC 7162 §3.2.7."""
    compress: bool | None = None
    """Whether everything behind the tagged line is compressed (RFC 4978 §3), or not; None: as it was."""


def ok(text: str, code: bytes = b"", lines: Sequence[bytes] = ()) -> Reply:
    """It was done."""
    return Reply(b"OK", text, code, lines)


def ok_at_modseq(text: str, lines: Sequence[bytes] = ()) -> Reply:
    """It was done, and has moved the mailbox on: for EXPUNGE and MOVE."""
    return Reply(b"OK", text, lines=lines, modseq=True)


def no(text: str, code: bytes, lines: Sequence[bytes] = ()) -> Reply:
    """It could not be done; `code` says why to the client."""
    return Reply(b"NO", text, code, lines)


def bad(text: str, code: bytes = b"CLIENTBUG") -> Reply:
    """It cannot be understood, or not now. RFC 5530 §3: CLIENTBUG may stand with BAD."""
    return Reply(b"BAD", text, code)


def refused(error: errors.GroupwareError) -> Reply:
    """The answer to what a client caused or can act on."""
    code = next((code for kind, code in CODES.items() if isinstance(error, kind)), b"CANNOT")
    if code == b"MODIFIED":  # without the UIDs that it owes there (RFC 7162 §3.1.3) it is no MODIFIED
        code = b"INUSE"  # somebody else was quicker
    return no(sentence(str(error)) or "It cannot be done", code)


def status_line(tag: bytes, reply: Reply) -> bytes:
    """The tagged line; with the tag * an untagged one."""
    code = b"[%b] " % reply.code if reply.code else b""
    return b"%b %b %b%b\r\n" % (tag, reply.status, code, plain(reply.text))


def plain(text: str) -> bytes:
    """Text for people as a response line can carry it: one line of ASCII, brackets only where a code is."""
    return _UNSAFE.sub("?", text)[:400].encode("ascii") or b"-"


def sentence(text: str) -> str:
    """An error's text with a capital at the beginning, unless that is somebody's address."""
    return text if "@" in text.partition(" ")[0] else text[:1].upper() + text[1:]


# --- values ---------------------------------------------------------------------------------------------------------


def string(octets: bytes) -> bytes:
    """The octets quoted where that can be, else as a literal."""
    if _QUOTABLE.match(octets):
        return b'"%b"' % octets
    if _ESCAPABLE.match(octets):
        return b'"%b"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b"{%d}\r\n%b" % (len(octets), octets)


def astring(octets: bytes) -> bytes:
    """The octets as an atom where that can be, else as a string."""
    return octets if _ATOM.match(octets) and octets.upper() != b"NIL" else string(octets)


def mailbox(path: str) -> bytes:
    """A mailbox name."""
    return _mailbox(path, names.UTF8.get())


@lru_cache(maxsize=4096)
def _mailbox(path: str, utf8: bool) -> bytes:
    octets = names.written(path)
    if utf8 and not octets.isascii() and not any(octet < 32 for octet in octets):
        return b'"%b"' % octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return astring(octets)


def listed(words: Iterable[bytes]) -> bytes:
    """The words in parentheses."""
    return b"(%b)" % b" ".join(words)


SYSTEM_FLAGS: Final = tuple(
    [b" ".join([word for flag, word in _FLAG_WORDS if flag in Flags(bits)]) for bits in range(32)]
)
"""The words of the system flags that a number means."""
ALL_FLAGS: Final = SYSTEM_FLAGS[31]


def flag_words(flags: int, words: frozenset[str] = frozenset(), *, recent: bool = False) -> bytes:
    """Flags (as a number) and keywords, without the parentheses."""
    if not words and not recent:
        return SYSTEM_FLAGS[flags]
    return _flag_words(flags, words, recent)


@lru_cache(maxsize=8192)
def _flag_words(flags: int, words: frozenset[str], recent: bool) -> bytes:
    extra = [b"\\Recent"] if recent else []
    system = [SYSTEM_FLAGS[flags]] if flags else []
    return b" ".join((*extra, *system, *[word.encode("ascii", "replace") for word in sorted(words)]))


@lru_cache(maxsize=4096)
def _day(day: int) -> bytes:
    when = date.fromordinal(_EPOCH + day)
    return b'"%2d-%b-%04d ' % (when.day, _MONTHS[when.month - 1], when.year)


_EPOCH: Final = date(1970, 1, 1).toordinal()
_CLOCK: Final = tuple([b"%02d:%02d:" % divmod(minute, 60) for minute in range(24 * 60)])


def internal_date(micros: int) -> bytes:
    """INTERNALDATE, quoted; microseconds since 1970, UTC."""
    day, second = divmod(micros // 1_000_000, 86_400)
    return b'%b%b%02d +0000"' % (_day(day), _CLOCK[second // 60], second % 60)


def number_set(numbers: Iterable[int]) -> bytes:
    """A sequence set of these numbers, in their order; neighbours become ranges."""
    out: list[bytes] = []
    first = last = -1
    for number in numbers:
        if number == last + 1 and last >= 0:
            last = number
            continue
        if last >= 0:
            out.append(_range(first, last))
        first = last = number
    if last >= 0:
        out.append(_range(first, last))
    return b",".join(out)


def _range(first: int, last: int) -> bytes:
    return b"%d" % first if first == last else b"%d:%d" % (first, last)
