"""Header fields: unfolding, encoded words, dates, message ids, and the base subject that threads go by.

`fields` gives values as they stand in the message and `unfold` makes one line of them; all else takes unfolded values.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import islice
from typing import Final

from groupware.mime.charsets import decode, guess
from groupware.mime.transfer import unbase64

_FIELD: Final = re.compile(rb"^(?!--)([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+){0,20000})", re.MULTILINE)
_FOLD: Final = re.compile(rb"\r*\n(?=[ \t])")
_BREAK: Final = re.compile(rb"[\r\n\0]+")
_WORD: Final = re.compile(rb"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS: Final = re.compile(rb"[ \t\r\n]*\Z")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")
_SPACES: Final = re.compile(r"[ \t\r\n]+")
_MESSAGE_ID: Final = re.compile(rb"<([^<>]*)>?|([^\s<>,;]+)")
_COMMENT: Final = re.compile(rb"\([^()]*\)?")
MOST_FIELDS: Final = 10_000
_LONG_HEADER: Final = 32 * 1024
_LONGEST_TEXT: Final = 16 * 1024  # octets of a field that are decoded
_LONGEST_DATE: Final = 200
_MOST_IDS: Final = 100
_HEADER_END: Final = re.compile(rb"\n\r?\n")


def fields(header: bytes) -> list[tuple[bytes, bytes]]:
    """The fields of a header in their order: name and value as written, still folded.

    Lines that are none are left out. Of a long header the first 10,000 fields count.
    """
    if len(header) <= _LONG_HEADER:
        return _FIELD.findall(header)
    return [(found[1], found[2]) for found in islice(_FIELD.finditer(header), MOST_FIELDS)]


def unfold(value: bytes) -> bytes:
    """A field's value on one line, without space around it (RFC 5322 §2.2.3); a stray CR, LF or NUL becomes a space."""
    value = value.strip()
    if b"\n" in value:
        value = _FOLD.sub(b"", value)
    if b"\r" in value or b"\0" in value or b"\n" in value:
        value = _BREAK.sub(b" ", value)
    return value


def header_of(octets: bytes) -> bytes:
    """The header of a message: what stands before the first empty line, with its last line end."""
    end = _HEADER_END.search(octets)
    return octets[: end.start() + 1] if end is not None else octets


def decode_text(value: bytes) -> str:
    """The text of an unstructured value, encoded words decoded (RFC 2047), without control characters."""
    value = value[:_LONGEST_TEXT]
    return clean("".join(_pieces(value)) if b"=?" in value else guess(value))


def clean(text: str) -> str:
    """The text on one line: every run of control characters becomes one space."""
    return text.strip() if text.isprintable() else _CONTROLS.sub(" ", text).strip()


def _pieces(value: bytes) -> Iterator[str]:
    """The texts between and of the encoded words; space between two encoded words is no text (RFC 2047 §6.2).

    Neighbours of one charset and encoding are joined before decoding: many senders split a character between two words.
    """
    at = 0
    charset, octets = b"", b""
    for word in _WORD.finditer(value):
        between = value[at : word.start()]
        if octets and (not _BETWEEN_WORDS.match(between) or word[1].lower() != charset):
            yield decode(octets, charset.decode("latin-1"))
            octets = b""
        if not (at and _BETWEEN_WORDS.match(between)):
            yield guess(between)
        charset = word[1].lower()
        octets += _word(word[2], word[3])
        at = word.end()
    if octets:
        yield decode(octets, charset.decode("latin-1"))
    yield guess(value[at:])


def _word(encoding: bytes, text: bytes) -> bytes:
    """The octets of one encoded word. RFC 2047 §4."""
    if encoding in b"bB":
        return unbase64(text)
    return a2b_qp(text, header=True)


def message_ids(value: bytes) -> tuple[str, ...]:
    """The message ids in a Message-ID, In-Reply-To or References field, without their brackets.

    Of more than a hundred the first and the newest are kept. Words without brackets count when nothing is bracketed.
    """
    if b"<" not in value:
        found = [word for word in value.split() if b"@" in word] or value.split()[:1]
    else:
        found = [bracketed for bracketed, _ in _MESSAGE_ID.findall(value) if bracketed]
    if len(found) > _MOST_IDS:
        found = found[:1] + found[1 - _MOST_IDS :]
    return tuple(unique(clean(guess(b"".join(one.split()))) for one in found))


def unique(texts: Iterable[str]) -> list[str]:
    """The texts that are not empty, each once, in their order."""
    return [text for text in dict.fromkeys(texts) if text]


