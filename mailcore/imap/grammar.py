"""The words of IMAP's grammar (RFC 3501 §9), read off one command; each command's own form is with its handler.

A `Cursor` only ever raises `BadSyntax`, whatever the octets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, NoReturn, TypeVar

from groupware.model.flags import Flags
from groupware.model.octets import Octets
from mailcore.imap import names
from mailcore.imap.wire import MARK, Raw

T = TypeVar("T")

_TAG: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]{1,256}")
_ATOM: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
_ASTRING: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]+")
_PATTERN: Final = re.compile(rb"[^\x00-\x20\x7f(){\"\\]+")
_QUOTED: Final = re.compile(rb'"([^"\\\x00\r\n]*+)"')
_ESCAPED: Final = re.compile(rb'"((?:[^"\\\x00\r\n]|\\["\\])*+)"')
_UNESCAPE: Final = re.compile(rb'\\(["\\])')
_LITERAL: Final = re.compile(rb"\{[0-9]{1,19}\+?\}" + MARK)
_NUMBER: Final = re.compile(rb"[0-9]{1,19}")
_SET: Final = re.compile(rb"[0-9*][0-9*:,]*")
_RANGE: Final = re.compile(rb"([0-9]{1,10}|\*)(?::([0-9]{1,10}|\*))?")
_NAME: Final = re.compile(rb"[A-Za-z0-9.]+")
_DATE: Final = re.compile(rb"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})")
_TIME: Final = re.compile(
    rb"([ 0-9][0-9])-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"
)
MONTHS: Final = (b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC")
MOST: Final = 0xFFFFFFFF
MOST_MODSEQ: Final = (1 << 63) - 1
STAR: Final = 0
"""Stands in `Numbers` for *, the last message."""

Numbers = tuple[tuple[int, int], ...]
"""A sequence set as given: ranges in the client's order."""

SAVED: Final[Numbers] = ((-1, -1),)
"""Stands for $, what SEARCH has kept (RFC 5182)."""

SYSTEM_FLAGS: Final = {
    b"\\SEEN": Flags.SEEN,
    b"\\ANSWERED": Flags.ANSWERED,
    b"\\FLAGGED": Flags.FLAGGED,
    b"\\DELETED": Flags.DELETED,
    b"\\DRAFT": Flags.DRAFT,
}
LONGEST_KEYWORD: Final = 128


class BadSyntax(Exception):
    """The command cannot be read; the text says where and why."""


@dataclass(frozen=True, slots=True)
class FlagList:
    """System flags and keywords together."""

    flags: Flags = Flags.NONE
    words: frozenset[str] = frozenset()


class Cursor:
    """A place in a command's text. Methods read what they are named after and move on, or raise `BadSyntax`."""

    __slots__ = ("_at", "_literals", "_text", "_used")

    def __init__(self, raw: Raw) -> None:
        self._text, self._literals = raw.text, raw.literals
        self._at = self._used = 0

    def fail(self, wanted: str) -> NoReturn:
        """BadSyntax: something else was expected here."""
        raise BadSyntax(f"expected {wanted} at octet {self._at}")

    # --- signs

    def sp(self) -> None:
        """One space."""
        self.sign(b" ")

    def sign(self, wanted: bytes) -> None:
        """These very octets."""
        if not self.take(wanted):
            self.fail(f"{wanted.decode()!r}" if wanted != b" " else "a space")

    def take(self, wanted: bytes) -> bool:
        """Whether these octets come next; they are read then."""
        if self._text.startswith(wanted, self._at):
            self._at += len(wanted)
            return True
        return False

    def peek(self, wanted: bytes) -> bool:
        """Whether these octets come next; nothing is read."""
        return self._text.startswith(wanted, self._at)

    def end(self) -> None:
        """The end of the command; spaces before it do no harm."""
        if self._text[self._at :].strip(b" "):
            self.fail("the end of the command")
        self._at = len(self._text)

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self._at >= len(self._text)

    @property
    def at_set(self) -> bool:
        """Whether a sequence set comes next."""
        return self.peek(b"$") or _SET.match(self._text, self._at) is not None

    def take_word(self, wanted: bytes) -> bool:
        """Whether this very word comes next, in any case; it is read then."""
        end = self._at + len(wanted)
        if self._text[self._at : end].upper() != wanted or self._text[end : end + 1] not in (b" ", b""):
            return False
        self._at = end
        return True

    def skip_to_end(self) -> None:
        """Read everything that is left, whatever it says."""
        self._at = len(self._text)

    def _match(self, pattern: re.Pattern[bytes], wanted: str) -> re.Match[bytes]:
        found = pattern.match(self._text, self._at)
        if found is None:
            self.fail(wanted)
        self._at = found.end()
        return found

    # --- words

    def tag(self) -> bytes:
        """The tag of a command."""
        return self._match(_TAG, "a tag")[0]

    def atom(self) -> bytes:
        """An atom as it stands."""
        return self._match(_ATOM, "an atom")[0]

    def word(self) -> bytes:
        """An atom in upper case: a keyword of the grammar."""
        return self.atom().upper()

    def name(self) -> bytes:
        """A word of letters, digits and dots, in upper case: what FETCH names, before any bracket."""
        return self._match(_NAME, "a name")[0].upper()

    def rest(self) -> bytes:
        """Everything up to the next space or the end."""
        end = self._text.find(b" ", self._at)
        start, self._at = self._at, len(self._text) if end < 0 else end
        return self._text[start : self._at]

    def number(self, most: int = MOST) -> int:
        """A number up to `most`."""
        value = int(self._match(_NUMBER, "a number")[0])
        if value > most:
            self.fail(f"a number of at most {most}")
        return value

    def astring(self) -> bytes:
        """An atom, a quoted string or a literal."""
        if self.peek(b'"') or self.peek(b"{"):
            return self.string()
        return self._match(_ASTRING, "a string")[0]

    def string(self) -> bytes:
        """A quoted string or a literal."""
        found = _QUOTED.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
            return found[1]
        if self.peek(b"{"):
            return self.literal()
        return _UNESCAPE.sub(rb"\1", self._match(_ESCAPED, "a string")[1])

    def literal(self) -> bytes:
        """A literal, with any octets but NUL."""
        octets = self.binary()
        if b"\0" in octets:
            self.fail("a literal without NUL")
        return octets

    def binary(self) -> bytes:
        """A literal with any octets, as behind the ~ of a literal8. RFC 3516 §6."""
        octets = self.message()
        if not isinstance(octets, bytes):
            self.fail("a shorter literal")
        return octets

    def message(self) -> Octets:
        """A literal that may be large: then it is in a file."""
        self._match(_LITERAL, "a literal")
        octets = self._literals[self._used]
        self._used += 1
        return octets

    def nstring(self) -> bytes | None:
        """A string or NIL."""
        if self._text[self._at : self._at + 3].upper() == b"NIL":
            self._at += 3
            return None
        return self.string()

    def text(self) -> str:
        """A string as UTF-8 text."""
        try:
            return self.astring().decode()
        except UnicodeDecodeError:
            self.fail("UTF-8")

    def mailbox(self) -> str:
        """A mailbox name; INBOX in its one spelling."""
        return names.canonical(self.mailbox_as_given())

    def mailbox_as_given(self) -> str:
        """A mailbox name as the client spells it."""
        return self._named(self.astring())

    def pattern(self) -> str:
        """A mailbox name with the wildcards of LIST."""
        if self.peek(b'"') or self.peek(b"{"):
            return self._named(self.string())
        return self._named(self._match(_PATTERN, "a mailbox pattern")[0])

    def _named(self, octets: bytes) -> str:
        try:
            return names.read(octets)
        except names.BadName as error:
            raise BadSyntax(str(error)) from None

    # --- sets, flags, dates

    def numbers(self) -> Numbers:
        """A sequence set; `SAVED` for $."""
        if self.take(b"$"):
            return SAVED
        found = []
        for each in self._match(_SET, "a sequence set")[0].split(b","):
            ends = _RANGE.fullmatch(each)
            if ends is None:
                self.fail("a sequence set")
            first, last = _place(ends[1]), _place(ends[2] or ends[1])
            if first is None or last is None:
                self.fail(f"numbers from 1 to {MOST}")
            found.append((first, last))
        return tuple(found)

    def flag(self) -> Flags | str | None:
        """A flag, or a keyword's name; None for \\Recent, which nobody can set."""
        if not self.take(b"\\"):
            word = self.atom()
            if len(word) > LONGEST_KEYWORD:
                self.fail(f"a keyword of at most {LONGEST_KEYWORD} octets")
            return word.decode("ascii")
        name = b"\\" + self.word()
        if name == b"\\RECENT":
            return None
        if name not in SYSTEM_FLAGS:
            self.fail("a known flag: there is no " + name.decode("ascii"))
        return SYSTEM_FLAGS[name]

    def flags(self) -> FlagList:
        """A list of flags in parentheses."""
        return collected(self.listed(self.flag))

    def listed(self, read: Callable[[], T], *, opened: bool = False) -> list[T]:
        """What `read` reads, again and again, in parentheses with a space between; the list may be empty.

        `opened`: the first parenthesis has been read.
        """
        if not opened:
            self.sign(b"(")
        found: list[T] = []
        while not self.take(b")"):
            if found:
                self.sp()
            found.append(read())
        return found

    def date(self) -> date:
        """A date, quoted or not."""
        quoted = self.take(b'"')
        found = self._match(_DATE, "a date such as 1-Feb-2026")
        if quoted:
            self.sign(b'"')
        try:
            return date(int(found[3]), self._month(found[2]), int(found[1]))
        except ValueError:
            self.fail("a day that the calendar has")

    def date_time(self) -> datetime:
        """Date, time and zone, quoted."""
        self.sign(b'"')
        found = self._match(_TIME, 'a date such as " 1-Feb-2026 09:05:00 +0100"')
        self.sign(b'"')
        minutes = int(found[8]) * 60 + int(found[9])
        try:
            zone = timezone(timedelta(minutes=minutes if found[7] == b"+" else -minutes))
            day, month, year = int(found[1]), self._month(found[2]), int(found[3])
            moment = datetime(year, month, day, int(found[4]), int(found[5]), min(int(found[6]), 59), tzinfo=zone)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("a time that the calendar has")

    def _month(self, name: bytes) -> int:
        return MONTHS.index(name.upper()) + 1


def _place(digits: bytes) -> int | None:
    """The number, STAR for *; None when it cannot be one of a message."""
    if digits == b"*":
        return STAR
    number = int(digits)
    return number if 0 < number <= MOST else None


def collected(flags: Sequence[Flags | str | None]) -> FlagList:
    """Flags and keywords sorted out."""
    system = Flags.NONE
    for each in flags:
        if isinstance(each, Flags):
            system |= each
    return FlagList(system, frozenset([each for each in flags if isinstance(each, str)]))


def nothing(cursor: Cursor) -> None:
    """The form of a command without arguments."""
    cursor.end()


def begin(raw: Raw) -> tuple[bytes, bytes, Cursor]:
    """Tag and name of a command (`UID FETCH` is one name), and the cursor behind the name."""
    cursor = Cursor(raw)
    tag = cursor.tag()
    try:
        cursor.sp()
        name = cursor.word()
        if name == b"UID":
            cursor.sp()
            name = b"UID " + cursor.word()
    except BadSyntax:
        return tag, b"", cursor
    return tag, name, cursor