_DATE: Final = re.compile(
    rb"""(?:[a-z]+[.,]*\s*)?                                   # day of the week
         (\d{1,2})[\s-]*([a-z]{3})[a-z]*[.,]?[\s-]*(\d{2,5})   # day month year
         [\s,]+(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2}))?(?:[.,]\d+)?
         \s*(?:([+-])\s*(\d{1,2}):?(\d{2})?|([a-z]+))?""",
    re.VERBOSE | re.IGNORECASE,
)
_ASCTIME: Final = re.compile(
    rb"[a-z]{3},?\s+([a-z]{3})\s+(\d{1,2}),?\s+(\d{1,2}):(\d{2}):(\d{2})\s+(?:([a-z]+)\s+)?(\d{4})(?:\s*([+-]\d{4}))?",
    re.IGNORECASE,
)
_MONTHS: Final = {m: n for n, m in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_ZONES: Final = {
    b"ut": 0, b"utc": 0, b"gmt": 0, b"z": 0, b"wet": 0, b"bst": 60, b"cet": 60, b"met": 60, b"cest": 120, b"mest": 120,
    b"eet": 120, b"eest": 180, b"msk": 180, b"ist": 330, b"jst": 540, b"kst": 540, b"edt": -240, b"est": -300,
    b"cdt": -300, b"cst": -360, b"mdt": -360, b"mst": -420, b"pdt": -420, b"pst": -480,
}  # fmt: skip


def date(value: bytes) -> datetime | None:
    """The moment that a date field names, or None when it names none. RFC 5322 §3.3, and §4.3 for old years and zones.

    Forms that real mail holds are read too: no seconds, `21-Nov-1997`, asctime's order. An unknown zone counts as UTC.
    """
    text = value[:_LONGEST_DATE]
    while b"(" in text and (bare := _COMMENT.sub(b" ", text)) != text:
        text = bare
    try:
        return _rfc5322(text) or _asctime(text)
    except (ValueError, OverflowError):  # 31 February, 25 o'clock, the year 0
        return None


def _rfc5322(text: bytes) -> datetime | None:
    found = _DATE.match(text.strip())
    if not found or (month := _MONTHS.get(found[2].lower())) is None:
        return None
    offset = _zone(found[10]) if found[10] else _offset(found[7], found[8], found[9])
    second = min(int(found[6] or 0), 59)  # a leap second
    moment = datetime(_year(found[3]), month, int(found[1]), int(found[4]), int(found[5]), second, tzinfo=UTC)
    return _at(moment, offset)


def _asctime(text: bytes) -> datetime | None:
    found = _ASCTIME.match(text.strip())
    if not found or (month := _MONTHS.get(found[1].lower())) is None:
        return None
    sign, digits = (found[8][:1], found[8][1:]) if found[8] else (None, b"0000")
    offset = _zone(found[6]) if found[6] else _offset(sign, digits[:2], digits[2:])
    moment = datetime(
        int(found[7]), month, int(found[2]), int(found[3]), int(found[4]), min(int(found[5]), 59), tzinfo=UTC
    )
    return _at(moment, offset)


def _at(moment: datetime, minutes: int) -> datetime:
    """The wall time `moment` in the zone that is `minutes` east of Greenwich."""
    return moment.replace(tzinfo=timezone(timedelta(minutes=minutes))) if minutes else moment


def _year(digits: bytes) -> int:
    """RFC 5322 §4.3: two digits below 50 are of this century, other short years count from 1900."""
    year = int(digits)
    if len(digits) >= 4:
        return year
    return year + (2000 if len(digits) == 2 and year < 50 else 1900)


def _offset(sign: bytes | None, hours: bytes | None, minutes: bytes | None) -> int:
    """Minutes east of Greenwich; 0 for an offset that no place on earth has."""
    if not sign:
        return 0
    total = int(hours or 0) * 60 + int(minutes or 0)
    return 0 if total > 24 * 60 - 1 else (-total if sign == b"-" else total)


def _zone(name: bytes) -> int:
    """RFC 5322 §4.3; the military letters and names nobody knows are -0000."""
    return _ZONES.get(name.lower(), 0)


_LEADER: Final = re.compile(r"\s+|(?:\[[^\[\]]*+\]\s*+)*(?:re|fwd?)\s*(?:\[[^\[\]]*+\]\s*)?:", re.IGNORECASE)
_BLOB: Final = re.compile(r"\[[^\[\]]*+\]\s*")
_LONGEST_SUBJECT: Final = 1000


def base_subject(subject: str) -> str:
    """What threads and SORT (SUBJECT) compare: a decoded subject without `Re:`, `[list]`, `(fwd)`. RFC 5256 §2.1."""
    return _base_subject(subject)[0]


def is_reply(subject: str) -> bool:
    """Whether a decoded subject says that it answers or forwards something: `Re:`, `(fwd)`. RFC 5256 §2.1."""
    return _base_subject(subject)[1]


@lru_cache(maxsize=256)  # both are asked for, one after the other
def _base_subject(subject: str) -> tuple[str, bool]:
    text, reply = _SPACES.sub(" ", subject[:_LONGEST_SUBJECT]), False
    while True:
        text, forwarded = _without_trailer(text)
        text, led = _without_leader(text)
        reply = reply or forwarded or led
        if not (text[:5].lower() == "[fwd:" and text.endswith("]")):
            return text, reply
        text, reply = text[5:-1], True


def _without_trailer(text: str) -> tuple[str, bool]:
    """Steps 2: `(fwd)` and space at the end, as often as they come; and whether there was a `(fwd)`."""
    found = False
    while True:
        text = text.rstrip()
        if text[-5:].lower() != "(fwd)":
            return text, found
        text, found = text[:-5], True


def _without_leader(text: str) -> tuple[str, bool]:
    """Steps 3 to 5: `Re:` with its blobs, then one blob if something is left behind it, until neither is there.

    And whether there was a `Re:`.
    """
    at, found = 0, False
    while True:
        if leader := _LEADER.match(text, at):
            at, found = leader.end(), found or leader[0].endswith(":")
        elif (blob := _BLOB.match(text, at)) and blob.end() < len(text):
            at = blob.end()
        else:
            return text[at:], found
